"""The details of a day, a month and an hour of the week: what its trades earned, and which they are."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from components import format as fmt
from components.details.base import Detail, Kind, between, earned_chart, exported, figure_of, money, pairs, range_words, trade_list, utc
from components.details.book import CHANGES, TRADES_PATH, earned, left_out, listed, percent
from components.parts import Record, chip
from components.words import N_, _, speech
from data.errors import Code, Refused
from data.scope import Selection

if TYPE_CHECKING:
    from data.desk import Desk

LISTED = 100  # trades
CHUNK = 2000


# --- day and month -------------------------------------------------------------------------------------------------


def _day(desk: "Desk", given: str, selection: Selection) -> Record:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", given):
        raise Refused(Code.NOT_FOUND, "a day is written like 2024-05-01")
    return _period(desk, given, selection, days=1)


def _month(desk: "Desk", given: str, selection: Selection) -> Record:
    if not re.fullmatch(r"\d{4}-\d{2}", given):
        raise Refused(Code.NOT_FOUND, "a month is written like 2024-05")
    return _period(desk, f"{given}-01", selection, days=31)


def _period(desk: "Desk", first: str, selection: Selection, days: int) -> Record:
    """Return what came of the UTC day, or the month, that begins with the day `first`; in the page's selection but for its range."""
    try:
        start = utc(*(int(part) for part in first.split("-")))
        end = start + timedelta(days=1) if days == 1 else (start + timedelta(days=days)).replace(day=1)
    except (ValueError, OverflowError):
        raise Refused(Code.NOT_FOUND, "there is no such day") from None
    chosen = between(selection, start, end)
    return {
        "first": first,
        "is_day": days == 1,
        "statistics": desk.trades.statistics(chosen.trades()),
        "risk": desk.risk.metrics(chosen.returns()),
        "curve": desk.trades.earned(chosen.trades()),
        "page": desk.trades.page(chosen.trade_page(limit=LISTED)),
        "export": exported(TRADES_PATH, chosen.trade_filter()),
    }


def _draw_period(answer: Record, now: datetime) -> Detail:
    name = fmt.day(answer["first"]) if answer["is_day"] else _month_name(answer["first"])
    returned = percent(answer["risk"]["cumulative_return"], signed=True)
    still_open = figure_of(fmt.level(answer["statistics"]["open_trades"]))
    known = earned(answer["statistics"], (_("Return"), returned), (_("Open trades"), still_open))
    return Detail(
        title=name,
        note=[chip(_("UTC day") if answer["is_day"] else _("UTC month"))],
        body=[known, left_out(answer["statistics"]), trade_list(answer["page"], now)],
        figure=earned_chart(_("Cumulative net P&L, {when}").format(when=name), answer["curve"]),
        caption=_("Cumulative net P&L"),
        export=answer["export"],
    )


def _month_name(first: str) -> str:
    year, month, _first = first.split("-")
    return f"{speech().conventions.months['stand-alone']['wide'][int(month)]} {year}"


# --- hour of the week ----------------------------------------------------------------------------------------------


def _hour(desk: "Desk", given: str, selection: Selection) -> Record:
    if not re.fullmatch(r"[0-6]-(1?\d|2[0-3])", given):
        raise Refused(Code.NOT_FOUND, "an hour of the week is written like 3-14")
    weekday, hour = (int(part) for part in given.split("-"))
    ids = desk.trades.in_hour(selection.trades(), weekday, hour)
    cells = desk.analytics.hours(selection)
    trades = desk.trades.these(ids[:LISTED])
    return {
        "weekday": weekday,
        "hour": hour,
        "ids": ids,
        "net_pnl": cells["net_pnl"][weekday][hour],
        "trades": cells["trades"][weekday][hour],
        "currency": cells["currency"],
        "page": {"trades": [trades[each] for each in ids[:LISTED] if each in trades], "total": len(ids), "total_is_estimate": False},
        "range": range_words(selection),
        "export": exported(f"/api/details/hour:{given}", selection),
    }


def _draw_hour(answer: Record, now: datetime) -> Detail:
    days = speech().conventions.days["stand-alone"]["wide"]
    hour = answer["hour"]
    return Detail(
        title=_("{day}, {hour} to {next}").format(day=days[answer["weekday"]], hour=f"{hour:02d}:00", next=f"{hour + 1:02d}:00"),
        note=[chip(answer["range"]), chip("UTC")],
        body=[
            pairs((_("Net P&L"), money(answer["net_pnl"], answer["currency"])), (_("Closed trades"), figure_of(fmt.level(answer["trades"])))),
            trade_list(answer["page"], now),
        ],
        export=answer["export"],
    )


def _hour_rows(desk: "Desk", answer: Record) -> Iterable[Record]:
    ids = answer["ids"]
    for start in range(0, len(ids), CHUNK):
        known = desk.trades.these(ids[start : start + CHUNK])
        yield from (known[each] for each in ids[start : start + CHUNK] if each in known)


DAY = Kind(_day, _draw_period, listed, CHANGES, N_("There is no such day. One is written like 2024-05-01."))
MONTH = Kind(_month, _draw_period, listed, CHANGES, N_("There is no such month. One is written like 2024-05."))
NO_HOUR = N_("There is no such hour of the week. One is written like 3-14: the weekday, Monday being 0, and the hour.")
HOUR = Kind(_hour, _draw_hour, _hour_rows, CHANGES, NO_HOUR)
