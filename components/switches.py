"""What is switched without asking the server: theme, colours, hidden amounts, notifications, sound. The scripts mark what is on."""

from typing import Any

from components.parts import facts, pressed
from components.words import N_

THEMES = (
    ("light", N_("Light theme"), "sun"),
    ("dark", N_("Dark theme"), "moon"),
    ("auto", N_("Automatic theme"), "auto"),
    ("terminal", N_("Terminal theme"), "terminal"),
)
PAIRS = (
    ("teal-coral", N_("Teal and coral")),
    ("blue-orange", N_("Blue and orange")),
    ("red-green", N_("Swapped: red up, green down")),
)


def theme_button(name: str) -> dict[str, Any]:
    """Return the attributes of a button that chooses the theme `name`, see head/theme.js."""
    return facts(theme_choice=name) | pressed(False)


def pair_button(name: str) -> dict[str, Any]:
    """Return the attributes of a button that chooses the colours `name` for up and down, see head/theme.js."""
    return facts(pair_choice=name) | pressed(False)


def amounts_switch() -> dict[str, Any]:
    """Return the attributes of a button that hides all amounts and shows them again, see head/theme.js."""
    return facts(amounts_choice="hidden") | pressed(False)


def switch(name: str) -> dict[str, Any]:
    """Return the attributes of a button that switches `name` on and off, see alerts.js."""
    return facts(switch=name) | pressed(False)
