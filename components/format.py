"""Numbers and times as people read them here: tabular, U+2212 for minus, a sign on every change and on no level."""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from data import times

MINUS = "\N{MINUS SIGN}"
THIN = "\N{NARROW NO-BREAK SPACE}"
UNKNOWN = "\N{EN DASH}"
MAX_DECIMALS = 8


def level(value: float | None, decimals: int = 0) -> str:
    """Return a level such as ``126,309.50``: grouped, a minus where it is negative, never a plus; "–" for None."""
    if value is None:
        return UNKNOWN
    text = f"{abs(value):,.{decimals}f}"
    return MINUS + text if value < 0 and _shows_something(text) else text


def change(value: float | None, decimals: int = 2) -> str:
    """Return a change such as ``+100.00``: signed, except for what rounds to zero; "–" for None."""
    text = level(value, decimals)
    return "+" + text if value is not None and value > 0 and _shows_something(text) else text


def percent(value: float | None, decimals: int = 0) -> str:
    """Return a level in percent, such as ``85 %``; `value` is in percent already."""
    return UNKNOWN if value is None else f"{level(value, decimals)}{THIN}%"


def change_percent(value: float | None, decimals: int = 2) -> str:
    """Return a change in percent, such as ``+1.28 %``; `value` is in percent already."""
    return UNKNOWN if value is None else f"{change(value, decimals)}{THIN}%"


def plain(value: float, digits: int = 12) -> str:
    """Return a number with the decimals it has, at most `digits` significant ones: ``50,000``, ``0.0012``."""
    rounded = Decimal(f"{value:.{digits}g}")
    if 0 < abs(rounded) < Decimal(10) ** -MAX_DECIMALS:
        return f"{value:.2e}".replace("-", MINUS)
    return level(value, min(_decimals(rounded), MAX_DECIMALS))


def price_decimals(*prices: float | None) -> int:
    """Return how many decimals show all of these prices alike: as many as they have, 2 to 8, and eight significant digits at most."""
    found = 2
    for price in prices:
        if price:
            found = max(found, _decimals(Decimal(f"{price:.8g}")))
    return min(found, MAX_DECIMALS)


def money_decimals(amounts: Iterable[float | None]) -> int:
    """Return how many decimals a column of amounts needs: 2, or more where the smallest would show fewer than two digits."""
    smallest = min((abs(amount) for amount in amounts if amount), default=1.0)
    return 2 if smallest >= 0.1 else min(MAX_DECIMALS, 1 + math.ceil(-math.log10(smallest)))


def moment(when: str | datetime | None, now: datetime) -> str:
    """Return ``20:35:12`` (UTC), ``22 Jan 20:35`` once it is more than a day from `now`, "–" for None."""
    if when is None:
        return UNKNOWN
    at = times.parse_iso(when) if isinstance(when, str) else when
    if abs(now - at) < timedelta(days=1):
        return at.strftime("%H:%M:%S")
    return at.strftime("%d %b %H:%M") if at.year == now.year else at.strftime("%d %b %Y")


def _shows_something(text: str) -> bool:
    return any(digit in text for digit in "123456789")


def _decimals(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
