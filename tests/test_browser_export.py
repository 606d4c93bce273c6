"""An export as a person sees it: how far it has come, that it can be stopped, and what lies in the file."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from components.ids import Id
from tests.support.page import API, click, find, open_page, script, wait, wait_for_text
from tests.support.server import LiveServer

if TYPE_CHECKING:
    from dash.testing.browser import Browser

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)  # the page cannot tell the databases apart
EVENT = {"kind": "event", "event_type": "ORDER", "message": "bought", "bot": "alpha"}
POSITION = {"kind": "position", "symbol": "ETH", "side": "LONG", "entry_price": 2000, "current_price": 2040, "size": 2, "bot": "alpha"}
# The server's answer as a slow line would bring it: the first part, then nothing more until the test says so.
SLOWLY = """
const real = window.fetch;
window.goOn = null;
window.fetch = async (address, how) => {
  const answer = await real(address, how);
  if (!String(address).includes("/export")) return answer;
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const half = Math.floor(bytes.length / 2);
  const body = new ReadableStream({ async start(stream) {
    how.signal.addEventListener("abort", () => stream.error(new Error("stopped")));
    stream.enqueue(bytes.slice(0, half));
    await new Promise((done) => { window.goOn = done; });
    stream.enqueue(bytes.slice(half));
    stream.close();
  } });
  return new Response(body, { headers: answer.headers });
};
"""


def store(server: LiveServer, *records: dict[str, Any]) -> None:
    answer = requests.post(f"{server.url}{API}/batch", json={"records": records}, headers=server.bearer("ingest"), timeout=10)
    assert answer.ok, answer.text


def show(page: "Browser", server: LiveServer, panel: Id, text: str, *records: dict[str, Any]) -> None:
    """Store the records and open the monitor, where the panel then says a text."""
    store(server, *records)
    open_page(page, server, "/monitoring")
    wait_for_text(page, panel, text)


def wait_for_words(page: "Browser", selector: str, words: str) -> None:
    shown = f"return [...document.querySelectorAll('{selector}')].map((one) => one.textContent).join()"
    wait(page).until(lambda _: words in script(page, shown), f"{words!r} never appeared in {selector}")


def download_to(page: "Browser", folder: Path) -> None:
    page.driver.execute_cdp_cmd("Page.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)})


def export(page: "Browser", path: str, name: str) -> None:
    link = f"a[data-export='{API}/{path}/export'][href*='format={name}']"
    script(page, f"""document.querySelector("{link}").closest("details").open = true""")
    click(page, link)


def test_an_export_shows_its_progress_and_leaves_the_whole_file(signed_in: "Browser", live_server: LiveServer, tmp_path: Path) -> None:
    show(signed_in, live_server, Id.PANEL_POSITIONS, "ETH", *({**POSITION, "position_id": f"p{number}"} for number in range(40)))
    download_to(signed_in, tmp_path)
    script(signed_in, SLOWLY)
    export(signed_in, "positions", "json")
    wait_for_words(signed_in, ".download", "of 40 rows")
    assert 0 < float(find(signed_in, ".download progress").get_attribute("value")) < 1
    assert find(signed_in, ".download b").text == "positions.json"
    script(signed_in, "window.goOn()")
    wait_for_words(signed_in, ".download", "done")
    wait(signed_in).until(lambda _: (tmp_path / "positions.json").exists())
    rows = json.loads((tmp_path / "positions.json").read_text())
    assert {row["position_id"] for row in rows} == {f"p{number}" for number in range(40)}
    wait(signed_in).until(lambda _: script(signed_in, "return document.querySelector('.download') === null"))


def test_an_export_can_be_stopped_and_then_leaves_nothing(signed_in: "Browser", live_server: LiveServer, tmp_path: Path) -> None:
    show(signed_in, live_server, Id.PANEL_ACTIVITY, "bought", *(EVENT for _ in range(50)))
    download_to(signed_in, tmp_path)
    script(signed_in, SLOWLY)
    export(signed_in, "activity", "csv")
    wait_for_words(signed_in, ".download", "so far")
    click(signed_in, ".download button")
    wait(signed_in).until(lambda _: script(signed_in, "return document.querySelector('.download') === null"))
    assert list(tmp_path.glob("*.csv*")) == []


def test_a_refused_export_says_why(signed_in: "Browser", live_server: LiveServer) -> None:
    show(signed_in, live_server, Id.PANEL_ACTIVITY, "bought", EVENT)
    link = f"a[data-export='{API}/activity/export']"
    script(signed_in, f"""document.querySelector("{link}").href += "&severity=LOUD" """)
    export(signed_in, "activity", "csv")
    wait_for_words(signed_in, ".t-error", "unknown parameter or value")
