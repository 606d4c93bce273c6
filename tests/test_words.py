"""Every text that a person sees is translated into every language; numbers and moments follow the person, too."""

import json
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from app import pages
from app.speech import wanted
from components import details, words
from components import format as fmt
from components.panels import PANELS
from components.parts import named
from components.words import LANGUAGES, Speech, _, plural, script_words, speak, speaking, woven
from data.scope import Selection
from scripts.words import catalogues, extracted
from tests.support.api import Api
from tests.support.book import fill
from tests.support.words import pseudo, untranslated, untranslated_in_figure

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from data.desk import Desk
    from data.settings import Settings

ASSETS = Path(pages.__file__).parents[1] / "assets"
PLACE = re.compile(r"\{\w*\}|<[^>]+>")
SPOKEN = r'\b(?:botv2Words|words)\(\s*"((?:[^"\\]|\\.)*)"'
TAGS = "Button Code Dd Div Dl Dt Li Ol Span Table Tbody Td Th Thead Time Tr Ul"
MACHINES = {"Notification", "Escape", "Enter", "Tab", *TAGS.split()}  # single words in scripts that nobody sees
PASSWORD = "correct horse battery"
NOW = datetime(2026, 1, 23, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def backend() -> str:
    """Words are the same on every database."""
    return "sqlite"


@pytest.fixture(autouse=True)
def _plainly() -> Iterator[None]:
    """Each test begins in English, whatever a request of the one before it has said in this thread."""
    with speaking(Speech()):
        yield


# --- the catalogues ---------------------------------------------------------------------------------------------


def forms(text: Any) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def test_every_text_of_the_program_is_in_every_catalogue_translated_and_with_the_same_places() -> None:
    """Fails for whoever adds a text: `make words` puts it into the catalogues, where it waits for its translation."""
    texts = {message.id for message in extracted() if message.id}
    found = {language: catalogue for language, _path, catalogue in catalogues()}
    assert set(found) == set(LANGUAGES) - {"en"}
    for language, catalogue in found.items():
        known = {message.id: message for message in catalogue if message.id}
        assert texts - set(known) == set(), f"{language} lacks these; run `make words` and translate them"
        assert set(known) - texts == set(), f"{language} has texts that nobody says any more; run `make words`"
        for text, message in known.items():
            assert not message.fuzzy, (language, text)
            assert all(forms(message.string)), (language, "waits for its translation", text)
            for said in forms(message.string):
                assert sorted(PLACE.findall(said)) == sorted(PLACE.findall(forms(text)[-1])), (language, text, said)
                assert said.strip() == said, (language, said)


def test_scripts_speak_through_the_catalogues_and_say_nothing_else() -> None:
    known, faults = set(script_words("de")), []
    for path in sorted(ASSETS.glob("*.js")):
        source = re.sub(r"/\*.*?\*/|(^|\s)//\s[^\n]*", "", path.read_text(), flags=re.DOTALL)
        faults += [f"{path.name}: {text} is not in the catalogues" for text in re.findall(SPOKEN, source) if json.loads(f'"{text}"') not in known]
        bare = re.sub(SPOKEN, "", source)
        # A sentence begins with a capital and has a space; what a page shows is set on few properties. Keys of objects are names.
        shown = re.findall(r'(?:textContent|innerText|title|ariaLabel|placeholder|message)\s*[=:]\s*["`]([A-Z][^"`]*)["`]', bare)
        shown += re.findall(r'["`]([A-Z][a-z]+(?: [a-z]+)+[.!?]?)["`](?!:)', bare)
        shown += [word for word in re.findall(r'["`]([A-Z][a-z]+)["`](?!:)', bare) if word not in MACHINES]
        faults += [f"{path.name}: {text} is not translated" for text in shown]
    assert not faults, "\n".join(faults)


# --- the pseudo-language: what is not in brackets was never translated ------------------------------------------


@pytest.fixture
def unspoken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "_words", pseudo)


@pytest.fixture
def filled(api: Api) -> Api:
    return fill(api)


QUERIES = ("", "?range=all", "?range=all&benchmark=§BTC&symbol=§BTC", "?range=custom&start=1990-01-01&end=1990-02-01", "?q=nothing&severity=INFO")


def bare_in_panels(desk: "Desk") -> list[str]:
    """Return what is bare in any panel, a line for each; stored names of rules are data."""
    rules = {rule["name"] for rule in desk.alerts.rules()}
    found = []
    for panel in PANELS:
        for query in QUERIES:
            view = panel.shown(panel.ask(desk, query), datetime.now(UTC))
            bare = untranslated([panel.heading, view.note, view.body, view.bar])
            found += [f"{panel.id}: {text}" for text in bare + untranslated_in_figure(view.figure) if text not in rules]
    return found


