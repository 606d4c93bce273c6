"""Chart 13: where the money went: from the capital over strategies and symbols to wins, losses and fees."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, TypeAlias

from components import format as fmt
from components.charts.base import ALL_TRACES, Figure, chart_view, plain_layout, series_colour
from components.charts.marks import Answer, name_of, note
from components.parts import View, empty
from components.words import N_, _, plural

MOST = 40  # links: more are a tangle
ENDS = (("won", N_("Wins"), "--bv-up"), ("lost", N_("Losses"), "--bv-down"), ("fees", N_("Fees"), "--bv-chart-benchmark"))


Node: TypeAlias = tuple[str, str]  # its kind, and a name where there are several
# Kinds of nodes and how far to the right they stand: names stand to the right of all but the last.
COLUMNS = ((("capital",), 0.001), (("strategy",), 0.21), (("symbol",), 0.58), (("won", "lost", "fees"), 0.999))


class Row(NamedTuple):
    """What one strategy won, lost and paid with one symbol, all as amounts above zero; None stands for the others."""

    strategy: str | None
    place: int | None
    symbol: str | None
    won: float
    lost: float
    fees: float

    @property
    def moved(self) -> float:
        """Return how much money moved."""
        return self.won + self.lost + self.fees


class Link(NamedTuple):
    """A stream from a node to a node."""

    source: Node
    target: Node
    value: float
    colour: str


def pnl_sankey(answer: Answer) -> Figure | None:
    """Return the streams of `answer` (`rows`, `capital`, `currency`), each as wide as the money that was won, lost and paid; None without any.

    At most 40 streams: the smallest pairs of strategy and symbol go to "other".
    """
    links = _fitting(_rows(answer))
    if not links:
        return None
    nodes = _stacked(links)
    layout = plain_layout(_("P&L flow"))
    layout |= {"margin": {"l": 4, "r": 4, "t": 8, "b": 8}, "meta": {"amounts": ALL_TRACES}}
    trace: Figure = {"type": "sankey", "arrangement": "snap", "textfont": {"size": 11, "color": "--bv-text-1", "shadow": "none"}}
    trace |= {"node": _drawn_nodes(nodes, links, answer), "link": _drawn_links(nodes, links, answer["currency"])}
    return {"data": [trace], "layout": layout}


def pnl_sankey_view(answer: Answer, _now: datetime) -> View:
    """Return the chart; its head says the currency and how many trades it is made of."""
    trades = sum(row["trades"] for row in answer["rows"])
    counted = plural("{n} trade", "{n} trades", trades).format(n=fmt.level(trades))
    nothing = empty(_("No closed trades"), _("A stream appears once trades have closed:"), "POST /api/trades")
    return chart_view(pnl_sankey(answer), note(answer["currency"], counted), nothing)


def _rows(answer: Answer) -> list[Row]:
    """Return the rows, largest first; amounts lose their sign, as no stream runs backwards."""
    rows = [Row(row["strategy"], row["place"], row["symbol"], *(abs(row[name] or 0.0) for name, _title, _colour in ENDS)) for row in answer["rows"]]
    return sorted((row for row in rows if row.moved), key=lambda row: (row.strategy is None, -row.moved))


def _fitting(rows: Sequence[Row]) -> list[Link]:
    """Return the streams of as many rows as may be shown, and of the rest as one."""
    links = _links(rows)
    if len(links) <= MOST:
        return links
    for kept in range(1, len(rows)):
        more = _links(_merged(rows, kept))
        if len(more) > MOST:
            break
        links = more
    return links


def _merged(rows: Sequence[Row], kept: int) -> list[Row]:
    rest = rows[kept:]
    won, lost, fees = (sum(getattr(row, name) for row in rest) for name, _title, _colour in ENDS)
    return [*rows[:kept], Row(None, None, None, won, lost, fees)]


def _links(rows: Sequence[Row]) -> list[Link]:
    """Return the streams of rows; those between the same nodes as one."""
    streams: dict[tuple[Node, Node, str], float] = defaultdict(float)
    for row in rows:
        strategy = ("strategy", row.strategy or "")
        symbol = ("symbol", row.symbol or "")
        colour = "--bv-chart-benchmark/0.35" if row.place is None else f"{series_colour(row.place)}/0.35"
        streams[("capital", ""), strategy, colour] += row.moved
        streams[strategy, symbol, colour] += row.moved
        for name, _title, token in ENDS:
            streams[symbol, (name, ""), f"{token}/0.35"] += getattr(row, name)
    return [Link(source, target, float(f"{value:.6g}"), colour) for (source, target, colour), value in streams.items() if value > 0]


def _through(links: Sequence[Link]) -> dict[Node, float]:
    """Return how much runs through each node."""
    through: dict[Node, float] = defaultdict(float)
    for link in links:
        through[link.target] += link.value
        if link.source[0] == "capital":
            through[link.source] += link.value
    return through


def _stacked(links: Sequence[Link]) -> dict[Node, tuple[float, float]]:
    """Return the nodes with their places: columns where labels have room, in each the largest above.

    How high a node is depends on the picture. So all begin at the top, in order, and plotly.js moves each below the one before.
    """
    through = _through(links)
    places: dict[Node, tuple[float, float]] = {}
    for kinds, across in COLUMNS:
        column = sorted((node for node in through if node[0] in kinds), key=lambda node: -through[node])
        places |= {node: (across, 0.001 + 0.01 * place) for place, node in enumerate(column)}
    return places


def _drawn_nodes(nodes: Mapping[Node, tuple[float, float]], links: Sequence[Link], answer: Answer) -> Figure:
    through = _through(links)
    ends = {name: (_(title), colour) for name, title, colour in ENDS}
    titles = {"capital": _("Capital"), **{name: title for name, (title, _colour) in ends.items()}}
    full = [name_of(name) if name else titles.get(kind, _("other")) for kind, name in nodes]
    amounts = [fmt.money(answer["capital"] if kind == "capital" else through[kind, name], answer["currency"]) for kind, name in nodes]
    colours = {link.source: link.colour.split("/")[0] for link in links if link.source[0] == "strategy"}
    return {
        "label": [name_of(name, 12) if name else titles.get(kind, _("other")) for kind, name in nodes],
        "customdata": [
            [f"{kind}:{name}" if name else None, f"{title}: <b>{amount}</b>"]
            for (kind, name), title, amount in zip(nodes, full, amounts, strict=True)
        ],
        "color": [colours.get(node) or ends.get(node[0], ("", "--bv-border-3"))[1] for node in nodes],
        "hovertemplate": "%{customdata[1]}<extra></extra>",
        "line": {"width": 0},
        "pad": 13,
        "thickness": 10,
        "x": [across for across, _down in nodes.values()],
        "y": [down for _across, down in nodes.values()],
    }


def _drawn_links(nodes: Iterable[Node], links: Sequence[Link], currency: str) -> Figure:
    place = {node: number for number, node in enumerate(nodes)}
    return {
        "source": [place[link.source] for link in links],
        "target": [place[link.target] for link in links],
        "value": [link.value for link in links],
        "color": [link.colour for link in links],
        "customdata": [[_reference(link), fmt.money(link.value, currency)] for link in links],
        "hovertemplate": "%{source.label} → %{target.label}<br><b>%{customdata[1]}</b><extra></extra>",
    }


def _reference(link: Link) -> str | None:
    """Return whose details a stream opens: those of the strategy or symbol that it comes from or goes to."""
    kind, name = link.target if link.source[0] == "capital" else link.source
    return f"{kind}:{name}" if name else None
