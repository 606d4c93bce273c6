"""What each strategy thinks of each symbol now."""

from collections.abc import Sequence
from datetime import datetime

from dash import html

from components import format as fmt
from components.parts import DECORATION, Record, View, as_of, chip, empty, facts, hidden, opener, row, time
from components.words import N_, _, woven

MOST_ROWS = 100
MOST_INDICATORS = 4
ARROWS = {"BUY": "▲", "SELL": "▼"}
KINDS = {"BUY": N_("Buy"), "SELL": N_("Sell"), "HOLD": N_("Hold")}


def signals(latest: Sequence[Record], now: datetime) -> View:
    """Return the `latest` signal per bot, strategy and symbol, newest first, with confidence and indicators."""
    if not latest:
        return View(None, empty(_("No signals yet"), _("One appears as soon as a bot sends"), "POST /api/monitoring/signals/update"))
    shown = sorted(latest, key=lambda signal: (signal["timestamp"], signal["id"]), reverse=True)[:MOST_ROWS]
    count = fmt.level(len(shown))
    if len(latest) > len(shown):
        count = _("{n} of {total}").format(n=count, total=fmt.level(len(latest)))
    return View([html.Span(count, className="as-of"), as_of(shown, now)], html.Ul([_signal(signal, now) for signal in shown], className="entries"))


def _signal(signal: Record, now: datetime) -> html.Li:
    kind = signal["signal_type"]
    word = kind_word(kind)
    tag = chip([html.Span(ARROWS[kind], className="tri", **DECORATION), word] if kind in ARROWS else word, f"tag {kind.lower()}")
    who = html.Span(
        [opener(signal["symbol"], "sym", _reference(signal)), " ", html.Span(signal["strategy_name"], className="sec")],
        className="who",
        title=_("bot {name}").format(name=signal["bot"]),
    )
    return html.Li(
        [tag, who, _confidence(signal["confidence"]), time(signal["timestamp"], now), html.Div(_details(signal), className="indicators")],
        className="signal",
        **row(signal, signal["bot"], signal["strategy_name"], signal["symbol"]),
        **facts(detail=_reference(signal)),
    )


def _reference(signal: Record) -> str:
    return f"signal:{signal['bot']}|{signal['strategy_name']}|{signal['symbol']}"


def kind_word(kind: str) -> str:
    """Return what a signal says, such as ``BUY``, in the language that is spoken."""
    return _(KINDS.get(kind, kind)).upper()


def _confidence(confidence: float) -> html.Span:
    width = f"{min(max(confidence, 0), 1) * 100:.1f}%"
    return html.Span(
        [
            hidden(_("confidence") + " "),
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
        details.append(chip(woven(_("vote {vote}"), vote=html.B(kind_word(signal["ensemble_vote"])))))
    return details