@pytest.mark.usefixtures("unspoken")
def test_no_panel_or_chart_says_a_word_that_is_not_translated_with_data_or_without(desk: "Desk", request: pytest.FixtureRequest) -> None:
    bare = bare_in_panels(desk)
    request.getfixturevalue("filled")
    bare += bare_in_panels(desk)
    assert not bare, "\n".join(dict.fromkeys(bare))


@pytest.mark.usefixtures("unspoken")
def test_no_page_says_a_word_that_is_not_translated(settings: "Settings") -> None:
    shown: dict[str, Any] = {path: page.layout(may) for may in (True, False) for path, page in {**pages.PAGES, "nowhere": pages.NOT_FOUND}.items()}
    shown |= {f"title of {path}": _(page.title) for path, page in pages.PAGES.items()} | {"frame": pages.build_layout(settings)}
    bare = [f"{path}: {text}" for path, content in shown.items() for text in untranslated(content)]
    assert not bare, "\n".join(dict.fromkeys(bare))


@pytest.mark.usefixtures("unspoken")
def test_no_detail_says_a_word_that_is_not_translated(desk: "Desk", filled: Api) -> None:
    number = filled.get("/api/trades", limit=1)["data"]["trades"][0]["id"]
    day = filled.get("/api/trades", limit=1)["data"]["trades"][0]["exit_time"][:10]
    alert, note = filled.get("/alerts", clear="false")["alerts"][0]["id"], filled.get("/api/annotations/equity")["data"]["annotations"][0]["id"]
    refs = [f"trade:{number}", "strategy:§a", "symbol:§BTC", f"day:{day}", f"month:{day[:7]}", "hour:3-1", "risk:sharpe_ratio", "position:§one|§p"]
    refs += ["signal:§one|§a|§BTC", "event:1", "bot:§one", f"annotation:{note}", f"alert:{alert}"]
    assert {ref.partition(":")[0] for ref in refs} == set(details.KINDS)
    bare = []
    for ref in refs:
        drawn = details.drawing(desk, ref, Selection.parse("?range=all"), datetime.now(UTC))
        shown = [value for name, value in drawn.items() if name not in {"ref", "export", "follows", "figure", "rows"}]
        found = untranslated(shown) + untranslated_in_figure(drawn.get("figure"))
        # what a bot or a token has named itself: why it closed, what it added, who it is
        bare += [f"{ref}: {text}" for text in found if text not in {"tests", "stop_loss"} and '"symbol"' not in text]
    assert not bare, "\n".join(dict.fromkeys(bare))


def test_a_text_that_nobody_translated_is_found() -> None:
    """The harness can fail: what it looks for is found in each place where it may stand."""
    from dash import html

    figure = {
        "layout": {"title": {"text": "Bare title"}, "xaxis": {"title": {"text": "⟦time⟧"}}},
        "data": [{"hovertemplate": "%{y} units<extra></extra>"}],
    }
    assert untranslated_in_figure(figure) == ["Bare title", "units"]
    assert untranslated(html.P(["⟦as of ", html.B("Never"), "⟧", " bare "])) == ["bare"]
    assert untranslated(html.Button(html.Span("⟦x⟧"), title="Press", **named("Press it"))) == ["Press", "Press it"]


# --- numbers and moments ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["126,309.50", "−1,234.50", "+1.28\u202f%", "22 Jan 20:35", "05 Mar 2025", "100,000\u202fJPY"]),
        ("de", ["126.309,50", "−1.234,50", "+1,28\u202f%", "22. Jan. 20:35", "05. März 2025", "100.000\u202fJPY"]),
        ("fr", ["126\u202f309,50", "−1\u202f234,50", "+1,28\u202f%", "22 janv. 20:35", "05 mars 2025", "100\u202f000\u202fJPY"]),
        ("es", ["126.309,50", "−1.234,50", "+1,28\u202f%", "22 ene 20:35", "05 mar 2025", "100.000\u202fJPY"]),
    ],
)
def test_numbers_and_dates_follow_the_chosen_conventions(language: str, expected: list[str]) -> None:
    speak(Speech("en", language))
    shown = [fmt.level(126309.5, 2), fmt.change(-1234.5), fmt.change_percent(1.284)]
    shown += [fmt.moment("2026-01-22T20:35:12.000000Z", NOW + timedelta(days=1)), fmt.day("2025-03-05"), fmt.money(100_000.4, "JPY")]
    assert shown == expected
    assert (fmt.change_money(0.5, "BTC"), fmt.duration(27 * 3600 + 309)) == (f"+{fmt.level(0.5, 8)}\u202fBTC", "1\xa0d\xa03\xa0h")
    assert [fmt.duration(seconds) for seconds in (59.9, 60, 12_300, 864_000)] == [
        "59\xa0s",
        "1\xa0min\xa00\xa0s",
        "3\xa0h\xa025\xa0min",
        "10\xa0d\xa00\xa0h",
    ]
    assert (fmt.money(None, "USD"), fmt.day(None), fmt.duration(None), fmt.ratio(None), fmt.change_money(None, "USD")) == ("–",) * 5


