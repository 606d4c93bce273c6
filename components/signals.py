"""What each strategy thinks of each symbol now."""

from collections.abc import Sequence
from datetime import datetime

from dash import html

from components import format as fmt
from components.parts import DECORATION, Record, View, as_of, chip, empty, hidden, row, time

EMPTY = empty("No signals yet", "One appears as soon as a bot sends", "POST /api/monitoring/signals/update")
MOST_ROWS = 100
MOST_INDICATORS = 4
ARROWS = {"BUY": "▲", "SELL": "▼"}


def signals(latest: Sequence[Record], now: datetime) -> View:
    """Return the `latest` signal per bot, strategy and symbol, newest first, with confidence and indicators."""
    if not latest:
        return View(None, EMPTY)
    shown = sorted(latest, key=lambda signal: (signal["timestamp"], signal["id"]), reverse=True)[:MOST_ROWS]
    count = f"{len(shown)} of {len(latest)}" if len(latest) > len(shown) else str(len(latest))
    return View([html.Span(count, className="as-of"), as_of(shown, now)], html.Ul([_signal(signal, now) for signal in shown], className="entries"))


def _signal(signal: Record, now: datetime) -> html.Li:
    kind = signal["signal_type"]
    tag = chip([html.Span(ARROWS[kind], className="tri", **DECORATION), kind] if kind in ARROWS else kind, f"tag {kind.lower()}")
    who = html.Span(
        [html.Span(signal["symbol"], className="sym"), " ", html.Span(signal["strategy_name"], className="sec")],
        className="who",
        title=f"bot {signal['bot']}",
    )
    return html.Li(
        [tag, who, _confidence(signal["confidence"]), time(signal["timestamp"], now), html.Div(_details(signal), className="indicators")],
        className="signal",
        **row(signal, signal["bot"], signal["strategy_name"], signal["symbol"]),
    )


def _confidence(confidence: float) -> html.Span:
    width = f"{min(max(confidence, 0), 1) * 100:.1f}%"
    return html.Span(
        [
            hidden("confidence "),
            html.Span(html.I(style={"width": width}), className="confidence-bar", **DECORATION),
            html.Span(fmt.percent(confidence * 100), className="num"),
        ],
        className="confidence",
    )


def _details(signal: Record) -> list[html.Span]:
    indicators = list((signal.get("indicators") or {}).items())
    details = [chip([f"{name} ", html.B(fmt.plain(value, 6))]) for name, value in indicators[:MOST_INDICATORS]]
    if hidden_ones := indicators[MOST_INDICATORS:]:
        details.append(
            html.Span(f"+{len(hidden_ones)}", className="chip", title="\n".join(f"{name} {fmt.plain(value, 6)}" for name, value in hidden_ones))
        )
    if signal.get("ensemble_vote"):
        details.append(chip(["vote ", html.B(signal["ensemble_vote"])]))
    return details
