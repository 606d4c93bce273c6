"""What can be switched in this browser alone: the theme, browser notifications, sound. The scripts mark what is on."""

from typing import Any

from components.parts import facts, pressed

THEMES = (
    ("light", "Light theme", "sun"),
    ("dark", "Dark theme", "moon"),
    ("auto", "Automatic theme", "auto"),
    ("terminal", "Terminal theme", "terminal"),
)


def theme_button(name: str) -> dict[str, Any]:
    """Return the attributes of a button that chooses the theme `name`, see head/theme.js."""
    return facts(theme_choice=name) | pressed(False)


def switch(name: str) -> dict[str, Any]:
    """Return the attributes of a button that switches `name` on and off, see alerts.js."""
    return facts(switch=name) | pressed(False)