@pytest.mark.parametrize(("currency", "decimals"), [("USD", 2), ("EUR", 2), ("USDT", 2), ("JPY", 0), ("BTC", 8), ("ETH", 8), ("KWD", 3)])
def test_an_amount_has_the_decimals_of_its_currency(currency: str, decimals: int) -> None:
    assert fmt.currency_decimals(currency) == decimals


def test_moments_are_shown_in_the_chosen_zone_over_the_change_of_the_clocks_too() -> None:
    speak(Speech(zone="Europe/Berlin"))
    winter, summer = "2026-03-29T00:59:59.000000Z", "2026-03-29T01:00:00.000000Z"
    now = datetime(2026, 3, 29, 2, tzinfo=UTC)
    assert (fmt.moment(winter, now), fmt.moment(summer, now)) == ("01:59:59", "03:00:00")
    assert fmt.moment("2025-12-31T23:30:00.000000Z", datetime(2026, 6, 1, tzinfo=UTC)) == "01 Jan 00:30", "the year is that of the zone"
    speak(Speech(zone="America/New_York"))
    assert fmt.moment(winter, now) == "20:59:59"


def test_a_plural_has_the_form_of_its_number_in_each_language() -> None:
    said = {}
    for language in LANGUAGES:
        speak(Speech(language))
        said[language] = [plural("{n} trade", "{n} trades", number).format(n=number) for number in (0, 1, 2)]
    assert said["en"] == ["0 trades", "1 trade", "2 trades"]
    assert said["de"] == ["0 Trades", "1 Trade", "2 Trades"]
    assert said["fr"] == ["0 trade", "1 trade", "2 trades"]
    assert said["es"] == ["0 operaciones", "1 operación", "2 operaciones"]


def test_elements_are_woven_into_a_translated_text_where_the_language_wants_them() -> None:
    assert woven("{a}, and then {b}", a=1, b=2) == [1, ", and then ", 2]
    assert woven("nothing") == ["nothing"]


def test_the_scripts_write_numbers_and_moments_as_the_server_does() -> None:
    node = """
      const [source, known, asked] = [require('fs').readFileSync(process.argv[1], 'utf8'), ...process.argv.slice(2).map(JSON.parse)];
      const window = {};
      new Function('window', 'document', source)(window, { getElementById: () => ({ textContent: JSON.stringify(known) }) });
      const now = Date.parse(asked.now);
      const f = window.botv2Format;
      const numbers = asked.numbers.map((n) => [f.level(n, 2), f.level(n), f.change(n), f.percent(n), f.changePercent(n)]);
      const moments = asked.moments.map((m) => f.moment(m, now));
      console.log(JSON.stringify([numbers, moments, asked.days.map(f.day), window.botv2Words('{n} new', { n: 3 })]));
    """
    numbers = [0, 1, -1, 0.005, 0.125, 2.5, -0.001, 1e-9, 999.999, 1234.5, -126309.505, 1e15, None]
    moments = ["2026-01-22T23:30:12.000000Z", "2026-01-20T23:30:12.000000Z", "2025-12-31T23:30:00.000000Z", "2024-07-01T00:00:00.000000Z"]
    days = ["2024-05-01", "2026-12-31", None]
    for language in LANGUAGES:
        speak(Speech(language, language, "Europe/Berlin"))
        known = {"numbers": language, "language": language, "zone": "Europe/Berlin", "date": fmt.date_pattern(), "months": fmt.months(), "words": {}}
        asked = {"numbers": numbers, "moments": moments, "days": days, "now": NOW.isoformat()}
        given = [str(ASSETS / "05-words.js"), json.dumps(known), json.dumps(asked)]
        answer = json.loads(subprocess.run(["node", "-e", node, *given], check=True, capture_output=True, text=True, timeout=60).stdout)
        expected = [[fmt.level(n, 2), fmt.level(n), fmt.change(n), fmt.percent(n), fmt.change_percent(n)] for n in numbers]
        assert answer == [expected, [fmt.moment(moment, NOW) for moment in moments], [fmt.day(day) for day in days], "3 new"], language


