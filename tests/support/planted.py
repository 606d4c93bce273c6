"""What bots should not be called: a store in which every string of every record is meant to run in a browser, and what shows that one did."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import requests

from components.ids import Id
from tests.support.api import ALERT, CANDLE, EVENT, POSITION, SIGNAL, SNAPSHOT, TRADE
from tests.support.page import open_page, script, wait
from tests.support.server import ADMIN_PASSWORD, LiveServer

if TYPE_CHECKING:
    from dash.testing.browser import Browser

RUN = "window.__pwn=1"
# The first four mean something only where a text begins with them.
PAYLOADS = (
    f"javascript:{RUN}", f"data:text/html,<script>{RUN}</script>", f"[x](javascript:{RUN})", f"%3Cimg src=x onerror={RUN}%3E",
    f"<img src=x onerror={RUN}>", f"<script>{RUN}</script>", f"<svg onload={RUN}>", f'"><img src=x onerror={RUN}>', f"'><svg/onload={RUN}>",
    f'<a href="javascript:{RUN}">x</a>', "<iframe srcdoc='<script>parent.__pwn=1</script>'>", f"<b onmouseover={RUN}>x</b>",
    f"</script><script>{RUN}</script>", f"<!--><img src=x onerror={RUN}>", f"&lt;img src=x onerror={RUN}&gt;",
    f"\\u003cimg src=x onerror={RUN}\\u003e", f"<details open ontoggle={RUN}>", f'<meta http-equiv=refresh content="0;url=javascript:{RUN}">',
    '<base href="https://evil.example/">', f"<form><button formaction=javascript:{RUN}>x", f"<object data='data:text/html,<script>{RUN}</script>'>",
    f"<embed src=javascript:{RUN}>", f"<video><source onerror={RUN}>", f"<body onload={RUN}>", f"<input autofocus onfocus={RUN}>",
    f"<marquee onstart={RUN}>", f"{{{{constructor.constructor('{RUN}')()}}}}", f"${{{RUN}}}", f"</title><svg onload={RUN}>",
    f"<style>@import 'x'</style><img onerror={RUN} src=x>",
)  # fmt: skip  # one a line would be a page
STARTERS, LONGEST = 4, 190
PLANTED = """
return [...document.querySelectorAll("*")].filter((one) => [...one.attributes].some(({name, value}) =>
  name.startsWith("on") && value.includes("__pwn") || ["href", "xlink:href", "src", "action", "formaction", "data"].includes(name)
  && /^\\s*(javascript|data:text)/i.test(value)) || one.matches("iframe, object, embed, base, marquee, meta[http-equiv=refresh]"))
  .map((one) => one.outerHTML.slice(0, 200));
"""
WAITING = """
const seen = (one) => one.getClientRects().length > 0;
return [...document.querySelectorAll(".skel")].filter(seen).length;
"""
SHOWN = "return document.getElementById(arguments[0]).dataset.shown"
# What a chart is saved as: a file that a browser may be told to open.
DRAWN_AS_FILES = """
const done = arguments[0];
const plots = [...document.querySelectorAll(".js-plotly-plot")].filter((one) => one.getClientRects().length && one._fullData);
const runs = (text) => /<script|\\son[a-z]+=|href="(javascript|data:text)/i.test(text);
Promise.all(plots.map((plot) => window.Plotly.toImage(plot, {format: "svg"}))).then(
  (made) => done(made.map(decodeURIComponent).filter(runs).map((text) => text.slice(0, 300))),
  (error) => done([String(error)]));
