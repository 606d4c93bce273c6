"""The last price of each symbol that a bot reports candles of."""

from datetime import datetime

from dash import html

from components import format as fmt
from components.parts import Record, View, empty, facts, table_head, time
from components.words import N_, _
from data.scope import listed

HEADS = ((N_("Symbol"), ""), (N_("Last"), "num"), (N_("As of"), "num"), (N_("Candles"), "c-wide"))


def prices(answer: Record, now: datetime) -> View:
    """Return the table of the symbols with their last close; a click shows the symbol's chart."""
    if not answer["symbols"]:
        return View(None, empty(_("No prices yet"), _("They come with the first candle:"), "POST /api/market/{symbol}"))
    head = table_head(HEADS)
    table = html.Table([head, html.Tbody([_row(row, now) for row in answer["symbols"]])], className="positions")
    count = _("{n} of {total}").format(n=fmt.level(len(answer["symbols"])), total=fmt.level(answer["total"]))
    return View(html.Span(count, className="as-of"), table)


def _row(row: Record, now: datetime) -> html.Tr:
    name = row["symbol"]
    return html.Tr(
        [
            html.Td(html.Button(name, type="button", className="sym plain", **facts(set="symbol", value=listed([name])))),
            html.Td(fmt.level(row["price"], fmt.price_decimals(row["price"])), className="num"),
            html.Td(time(row["as_of"], now), className="num mut"),
            html.Td(", ".join(row["timeframes"]), className="c-wide sec"),
        ],
        **facts(key=name, row=row["as_of"]),
    )
