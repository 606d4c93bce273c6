"""What the pages are made of, without a browser: values in, Dash components out."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dash
import pytest
from dash.development.base_component import Component

import callbacks
from app import pages
from app.cli import build_parser
from app.pages.index import INDEX_STRING
from components import format as fmt
from components import people
from components.activity import activity
from components.alerts import alerts
from components.charts.base import Figure
from components.charts.events_per_minute import events_per_minute
from components.charts.live_pnl import live_pnl
from components.feed import activity_scope
from components.feeds import feeds
from components.ids import VERSIONS, Id
from components.known import known_choices
from components.kpis import kpis
from components.links import safe_url
from components.onboarding import IMPORTS
from components.panels import PANELS
from components.parts import SEVERITIES
from components.plain import plain
from components.positions import positions
from components.signals import signals
from components.statistics import statistics
from components.switches import THEMES
from components.tokens import made_token, token_table
from components.track import track
from data.activity import Found
from data.scope import ActivityScope
from data.settings import Settings
from tests.support.book import fill

ASSETS = Path(pages.__file__).parents[1] / "assets"
NOW = datetime(2026, 1, 22, 20, 35, 30, tzinfo=UTC)
AT = "2026-01-22T20:35:12.000000Z"
HOSTILE = ["<script>window.__pwn=1</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "[x](javascript:alert(1))", "\u202etxt.exe"]
EVENT = {"id": 7, "timestamp": AT, "event_type": "ORDER", "message": "bought", "severity": "INFO", "metadata": {"symbol": "BTCUSDT"}, "bot": "alpha"}
SIGNAL = {"id": 8, "timestamp": AT, "strategy_name": "MA", "symbol": "BTCUSDT", "signal_type": "BUY", "confidence": 0.85, "bot": "alpha"}
SIGNAL |= {"indicators": {"sma_50": 50000.0, "rsi": 65.0}, "ensemble_vote": None}
POSITION = {"id": 9, "timestamp": AT, "position_id": "p1", "symbol": "BTCUSDT", "side": "LONG", "entry_price": 50000.0, "current_price": 51000.0}
POSITION |= {"size": 0.1, "unrealized_pnl": 100.0, "unrealized_pnl_pct": 2.0, "time_in_position": "01:30:00", "opened_at": AT, "bot": "alpha"}
POSITION |= {"stop_loss": 49000.0, "stop_loss_pct": 2.0, "take_profit": 52000.0, "strategy": "MA"}
ALERT = {"id": 10, "timestamp": AT, "title": "Breaker", "message": "tripped", "severity": "CRITICAL", "action_url": None, "bot": "alpha"}
STATISTICS = {"total_events": 48213, "total_signals": 1906, "total_positions": 312, "active_positions": 6, "total_alerts_sent": 37, "last_update": AT}
FOUND = {"events": [EVENT], "counts": {"INFO": 1200}, "filtered": False, "scope": "{}", "searched_to": None}
FEED = {"bot": "alpha", "last_seen": AT, "heartbeat_seconds": 5.0, "silent_after": AT, "demo": False}
PNL: dict[str, list[Any]] = {"timestamps": ["2026-01-22T20:35:02.000000Z", AT], "values": [-3.75, 145.35]}
MINUTES: dict[str, list[Any]] = {"minutes": ["2026-01-22T20:34:00.000000Z", "2026-01-22T20:35:12.000000Z"], "all": [7, 3], "warnings": [2, 0]}
CHARTS = (Id.PANEL_PNL, Id.PANEL_MINUTES)
SAMPLES: dict[str, Any] = {
    Id.PANEL_FEEDS: [FEED],
    Id.PANEL_CHOICES: {"bots": ["alpha"], "strategies": ["MA"], "symbols": ["BTCUSDT"], "currencies": ["USDT"]},
    Id.PANEL_STATISTICS: STATISTICS,
    Id.PANEL_ACTIVITY: FOUND,
    Id.PANEL_PNL: PNL,
    Id.PANEL_MINUTES: MINUTES,
    Id.PANEL_POSITIONS: [POSITION],
    Id.PANEL_SIGNALS: [SIGNAL],
    Id.PANEL_ALERTS: [ALERT],
}


def feed_of(*events: Any, **changes: Any) -> Any:
    return activity(FOUND | {"events": list(events)} | changes, NOW)


def walk(content: Any) -> Iterator[Any]:
    """Yield every component and text in `content`, in the order of the page."""
    if isinstance(content, list | tuple):
        for part in content:
            yield from walk(part)
    elif isinstance(content, Component):
        yield content
        yield from walk(getattr(content, "children", None))
    elif content is not None:
        yield content


def text(content: Any) -> str:
    return "".join(str(part) for part in walk(content) if not isinstance(part, Component))


def attribute(content: Any, name: str) -> list[Any]:
    return [getattr(part, name) for part in walk(content) if isinstance(part, Component) and hasattr(part, name)]


# --- numbers and times --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [(126309.5, 2, "126,309.50"), (-3.75, 2, "\u22123.75"), (0, 0, "0"), (-0.001, 2, "0.00"), (None, 2, "–")],
)
def test_a_level_carries_a_minus_but_never_a_plus(value: float | None, decimals: int, expected: str) -> None:
    assert fmt.level(value, decimals) == expected


@pytest.mark.parametrize(("value", "expected"), [(100, "+100.00"), (-48.8, "\u221248.80"), (0, "0.00"), (0.001, "0.00"), (None, "–")])
def test_a_change_carries_its_sign_and_zero_none(value: float | None, expected: str) -> None:
    assert fmt.change(value) == expected


def test_a_percent_sign_stands_behind_a_narrow_space_that_does_not_break() -> None:
    assert fmt.change_percent(1.284) == "+1.28\u202f%"
    assert fmt.percent(85) == "85\u202f%"
    assert fmt.percent(None) == fmt.change_percent(None) == "–"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(50000.0, "50,000"), (0.0012, "0.0012"), (0.1 + 0.2, "0.3"), (-2.5, "\u22122.5"), (1e-12, "1.00e\u221212"), (0.0, "0"), (1e18, f"{10**18:,}")],
)
def test_a_plain_number_shows_the_decimals_it_has(value: float, expected: str) -> None:
    assert fmt.plain(value) == expected


@pytest.mark.parametrize(
    ("prices", "decimals"), [((50000.0, 51000.0), 2), ((0.5312, 0.5287), 4), ((0.00012345, 0.00012), 8), ((2912.3999999999, None), 2), ((), 2)]
)
def test_prices_in_one_row_share_their_decimals(prices: tuple[float | None, ...], decimals: int) -> None:
    assert fmt.price_decimals(*prices) == decimals


def test_amounts_of_bitcoin_are_not_rounded_to_nothing() -> None:
    assert fmt.money_decimals([100.0, -3.75, None, 0]) == 2
    assert fmt.change(0.00000613, fmt.money_decimals([0.00000613])) == "+0.0000061"


def test_a_moment_older_than_a_day_says_its_date() -> None:
    assert fmt.moment(AT, NOW) == "20:35:12"
    assert fmt.moment("2026-01-20T20:35:12.000000Z", NOW) == "20 Jan 20:35"
    assert fmt.moment("2025-01-20T20:35:12.000000Z", NOW) == "20 Jan 2025"
    assert fmt.moment(None, NOW) == "–"


# --- panels -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("panel", [panel for panel in PANELS if panel.id in SAMPLES], ids=lambda panel: panel.id)
def test_a_live_panel_says_as_of_when(panel: Any) -> None:
    view = panel.draw(SAMPLES[panel.id], NOW)
    assert panel.id in {Id.PANEL_FEEDS, Id.PANEL_CHOICES} or "as of 20:35:12" in text(view.note)


def test_every_panel_draws_only_what_the_browser_knows_with_records_and_without(desk: Any, api: Any) -> None:
    script = (ASSETS / "draw.js").read_text()
    tags = set(re.findall(r'"(\w+)"', re.search(r"TAGS = new Set\(\[(.*?)\]", script)[1]))  # type: ignore[index]  # it is there
    attributes = set(re.findall(r"(\w+): \"", re.search(r"ATTRIBUTES = \{(.*?)\}", script)[1]))  # type: ignore[index]  # it is there
    for change in (None, fill):
        if change is not None:
            change(api)
        for panel in PANELS:
            view = panel.shown(panel.ask(desk, "?range=all"), datetime.now(UTC))
            drawn = json.loads(json.dumps([view.note, view.body, view.bar], default=lambda component: component.to_plotly_json()))
            for component in components_in(drawn):
                assert component["type"] in tags, panel.id
                names = {name for name in component["props"] if not name.startswith(("data-", "aria-"))}
                assert names <= attributes | {"children", "style"}, panel.id


def components_in(drawn: Any) -> Iterator[dict[str, Any]]:
    for part in drawn if isinstance(drawn, list) else [drawn]:
        if isinstance(part, list):
            yield from components_in(part)
        elif isinstance(part, dict):
            yield part
            yield from components_in(part["props"].get("children"))


@pytest.mark.parametrize(
    ("draw", "missing", "call"),
    [
        (lambda events, now: feed_of(*events), "No events yet", "POST /api/monitoring/activity"),
        (signals, "No signals yet", "POST /api/monitoring/signals/update"),
        (positions, "No open positions", "POST /api/monitoring/positions/update"),
        (alerts, "No alerts in the last 24 hours", "POST /api/monitoring/alerts"),
    ],
)
def test_an_empty_panel_says_what_is_missing_and_which_call_would_fill_it(draw: Any, missing: str, call: str) -> None:
    view = draw([], NOW)
    assert view.note is None
    assert missing in text(view.body)
    assert call in text(view.body)


def test_a_counter_that_nobody_measured_is_a_dash_and_not_a_zero() -> None:
    view = statistics({"last_update": None}, NOW)
    assert text(view.note) == "nothing recorded yet"
    assert "0" not in text(view.body)


@pytest.mark.parametrize("payload", HOSTILE)
def test_what_a_bot_writes_stays_text(payload: str) -> None:
    shown = [
        feed_of(EVENT | {"message": payload, "bot": payload, "metadata": {"symbol": payload}}),
        signals([SIGNAL | {"strategy_name": payload, "symbol": payload, "bot": payload, "indicators": {payload: 1.0}}], NOW),
        positions([POSITION | {"position_id": payload, "symbol": payload, "strategy": payload, "bot": payload}], NOW),
        alerts([ALERT | {"title": payload, "message": payload, "action_url": payload}], NOW),
    ]
    for view in shown:
        assert payload in text(view.body)
        assert not {"dangerously_allow_html", "innerHTML", "srcDoc"} & {
            name for part in walk(view.body) if isinstance(part, Component) for name in part.to_plotly_json()["props"]
        }
        assert attribute(view.body, "href") == []


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "//evil.example",
        "/\\evil.example",
        "http://a.example",
        "data:text/html,x",
        "https://",
        " /x",
        "/x\n",
        "\u200b/x",
        "",
        None,
        7,
    ],
)
def test_an_address_that_may_surprise_is_no_link(url: object) -> None:
    assert safe_url(url) is None
    assert attribute(alerts([ALERT | {"action_url": url}], NOW).body, "href") == []


@pytest.mark.parametrize("url", ["/monitoring", "/trades?symbol=BTC%20USD#x", "https://example.com/x", "HTTPS://example.com"])
def test_an_https_address_or_a_path_here_is_a_link(url: str) -> None:
    assert attribute(alerts([ALERT | {"action_url": url}], NOW).body, "href") == [url]


def test_each_severity_has_a_shape_and_a_name_and_an_unknown_one_does_no_harm() -> None:
    drawn = [attribute(feed_of(EVENT | {"severity": name}).body, "className") for name in SEVERITIES]
    shapes = {name for names in drawn for name in names if name.startswith("i ")}
    assert len(shapes) == len(SEVERITIES)
    assert "Info" in attribute(feed_of(EVENT | {"severity": "LOUD"}).body, "title")


def test_confidence_and_indicators_of_a_signal_are_shown() -> None:
    many = {f"i{n}": float(n) for n in range(9)}
    view = signals([SIGNAL | {"indicators": many}, SIGNAL | {"id": 11, "indicators": None, "confidence": 0.0}], NOW)
    assert "85\u202f%" in text(view.body)
    assert "+5" in text(view.body)
    assert {"width": "85.0%"} in attribute(view.body, "style")


def test_positions_are_ordered_by_profit_and_summed() -> None:
    view = positions([POSITION | {"unrealized_pnl": -48.8, "unrealized_pnl_pct": -0.86, "symbol": "SOL"}, POSITION], NOW)
    assert text(view.body).index("BTCUSDT") < text(view.body).index("SOL")
    assert "2, sum +51.20, average +0.57\u202f%" in text(view.note)


def test_a_position_of_which_little_is_known_is_shown_with_dashes() -> None:
    unknown = dict.fromkeys(["unrealized_pnl", "unrealized_pnl_pct", "time_in_position", "stop_loss", "take_profit", "strategy"])
    shown = text(positions([POSITION | unknown], NOW).body)
    assert shown.count("–") >= 4
    assert "none" in shown
    assert "open" in shown


@pytest.mark.parametrize(
    ("changes", "to_stop", "to_target", "hot"),
    [
        ({}, "\u22123.92\u202f%", "+1.96\u202f%", False),
        ({"side": "SHORT", "stop_loss": 51300.0, "take_profit": 49000.0}, "\u22120.59\u202f%", "+3.92\u202f%", True),
        ({"stop_loss": 51000.0}, "0.00\u202f%", "+1.96\u202f%", True),
        ({"take_profit": None}, "\u22123.92\u202f%", "open", False),
        ({"stop_loss": None, "take_profit": None}, "none", "open", False),
        ({"stop_loss": 50000.0, "take_profit": 50000.0}, "\u22121.96\u202f%", "\u22121.96\u202f%", False),
    ],
)
def test_the_track_measures_from_the_current_price_for_both_sides(changes: dict[str, Any], to_stop: str, to_target: str, hot: bool) -> None:
    drawn = track(POSITION | changes)
    assert f"to the stop {to_stop}" in text(drawn)
    assert f"to the target {to_target}" in text(drawn)
    assert ("hot" in " ".join(attribute(drawn, "className"))) is hot
    lefts = [float(style["left"].rstrip("%")) for style in attribute(drawn, "style")]
    assert all(0 <= left <= 100 for left in lefts)


def test_rows_of_different_positions_have_different_keys_and_an_update_keeps_its_own() -> None:
    rows = [POSITION, POSITION | {"position_id": "p2"}, POSITION | {"bot": "beta"}, POSITION | {"id": 99}]
    keys = [key for view in (positions([row], NOW) for row in rows) for key in attribute(view.body, "data-key")]
    assert len(keys) == 4
    assert len(set(keys)) == 3


# --- the table of panels, the layouts and the callbacks --------------------------------------------------------


def test_every_panel_has_its_own_id_a_title_a_version_store_and_a_question_that_the_desk_can_answer() -> None:
    assert len({panel.id for panel in PANELS}) == len(PANELS)
    assert {panel.version for panel in PANELS} <= set(VERSIONS)
    live = SimpleNamespace(
        search=lambda scope: Found([EVENT][: scope.limit]),
        severity_counts=lambda: {"INFO": 1200},
        signals=lambda scope: [SIGNAL],
        positions=lambda scope: [POSITION],
        recent_alerts=lambda limit: [ALERT][:limit],
        trend=lambda: {"pnl": PNL, "events": MINUTES},
        feeds=lambda: [FEED],
    )
    desk: Any = SimpleNamespace(live=live, statistics=lambda: STATISTICS)
    for panel in PANELS:
        assert panel.title
        if panel.id in SAMPLES and panel.id != Id.PANEL_CHOICES:
            assert panel.question(desk, panel.reads("", panel.key)) == SAMPLES[panel.id]


# --- the feed and its filters -----------------------------------------------------------------------------------


def test_the_feed_tells_an_empty_log_from_one_whose_events_the_filters_hide() -> None:
    assert "No events yet" in text(feed_of().body)
    assert "Search older events" in text(feed_of(filtered=True, searched_to="7").body)
    hidden = feed_of(filtered=True)
    assert "No event matches the filters" in text(hidden.body)
    assert "Clear filters" in text(hidden.body)


def test_the_severity_chips_carry_their_counts() -> None:
    assert "1,200" in text(feed_of(EVENT).bar)
    assert attribute(feed_of(EVENT).bar, "data-value") == list(SEVERITIES)


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        (None, {}),
        ("", {}),
        ("?severity=WARNING,ERROR&bot=alpha", {"severity": ("WARNING", "ERROR"), "bot": ("alpha",)}),
        ("?q=stop%20loss&event_type=ORDER", {"q": "stop loss", "event_type": ("ORDER",)}),
        ("?severity=LOUD&bot=alpha", {"bot": ("alpha",)}),
        ("?limit=9999&before_id=x&utm=1&q=", {}),
        ("?event_type=%00&severity=,", {}),
    ],
)
def test_the_url_names_the_filters_and_what_it_says_wrongly_is_left_out(search: str | None, expected: dict[str, Any]) -> None:
    assert activity_scope(search) == ActivityScope(**expected, limit=50)


def test_a_bot_is_listed_with_what_its_silence_is_measured_by() -> None:
    view = feeds([FEED, FEED | {"bot": "demo-trend", "heartbeat_seconds": None, "demo": True}], NOW)
    assert attribute(view.body, "data-heartbeat") == ["5.0", None]
    assert attribute(view.body, "data-demo") == [None, "true"]
    assert attribute(view.bar, "data-value") == ["alpha", "demo-trend"]


# --- charts ------------------------------------------------------------------------------------------------------


def strings_in(part: Any) -> Iterator[str]:
    if isinstance(part, dict | list | tuple):
        for item in part.values() if isinstance(part, dict) else part:
            yield from strings_in(item)
    elif isinstance(part, str):
        yield part


@pytest.mark.parametrize("figure", [live_pnl(PNL), events_per_minute(MINUTES)], ids=["pnl", "events"])
def test_a_chart_is_plain_json_with_titles_units_hover_and_only_colours_of_the_tokens(figure: Figure) -> None:
    assert json.loads(json.dumps(figure))
    layout = figure["layout"]
    assert layout["template"] == {}
    assert layout["uirevision"]
    assert layout["title"]["text"]
    assert layout["xaxis"]["title"]["text"] == "time, UTC"
    assert layout["yaxis"]["title"]["text"]
    assert any("hovertemplate" in trace for trace in figure["data"])
    sheet = (ASSETS / "10-tokens.css").read_text()
    tokens = {name.split("/")[0] for name in strings_in(figure) if name.startswith("--bv-")}
    assert tokens
    assert [name for name in tokens if f"{name}:" not in sheet] == []
    assert not [name for name in strings_in(figure) if re.match(r"#|rgb\(|(white|black|red|green|blue)$", name)]


def test_a_chart_without_values_is_an_empty_state_and_no_axes() -> None:
    for panel in (row for row in PANELS if row.id in CHARTS):
        view = panel.draw({name: [] for name in SAMPLES[panel.id]}, NOW)
        assert view.figure is None
        assert "/api/monitoring/" in text(view.body)


def test_the_last_value_stands_at_the_end_of_the_line_with_its_sign() -> None:
    figure = live_pnl(PNL)
    assert figure is not None
    assert figure["layout"]["annotations"][0]["text"] == "+145.35"
    assert figure["data"][1]["y"] == [145.35]


def test_bars_stack_to_all_events_with_the_warnings_among_them() -> None:
    figure = events_per_minute(MINUTES)
    assert figure is not None
    quiet, worse = figure["data"]
    assert [one + other for one, other in zip(quiet["y"], worse["y"], strict=True)] == MINUTES["all"]
    assert "annotations" not in figure["layout"]


def test_a_minute_that_brought_a_year_of_history_does_not_flatten_the_others_and_is_marked_as_cut() -> None:
    minutes = [f"2026-01-22T20:{minute:02}:00.000000Z" for minute in range(20, 30)]
    counted: dict[str, list[Any]] = {"minutes": minutes, "all": [714, 3, 0, 2, 5, 1, 0, 0, 4, 2], "warnings": [0] * 10}
    figure = events_per_minute(counted)
    assert figure is not None
    assert figure["layout"]["yaxis"]["autorangeoptions"] == {"maxallowed": 7.5}
    assert [(one["text"], one["x"][:19]) for one in figure["layout"]["annotations"]] == [("↑ 714", "2026-01-22T20:20:30")]
    assert (len(figure["layout"]["shapes"]), figure["data"][0]["y"][0]) == (1, 714), "the number itself stays"
    busy = events_per_minute(counted | {"all": [12, 3, 0, 2, 5, 1, 0, 0, 4, 2]})
    assert busy is not None
    assert "shapes" not in busy["layout"], "what can be seen beside the others is not cut"


def test_a_key_figure_that_is_unknown_says_once_that_it_is_and_what_is_missing() -> None:
    known: dict[str, Any] = {
        "currency": "USD",
        "daily_change": None,
        "daily_change_pct": None,
        "as_of": None,
        "win_rate": None,
        "trades": 0,
        "winning_trades": 0,
    }
    known |= {"value": None, "total_pnl": None, "return_pct": None, "sharpe_ratio": None, "max_drawdown": None, "without_balance": []}
    known |= {"sparks": {"value": [], "pnl": [], "win_rate": [], "sharpe": []}}

    def lines(answer: dict[str, Any]) -> list[str]:
        tiles: Any = kpis(answer, NOW).body
        for tile in tiles.children:
            assert texts(tile).count("–") <= 1
        return [texts(tile.children[2]) for tile in tiles.children]

    assert lines(known) == ["no snapshot yet", *["no closed trades"] * 3]
    traded = known | {
        "trades": 2,
        "winning_trades": 1,
        "win_rate": 0.5,
        "total_pnl": 3.0,
        "as_of": AT,
        "daily_change": 3.0,
        "without_balance": ["alpha"],
    }
    assert lines(traded) == ["no balance known", "no balance known", "1 of 2 trades", "no balance known"]
    assert lines(traded | {"value": 100.0})[0] == "▲+3.00 today"
    assert lines(traded | {"value": 100.0, "daily_change": None})[0] == "– no earlier day"


def texts(part: Any) -> str:
    """Return all text of Dash components."""
    if isinstance(part, list | tuple):
        return "".join(map(texts, part))
    return texts(part.children) if isinstance(part, Component) else str(part or "")


def test_the_first_steps_name_commands_that_the_command_line_takes() -> None:
    for _what, command in IMPORTS:
        program, *arguments = command.split()
        assert program == ".venv/bin/python"
        assert build_parser().parse_args(arguments[2:]).bot == "my-bot"


def test_the_currencies_to_choose_from_are_those_of_the_desk_with_the_default_for_rows_that_name_none(desk: Any, api: Any) -> None:
    assert known_choices(desk, None)["currencies"] == []
    fill(api)
    api.post("/api/trades", {"trade_id": "eur", "symbol": "X", "direction": "long", "size": 1, "entry_price": 1, "entry_time": AT, "currency": "EUR"})
    assert known_choices(desk, None)["currencies"] == desk.currencies() == ["EUR", "USD"]


# --- tokens ------------------------------------------------------------------------------------------------------


def test_a_new_token_comes_with_five_lines_of_python_and_a_curl_line() -> None:
    made = made_token("bv2_secret", "my bot", ["ingest"], 'a"b', "http://127.0.0.1:8050")
    snippet = next(part for part in walk(made) if isinstance(part, str) and "import connect" in part)
    assert len(snippet.splitlines()) == 5
    compile(snippet, "snippet", "exec")
    assert 'bot="a\\"b"' in snippet
    assert "curl http://127.0.0.1:8050/api/monitoring/activity" in text(made)
    assert 'bot="my bot"' in text(made_token("bv2_secret", "my bot", ["ingest"], None, "http://127.0.0.1:8050"))


def test_the_list_of_tokens_offers_to_revoke_those_in_force_alone() -> None:
    token = {"id": 3, "name": "bot", "prefix": "bv2_abcdef", "scopes": "ingest read", "bot": None, "created_at": NOW, "expires_at": None}
    token |= {"created_by": None, "last_used_at": None, "revoked_at": None}
    table = token_table([token, token | {"id": 2, "revoked_at": NOW}, token | {"id": 1, "expires_at": NOW}], NOW)
    assert attribute(table, "data-value") == ["3"]
    assert "revoked" in text(table)
    assert "expired" in text(table)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    return Settings.load()


def app_around(settings: Settings) -> dash.Dash:
    app = dash.Dash("botv2-test", assets_folder=str(ASSETS), index_string=INDEX_STRING)
    app.layout = pages.validation_layout(settings)
    pages.register_pages(app, lambda: None)
    callbacks.register(app, desk=None, viewer=lambda: None)  # type: ignore[arg-type]  # nothing is asked here
    return app


def ids_in(layout: Any) -> set[str]:
    return {str(part) for part in attribute(layout, "id")}


def test_every_end_of_every_callback_is_in_a_real_layout(settings: Settings) -> None:
    app = app_around(settings)
    known = ids_in(pages.validation_layout(settings))
    ends = set()
    for callback in app._callback_list:
        outputs = re.findall(r"([a-z0-9-]+)\.[\w-]+(?:@\w+)?", callback["output"] or "")
        ends |= {end["id"] for end in [*callback["inputs"], *callback["state"]]} | set(outputs)
    assert len(app._callback_list) > 2 * len(PANELS)
    assert ends <= known


def test_a_layout_names_each_id_once_and_only_ids_of_the_enumeration(settings: Settings) -> None:
    everything = [str(part) for part in attribute(pages.validation_layout(settings), "id")]
    assert len(everything) == len(set(everything))
    named = {str(id) for id in Id}
    parts = {
        id for id in everything if any(id.startswith((f"{panel}-", f"version-{panel}-", "detail-")) for panel in named if panel.startswith("panel-"))
    }
    assert named <= set(everything)
    assert set(everything) - named <= parts


def test_what_no_callback_touches_comes_as_json_and_the_rest_as_components_with_the_same_content(settings: Settings) -> None:
    app = app_around(settings)
    named = pages.named_ids(app)
    for layout in (pages.build_layout(settings), *(page.layout(True) for page in pages.PAGES.values())):
        sent = plain(layout, named)
        left = [part for part in walk(sent) if isinstance(part, Component)]
        assert {id for id in ids_in(layout) if id in named} <= ids_in(sent)
        assert len(left) < max(20, len(list(walk(layout))) / 3)
        assert sorted(shown_by_the_browser(sent)) == sorted(shown_by_the_browser(layout))


def shown_by_the_browser(content: Any) -> list[str]:
    """Return each text, id, class and link that stands in the page, whoever makes its element."""
    found = []
    for part in walk(content):
        if not isinstance(part, Component):
            found.append(str(part))
            continue
        found += [f"{name}={getattr(part, name)}" for name in ("id", "className", "href", "hidden") if getattr(part, name, None) not in (None, False)]
        found += shown_by_scripts(json.loads(getattr(part, "data-plain", "[]")))
    return [text for text in found if text != "className=form-control"]  # a field of Bootstrap's has it without saying so


def shown_by_scripts(parts: Any) -> list[str]:
    found = []
    for part in parts:
        if isinstance(part, str):
            found.append(part)
        else:
            _tag, attributes, *rest = part
            found += [f"{name}={attributes[name]}" for name in ("id", "className", "href", "hidden") if name in attributes]
            found += shown_by_scripts(rest)
    return found


def test_two_apps_in_one_process_share_no_callback(settings: Settings) -> None:
    first, second = app_around(settings), app_around(settings)
    assert {callback["output"] for callback in first._callback_list} == {callback["output"] for callback in second._callback_list}
    assert not {id(callback) for callback in first._callback_list} & {id(callback) for callback in second._callback_list}
    assert dash._callback.GLOBAL_CALLBACK_LIST == []


def test_the_scripts_name_only_ids_that_exist(settings: Settings) -> None:
    known = ids_in(pages.validation_layout(settings))
    for path in ASSETS.glob("*.js"):
        named = re.findall(r"""["'`#]((?:pulse|connection|frame|feed|panel|access)-[a-z-]+[a-z])\b""", path.read_text())
        assert {name for name in named if not name.startswith("feed-end")} <= known, path.name