"""


def together() -> list[str]:
    """Return the payloads as few names, each of several of them."""
    names, rest = list(PAYLOADS[:STARTERS]), list(PAYLOADS[STARTERS:])
    for payload in rest:
        place = next((place for place, name in enumerate(names) if len(name + payload) < LONGEST), None)
        if place is None:
            names.append(payload)
        else:
            names[place] += payload
    return names


def plant(server: LiveServer, names: Sequence[str]) -> None:
    """Store records of every kind, notes, views and presets of which every string is one of `names`."""
    records = [record for number, name in enumerate(names) for record in _records(number, name)]
    headers = server.bearer("read", "ingest", "control")

    def sent(path: str, body: Any, how: str = "POST", **options: Any) -> None:
        answer = requests.request(how, server.url + path, json=body, timeout=30, **({"headers": headers} | options))
        assert answer.ok, answer.text

    for start in range(0, len(records), 100):
        sent("/api/monitoring/batch", {"records": records[start : start + 100]})
    for name in names:
        sent("/api/annotations", {"chart_id": "equity", "date": "2025-01-02T00:00:00Z", "text": name})
    person = requests.Session()
    person.post(f"{server.url}/login", data={"username": "admin", "password": ADMIN_PASSWORD}, timeout=20)
    views = [{"name": name[:80], "path": "/", "search": f"?bot={quote(name)}"} for name in names]
    presets = [{"name": view["name"], "panel": "equity", "search": view["search"]} for view in views]
    for kind, value in (("views", views), ("presets", presets)):
        sent(f"/api/preferences/{kind}", {"value": value}, "PUT", headers={}, cookies=person.cookies)


def _records(number: int, name: str) -> Iterator[dict[str, Any]]:
    own, named = {"bot": name}, {"symbol": name, "strategy": name}
    moment = f"2025-01-{number % 28 + 1:02}T00:00:00Z"
    closed = {"exit_price": 90 + number, "exit_time": moment, "exit_reason": name, "notes": name, "tags": [name]}
    yield {"kind": "event", **EVENT, **own, "message": name, "metadata": {name: name}, "severity": "ERROR"}
    yield {"kind": "signal", **SIGNAL, **own, "symbol": name, "strategy_name": name, "indicators": {name: 1}}
    yield {"kind": "position", **POSITION, **own, **named, "position_id": name}
    yield {"kind": "alert", **ALERT, **own, "title": name, "message": name}
    yield {"kind": "trade", **TRADE, **own, **named, "trade_id": name, "entry_time": "2024-12-31T00:00:00Z", **closed}
    yield {"kind": "trade", **TRADE, **own, **named, "trade_id": f"open {name}"[:200], "entry_time": moment}
    yield {"kind": "snapshot", **SNAPSHOT, **own, "timestamp": moment}
    yield {"kind": "candle", **CANDLE, "symbol": name, "timestamp": moment}


def faults(page: "Browser") -> list[str]:
    """Return what ran, what stands in the page as more than text, and what the content security policy had to stop."""
    ran = ["it ran"] if script(page, "return window.__pwn") is not None else []
    stopped = [line["message"] for line in page.driver.get_log("browser") if line["level"] == "SEVERE"]
    return [*ran, *script(page, PLANTED), *stopped]


def arrive(page: "Browser", server: LiveServer, address: str) -> None:
    """Open an address and wait until nothing of the page is on its way."""
    open_page(page, server, address)
    wait(page, 60).until(lambda _: not script(page, WAITING), f"{address} still waits for something")


def walk(page: "Browser", server: LiveServer, path: str) -> list[str]:
    """Return the faults of a page, of its charts as files, and of the page whose address is full of payloads itself."""
    arrive(page, server, f"{path}?range=all")
    script(page, "document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found = faults(page) + page.driver.execute_async_script(DRAWN_AS_FILES)
    name = quote(PAYLOADS[STARTERS])
    arrive(page, server, f"{path}?range=all&bot={name}&strategy={name}&symbol={name}&q={name}#{name}")
    return found + faults(page)


def walk_details(page: "Browser", server: LiveServer, name: str) -> list[str]:
    """Return the faults of what is known of `name`, each kind of it opened by a link as somebody might send it."""
    arrive(page, server, "/?range=all")
    for ref in (f"strategy:{name}", f"symbol:{name}", f"bot:{name}", "trade:1", "event:1", "alert:1", "annotation:1"):
        script(page, "location.hash = arguments[0]", quote(ref))
        wait(page, 30).until(lambda _, ref=ref: script(page, SHOWN, Id.DETAIL) == ref, f"{ref} was not shown")
    return faults(page)
