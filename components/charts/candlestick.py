"""Chart 5: candles with their volume and indicators, and the trades and signals of the strategies drawn on them."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import quote

from dash import html

from components import format as fmt
from components.charts.base import AMOUNTS, TEXT, Figure, base_layout, chart_view, local
from components.charts.keys import line_key
from components.charts.marks import Answer, name_of, note, rounded, tag, words
from components.charts.trade_marks import signal_marks, trade_marks
from components.parts import View, empty, facts, named, pressed
from components.words import N_, _, plural, speech

FOR_RSI = 15  # candles: its first value is that of the fifteenth
MOST_UNEVEN = 300  # candles, where each line has to say each of its moments
MANY = 250  # candles
TELLING = 20  # candles at the end, whose prices say how many decimals there are
ALONE = timedelta(hours=1)  # how long a candle without neighbours counts
AVERAGES = (("sma_20", N_("SMA-20"), "--bv-text-2", "dash"), ("sma_50", N_("SMA-50"), "--bv-series-2", "dot"))
# Where the price and the strips below it stand: with a volume or without, with an RSI or without.
STRIPS: dict[tuple[bool, bool], dict[str, list[float]]] = {
    (True, True): {"y": [0.42, 1], "y2": [0.21, 0.34], "y3": [0, 0.13]},
    (True, False): {"y": [0.28, 1], "y2": [0, 0.2]},
    (False, True): {"y": [0.28, 1], "y3": [0, 0.2]},
    (False, False): {"y": [0, 1]},
}
BAND = "--bv-chart-benchmark"


def candlestick(answer: Answer) -> Figure | None:
    """Return the candles of `answer` (`candles`, `indicators`, `trades`, `signals`), volume below, RSI below that; None without candles.

    The strip of the RSI appears with the fifteenth candle. Trades and signals outside the candles' time are left out.
    """
    candles = answer["candles"]
    if not candles:
        return None
    moments = [moment[:16] for moment in local([candle["timestamp"] for candle in candles])]
    shortest, is_even = _steps(moments)
    first = 0 if is_even else max(0, len(candles) - MOST_UNEVEN)
    candles, moments = candles[first:], moments[first:]
    lines = {name: values[first:] for name, values in answer["indicators"].items()}
    decimals = fmt.price_decimals(*(candle["close"] for candle in candles[-TELLING:]))
    along: Figure = {"x0": moments[0], "dx": shortest.total_seconds() * 1000} if is_even else {"x": moments}
    span = (moments[0], (datetime.fromisoformat(moments[-1]) + shortest).isoformat())
    has_rsi = len(candles) >= FOR_RSI and any(value is not None for value in lines["rsi_14"])
    closes = [candle["close"] for candle in candles]
    traces = [*_band(along, lines, decimals), _candles(moments, candles, decimals), *_averages(along, lines, decimals)]
    volumes = [candle["volume"] for candle in candles if candle["volume"] is not None]
    if volumes:
        traces += [*_volume(moments, candles, shortest), _strip(moments, max(volumes), _("Volume"), "y2")]
    if has_rsi:
        traces += [_rsi(along, lines["rsi_14"]), _strip(moments, 80, _("RSI-14"), "y3")]
    traces += trade_marks(answer["trades"], span, decimals)
    traces += signal_marks(answer["signals"], span, lambda moment: closes[max(0, bisect_right(moments, moment) - 1)], decimals)
    return {"data": traces, "layout": _layout(answer, moments, closes, decimals, STRIPS[bool(volumes), has_rsi])}


def _timeframes(answer: Answer) -> html.Span:
    """Return a button for each length of candles that there is; address.js does what they say."""
    shown = answer["timeframe"]
    known = [(name, facts(set="timeframe", value=name, default=shown) | pressed(name == shown)) for name in answer["timeframes"]]
    buttons = [html.Button(name, type="button", className="chip-switch", **attributes) for name, attributes in known]
    return html.Span(buttons, className="timeframes", role="group", **named(_("Length of a candle")))


def candlestick_view(answer: Answer, _now: datetime) -> View:
    """Return the chart; its head says the symbol, the length of a candle and how many there are, and names the lines."""
    count = len(answer["candles"])
    counted = plural("{n} candle", "{n} candles", count).format(n=fmt.level(count))
    about = note(answer["symbol"], _("the newest {candles}").format(candles=counted) if answer["has_more"] else counted)
    keys = [line_key(_(title), colour, dash) for _name, title, colour, dash in AVERAGES]
    call = f"POST /api/market/{quote(answer['symbol'] or 'BTC/USDT', safe='')}/ohlcv"
    nothing = empty(_("No candles"), _("They appear as soon as a bot sends"), call)
    return chart_view(
        candlestick(answer), [html.Span([*keys, line_key(_("Bollinger"), BAND, "solid")], className="legends"), _timeframes(answer), *about], nothing
    )


def _layout(answer: Answer, moments: Sequence[str], closes: Sequence[float], decimals: int, strips: Mapping[str, list[float]]) -> dict[str, Any]:
    layout = base_layout(_("Price of {symbol}").format(symbol=name_of(answer["symbol"])), _("time, {zone}").format(zone=speech().zone), _("price"))
    layout |= {"barmode": "overlay", "hoverdistance": 8, "margin": {"l": 12, "r": 74, "t": 8, "b": 24}}
    lowest = min(strips, key=lambda axis: strips[axis][0])
    layout["xaxis"] |= {"rangeslider": {"visible": False}, "anchor": lowest, "hoverformat": "%-d %b %Y %H:%M"}
    if len(moments) == 1:
        layout["xaxis"] |= {"tickvals": list(moments), "tickformat": "%-d %b %H:%M"}
    below = layout["yaxis"] | {"nticks": 2, "showgrid": False, "showspikes": False, "zeroline": False, "anchor": "x"}
    layout["yaxis"] |= {"domain": strips["y"], "tickformat": f",.{decimals}~f", "zeroline": False}
    if "y2" in strips:
        volume = {"tickformatstops": AMOUNTS, "rangemode": "tozero", "title": {"text": _("volume"), "font": TEXT}}
        layout["yaxis2"] = below | volume | {"domain": strips["y2"]}
    if "y3" in strips:
        strength = {"tickvals": [30, 70], "autorangeoptions": {"include": [20, 80]}, "showgrid": True, "title": {"text": _("RSI-14"), "font": TEXT}}
        layout["yaxis3"] = below | strength | {"domain": strips["y3"]}
    last = fmt.level(closes[-1], decimals)
    layout |= {"annotations": [tag(last, closes[-1])], "meta": {"now": last}}
    return layout


def _candles(moments: Sequence[str], candles: Sequence[Mapping[str, Any]], decimals: int) -> Figure:
    prices = {name: f"%{{{name}:,.{decimals}f}}" for name in ("open", "high", "low", "close")}
    trace: Figure = {"type": "candlestick", "x": list(moments), "name": _("price"), "whiskerwidth": 0, "line": {"width": 1.2}}
    trace |= {name: [round(candle[name], decimals) for candle in candles] for name in ("open", "high", "low", "close")}
    trace |= {
        "increasing": {"line": {"color": "--bv-up"}, "fillcolor": "rgba(0,0,0,0)"},
        "decreasing": {"line": {"color": "--bv-down"}, "fillcolor": "--bv-down"},
    }
    return trace | {"hovertemplate": _("open {open}, high {high}, low {low}, close <b>{close}</b>").format(**prices) + "<extra></extra>"}


def _band(along: Figure, lines: Mapping[str, Sequence[float | None]], decimals: int) -> list[Figure]:
    """Return the edges of the Bollinger band; of many even candles every second point, which is not seen and saves a tenth of the figure."""
    every = 2 if "dx" in along and len(lines["bollinger_upper"]) > MANY else 1
    along = along | {"dx": every * along["dx"]} if "dx" in along else along
    edge: Figure = {"type": "scatter", "mode": "lines", "line": {"color": f"{BAND}/0.6", "width": 0.8}, "name": _("Bollinger"), "hoverinfo": "skip"}
    upper, lower = (edge | along | {"y": rounded(lines[name][::every], decimals)} for name in ("bollinger_upper", "bollinger_lower"))
    return [upper, lower | {"fill": "tonexty", "fillcolor": f"{BAND}/0.1"}] if any(value is not None for value in upper["y"]) else []


def _averages(along: Figure, lines: Mapping[str, Sequence[float | None]], decimals: int) -> list[Figure]:
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "y": rounded(lines[name], decimals),
            "name": _(title),
            "line": {"color": colour, "width": 1.1, "dash": dash},
        }
        | {"hovertemplate": f"{_(title)} %{{y:,.{decimals}f}}<extra></extra>"}
        | along
        for name, title, colour, dash in AVERAGES
        if any(value is not None for value in lines[name])
    ]


def _volume(moments: Sequence[str], candles: Sequence[Mapping[str, Any]], shortest: timedelta) -> list[Figure]:
    """Return the bars under rising candles, solid, and those under falling ones, hatched."""
    solid: Figure = {"color": "--bv-up/0.65", "line": {"width": 0}}
    hatched: Figure = {"color": "--bv-down/0.8", "pattern": {"shape": "/", "fillmode": "replace", "size": 4, "solidity": 0.5}, "line": {"width": 0}}
    # plotly.js makes a bar that is alone in its trace a millisecond wide
    width = {"width": 0.7 * shortest.total_seconds() * 1000} if len(moments) > 1 else {}
    traces = []
    for name, marker, fell in ((_("volume, up"), solid, False), (_("volume, down"), hatched, True)):
        places = [place for place, candle in enumerate(candles) if (candle["close"] < candle["open"]) is fell]
        bars: Figure = {"type": "bar", "yaxis": "y2", "name": name, "marker": marker} | width
        bars |= {"x": [moments[place] for place in places], "y": [candles[place]["volume"] for place in places]}
        traces.append(bars | {"hovertemplate": _("volume {volume}").format(volume="%{y:,.6~g}") + "<extra></extra>"})
    return [bars for bars in traces if bars["x"]]


def _rsi(along: Figure, values: Sequence[float | None]) -> Figure:
    line: Figure = {
        "type": "scatter",
        "mode": "lines",
        "yaxis": "y3",
        "y": rounded(values, 1),
        "name": _("RSI-14"),
        "line": {"color": "--bv-text-2", "width": 1.1},
    }
    return line | along | {"hovertemplate": _("RSI {value}").format(value="%{y:.1f}") + "<extra></extra>"}


def _strip(moments: Sequence[str], top: float, title: str, axis: str) -> Figure:
    """Return the title of a strip, above its left end."""
    return words(moments[:1], [top], [title], "top right", "--bv-text-2", yaxis=axis)


def _steps(moments: Sequence[str]) -> tuple[timedelta, bool]:
    """Return the shortest time between moments of a wall clock, and whether it is always the same, so that lines need not repeat each of them."""
    at = [datetime.fromisoformat(moment) for moment in moments]
    steps = {later - earlier for earlier, later in pairwise(at)}
    # when summer time ends, an hour is there twice
    return min((step for step in steps if step > timedelta(0)), default=ALONE), len(steps) == 1