# --- who is spoken to how ---------------------------------------------------------------------------------------


def test_the_preference_decides_then_the_browser_then_english() -> None:
    assert wanted({}, None, "UTC") == Speech("en", "en", "UTC")
    assert wanted({}, "fr", "Asia/Tokyo") == Speech("fr", "fr", "Asia/Tokyo")
    assert wanted({"language": "de"}, "fr", "UTC") == Speech("de", "de", "UTC")
    assert wanted({"language": "auto", "number_format": "en", "time_zone": "auto"}, "es", "UTC") == Speech("es", "en", "UTC")
    assert wanted({"number_format": "auto", "time_zone": "Europe/Paris", "currency": "EUR"}, None, "UTC") == Speech("en", "en", "Europe/Paris", "EUR")
    assert wanted({"time_zone": "Mars/Olympus"}, None, "Asia/Tokyo").zone == "Asia/Tokyo"


@pytest.fixture
def person(client: "FlaskClient", desk: "Desk") -> "FlaskClient":
    desk.accounts.add_user("ada", PASSWORD, "viewer")
    assert client.post("/login", data={"username": "ada", "password": PASSWORD}).status_code == 302
    return client


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de-DE,de;q=0.9,en;q=0.8", "de"),
        ("pt-BR, fr;q=0.5, es;q=0.7", "es"),
        ("ja", "en"),
        ("", "en"),
        ("en-GB,de", "en"),
        ("x" * 500 + ";q=,,", "en"),
    ],
)
def test_a_page_is_in_the_language_that_the_browser_asks_for(client: "FlaskClient", accepted: str, language: str) -> None:
    page = client.get("/login", headers={"Accept-Language": accepted}).text
    assert f'<html lang="{language}">' in page
    with speaking(Speech(language)):
        assert _("Sign in to BotV2 Dashboard") in page


def document(client: "FlaskClient", **headers: str) -> tuple[str, dict[str, Any]]:
    """Return the document's first line and what it gives the scripts."""
    page = client.get("/settings", headers=headers).text
    block = re.search(r'<script type="application/json" id="words">(.*?)</script>', page)
    assert block is not None
    return page.partition("<head>")[0], json.loads(block[1])


def test_what_a_person_has_chosen_counts_in_document_layout_and_callbacks(person: "FlaskClient") -> None:
    german = {"Accept-Language": "de"}
    assert 'lang="de"' in document(person, **german)[0]
    chosen = {"language": "fr", "number_format": "de", "time_zone": "Asia/Tokyo", "pair": "blue-orange", "hide_amounts": True}
    for name, value in chosen.items():
        assert person.put(f"/api/preferences/{name}", json={"value": value}).status_code == 200
    first, known = document(person, **german)
    assert all(part in first for part in ('lang="fr"', 'data-pair="blue-orange"', 'data-amounts="hidden"'))
    assert (known["language"], known["numbers"], known["zone"]) == ("fr", "de", "Asia/Tokyo")
    assert known["words"] == script_words("fr") != {}
    with speaking(Speech("fr")):
        assert _("Skip to content") in json.dumps(person.get("/_dash-layout", headers=german).get_json(), ensure_ascii=False)
    with speaking(Speech("en")):
        stranger = person.application.test_client().get("/login").text
        assert _("Sign in to BotV2 Dashboard") in stranger, "the same thread speaks English to the next one"


def test_the_servers_time_zone_is_for_who_has_chosen_none(settings: "Settings", desk: "Desk", monkeypatch: pytest.MonkeyPatch) -> None:
    from app.server import create_app
    from data.errors import Refused
    from data.settings import Settings

    desk.accounts.add_user("ada", PASSWORD, "viewer")
    client = create_app(settings.model_copy(update={"botv2_timezone": "Asia/Kolkata"}), desk).server.test_client()
    client.post("/login", data={"username": "ada", "password": PASSWORD})
    assert document(client)[1]["zone"] == "Asia/Kolkata"
    monkeypatch.setenv("BOTV2_TIMEZONE", "Mars/Olympus")
    with pytest.raises(Refused) as refusal:
        Settings.load()
    assert list(refusal.value.fields) == ["BOTV2_TIMEZONE"]


def test_what_a_catalogue_says_cannot_end_the_block_that_holds_it(person: "FlaskClient", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.pages.index.script_words", lambda _language: {"x": "</script><script>alert(1)</script>"})
    page = person.get("/settings").text
    assert "<script>alert" not in page
    assert document(person)[1]["words"] == {"x": "</script><script>alert(1)</script>"}
