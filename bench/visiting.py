"""A visit to a page in Chromium: how many bytes came, and when the first chart was drawn.

Bytes are counted on the wire, between the browser and the server, so headers, WebSockets and what a service worker fetches are in them.
"""

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from selenium.webdriver import Chrome

from app import bundle
from bench.report import NotRun
from tests.support import chromium

DRAWN_WITHIN = 60.0
QUIET_SECONDS = 2.0  # nothing came for so long: the visit's bytes are complete
QUIET_WITHIN = 20.0
QUIET_BYTES = 2_000  # a beat, a ping
# Notes in each page when the first chart has its marks, by the page's own clock; the charts of Dash, of Streamlit and ours are plotly's.
WATCH = """
const began = performance.now();
window.botv2Charts = () => [...document.querySelectorAll(".js-plotly-plot")].filter(
  (plot) => plot._fullData?.length && plot.querySelector(".trace, .hm, .slice")?.getBoundingClientRect().width
).length;
const look = () => {
  if (window.botv2Charts()) window.botv2Drawn = performance.now();
  else if (performance.now() - began < 90000) requestAnimationFrame(look);
};
look();
"""


@dataclass(frozen=True)
class Visit:
    """What a visit took: bytes from the server, milliseconds until the first chart had its marks, and how many charts had in the end."""

    received: int
    drawn: float
    charts: int


class Wire:
    """Forwards a port's connections to a server on this machine and counts what it sends."""

    def __init__(self, server: int) -> None:
        """Listen on a free port and forward to the port `server`."""
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self.received = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Accept no more."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                browser, _ = self._listener.accept()
                threading.Thread(target=self._connect, args=(browser,), daemon=True).start()

    def _connect(self, browser: socket.socket) -> None:
        with suppress(OSError), browser, socket.create_connection(("127.0.0.1", self._server)) as server:
            back = threading.Thread(target=self._forward, args=(server, browser, True), daemon=True)
            back.start()
            self._forward(browser, server, False)
            back.join()

    def _forward(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        with suppress(OSError):  # one of them hung up
            while data := source.recv(65_536):
                if counted:
                    self.received += len(data)
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)


@contextmanager
def wired(server: int) -> Iterator[Wire]:
    """Count what a server sends while the block runs."""
    wire = Wire(server)
    try:
        yield wire
    finally:
        wire.close()


def need_build() -> None:
    """Raise `NotRun` where the server would serve everything as shipped: what is measured of pages is measured of the production build."""
    if bundle.found() is None:
        raise NotRun("the production build is missing, or older than the sources: make build")


@contextmanager
def browser(*flags: str) -> Iterator[Chrome]:
    """Run a Chromium that knows nothing yet. Raises `NotRun` where it is not installed."""
    if chromium.CHROMIUM is None or shutil.which("chromedriver") is None:
        raise NotRun("Chromium and its driver are not installed")
    options = chromium.options()
    for flag in flags:
        options.add_argument(flag)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # Chromium does not start as root with it
    driver = Chrome(options=options)
    try:
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
        yield driver
    finally:
        driver.quit()


def enter(driver: Chrome, wire: Wire, session: str) -> None:
    """Give the browser a session's cookie, without a visit."""
    cookie: dict[str, Any] = {"url": f"http://127.0.0.1:{wire.port}", "name": "session", "value": session, "httpOnly": True, "sameSite": "Lax"}
    driver.execute_cdp_cmd("Network.setCookie", cookie)


def visit(driver: Chrome, wire: Wire, path: str = "/") -> Visit:
    """Open a page and wait until a chart is drawn and nothing more comes. Raises RuntimeError when no chart is drawn."""
    before = wire.received
    driver.get(f"http://127.0.0.1:{wire.port}{path}")
    deadline = time.monotonic() + DRAWN_WITHIN
    while (drawn := driver.execute_script("return window.botv2Drawn ?? null")) is None:
        if time.monotonic() > deadline:
            raise RuntimeError(f"no chart was drawn in {path}")
        time.sleep(0.1)
    _until_quiet(wire)
    return Visit(wire.received - before, float(drawn), driver.execute_script("return window.botv2Charts()"))


def _until_quiet(wire: Wire) -> None:
    deadline = time.monotonic() + QUIET_WITHIN
    seen = -QUIET_BYTES
    while wire.received - seen >= QUIET_BYTES and time.monotonic() < deadline:
        seen = wire.received
        time.sleep(QUIET_SECONDS)
