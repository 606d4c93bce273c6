"""Numbers and times as the person who looks reads them: tabular, U+2212 for minus, a sign on every change and on no level.

Separators, names of months and the time zone are those of `components.words.speech`.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache

from babel import Locale
from babel.numbers import get_currency_precision

from components.words import N_, _, speech
from data import times

MINUS = "\N{MINUS SIGN}"
THIN = "\N{NARROW NO-BREAK SPACE}"
UNKNOWN = "\N{EN DASH}"
MAX_DECIMALS = 8
# Of a span: from how many seconds on these two units tell it, how many seconds the smaller one has, and how they are told.
SPANS = ((86_400, 3600, N_("{n} d {m} h")), (3600, 60, N_("{n} h {m} min")), (60, 1, N_("{n} min {m} s")))
STABLE_COINS = {"USDT", "USDC", "BUSD", "FDUSD", "TUSD", "DAI"}  # worth a unit of money, so cut like it


def level(value: float | None, decimals: int = 0) -> str:
    """Return a level such as ``126,309.50``: grouped, a minus where it is negative, never a plus; "–" for None."""
    if value is None:
        return UNKNOWN
    text = f"{abs(value):,.{decimals}f}"
    text = text.translate(_signs(speech().numbers))
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


def ratio(value: float | None) -> str:
    """Return a ratio such as a Sharpe ratio: a level with two decimals; "–" for None."""
    return level(value, 2)


def money(value: float | None, currency: str) -> str:
    """Return an amount with its currency, such as ``126,309.50 USD``; "–" for None."""
    return UNKNOWN if value is None else f"{level(value, currency_decimals(currency))}{THIN}{currency}"


def change_money(value: float | None, currency: str) -> str:
    """Return a change of an amount with its currency, such as ``+100.00 USD``; "–" for None."""
    return UNKNOWN if value is None else f"{change(value, currency_decimals(currency))}{THIN}{currency}"


@cache
def currency_decimals(currency: str) -> int:
    """Return how many decimals an amount has: a national currency's own (JPY 0, USD 2), 2 for stable coins, 8 for other coins."""
    if currency in Locale("en").currencies:
        return int(get_currency_precision(currency))
    return 2 if currency in STABLE_COINS else MAX_DECIMALS


def plain(value: float, digits: int = 12) -> str:
    """Return a number with the decimals it has, at most `digits` significant ones: ``50,000``, ``0.0012``."""
    rounded = Decimal(f"{value:.{digits}g}")
    if 0 < abs(rounded) < Decimal(10) ** -MAX_DECIMALS:
        return f"{value:.2e}".translate(_signs(speech().numbers)).replace("-", MINUS)
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
    """Return ``20:35:12`` (in the shown time zone), ``22 Jan 20:35`` once it is more than a day from `now`, "–" for None."""
    if when is None:
        return UNKNOWN
    at, zone = times.parse_iso(when) if isinstance(when, str) else when, speech().tz
    shown = at.astimezone(zone)
    if abs(now - at) < timedelta(days=1):
        return f"{shown:%H:%M:%S}"
    if shown.year != now.astimezone(zone).year:
        return _date(shown, with_year=True)
    return f"{_date(shown, with_year=False)} {shown:%H:%M}"


def day(iso_day: str | None) -> str:
    """Return ``22 Jan 2026`` for ``2026-01-22``, "–" for None."""
    return UNKNOWN if iso_day is None else _date(date.fromisoformat(iso_day), with_year=True)


def duration(seconds: float | None) -> str:
    """Return a span in its two largest units, such as ``3 h 25 min`` or ``27 d 5 h``, cut and not rounded; "–" for None."""
    if seconds is None:
        return UNKNOWN
    whole = max(0, int(seconds))
    for unit, part, words in SPANS:
        if whole >= unit:
            return _(words).format(n=level(whole // unit), m=whole % unit // part).replace(" ", "\N{NO-BREAK SPACE}")
    return _("{n} s").format(n=whole).replace(" ", "\N{NO-BREAK SPACE}")


def months() -> Sequence[str]:
    """Return the short names of the twelve months."""
    return _months(speech().numbers)


def date_pattern() -> str:
    """Return how a day and a month stand together, with the places ``{day}`` and ``{month}``."""
    return _date_pattern(speech().numbers)


def _date(at: date, *, with_year: bool) -> str:
    text = date_pattern().format(day=f"{at.day:02d}", month=months()[at.month - 1])
    return f"{text} {at.year}" if with_year else text


@cache
def _signs(numbers: str) -> dict[int, str]:
    """What stands for Python's comma and point."""
    symbols = Locale.parse(numbers).number_symbols["latn"]
    return str.maketrans({",": symbols["group"], ".": symbols["decimal"]})


@cache
def _months(numbers: str) -> tuple[str, ...]:
    names = Locale.parse(numbers).months["format"]["abbreviated"]
    return tuple(str(names[month]) for month in range(1, 13))


@cache
def _date_pattern(numbers: str) -> str:
    if numbers == "en":
        return "{day} {month}"  # not the American order that the plain language code stands for
    pattern = str(Locale.parse(numbers).datetime_skeletons["MMMd"])
    return pattern.replace("MMM", "{month}").replace("d", "{day}", 1)


def _shows_something(text: str) -> bool:
    return any(digit in text for digit in "123456789")


def _decimals(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