def test_the_theme_switch_offers_what_the_script_knows() -> None:
    known = re.search(r"theme: .*?values: \[(.*?)\]", (ASSETS / "head" / "theme.js").read_text())[1]  # type: ignore[index]  # it is there
    assert set(re.findall(r'"(\w+)"', known)) == {name for name, _, _ in THEMES}


def test_an_unknown_path_shows_the_page_that_says_so_and_the_root_the_dashboard() -> None:
    assert pages.page_at("/nowhere") is pages.NOT_FOUND
    assert pages.page_at("/") is pages.page_at(None) is pages.PAGES["/"]


def test_pages_load_nothing_from_another_host(settings: Settings) -> None:
    index = app_around(settings).index()
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', index)
    for sheet in ASSETS.glob("*.css"):
        assert not re.findall(r"url\([\"']?(?:https?:)?//", sheet.read_text()), sheet.name


@pytest.mark.parametrize(
    ("user_agent", "shown"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36", "Chrome · Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36 Edg/149.0",
            "Edge · Windows",
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Safari/604.1", "Safari · iOS"),
        ("Mozilla/5.0 (Android 16; Mobile; rv:150.0) Gecko/150.0 Firefox/150.0", "Firefox · Android"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "–"),
    ],
)
def test_a_session_is_named_by_its_browser(user_agent: str, shown: str) -> None:
    assert people.browser_name(user_agent) == shown
