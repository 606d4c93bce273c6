"""`python -m bench.page`: from a bot's POST to the changed page, in Chromium.

The page notes by itself when a message stands in its feed (a MutationObserver); sender and browser share the machine's clock.
"""

import itertools
import os
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from bench.api import Api
from bench.load import Timed
from bench.program import PASSWORD, Program, make_token
from bench.report import ROUNDS, Figure, Goal, Section, main, quotients
from components.ids import Id, body_of
from tests.support import chromium

POSTS = 20
PAUSE_SECONDS = (0.15, 0.35)  # random, so that posts keep no step with anything that beats
ARRIVES_WITHIN = 5.0
BOTS = 10
BOT_SECONDS = 0.5
WATCH = """
window.arrivals = {};
new MutationObserver((changes) => {
  const moment = performance.timeOrigin + performance.now();
  const text = changes.flatMap((change) => [...change.addedNodes]).map((node) => node.textContent).join(" ");
  for (const found of text.matchAll(/tick (\\d+)\\./g)) window.arrivals[found[1]] ??= moment;
}).observe(document.getElementById(arguments[0]), {childList: true, subtree: true});
"""


@dataclass
class Circumstance:
    """What was measured while nothing, or something, went on besides: a value per round."""

    name: str
    bots: int
    shown: list[Timed] = field(default_factory=list)
    answered: list[Timed] = field(default_factory=list)

    def figures(self) -> Iterator[Figure]:
        """Yield what was found."""
        goal = None if self.bots else Goal(100, at_least=False)
        p50, p99 = ([timed.percentile(which) for timed in self.shown] for which in (50, 99))
        answers = [timed.percentile(50) for timed in self.answered]
        yield Figure(f"{self.name}: POST to page, p50", "the sender's clock", p50, goal, " ms")
        yield Figure(f"{self.name}: POST to page, p99", "the sender's clock", p99, unit=" ms")
        yield Figure(f"{self.name}: POST to page ÷ POST to answer, p50", "the acknowledgement of the same posts", quotients(p50, answers))
        yield Figure(f"{self.name}: messages that came", "those sent", [timed.share * 100 for timed in self.shown], Goal(100), " %")


class Feed:
    """The open page and the bot that posts into it."""

    def __init__(self, driver: Chrome, program: Program, token: str) -> None:
        """Watch the feed of the signed-in browser's page."""
        self._driver, self._program, self._token = driver, program, token
        self._numbers = itertools.count(1)
        driver.execute_script(WATCH, body_of(Id.PANEL_ACTIVITY))

    def measure(self, circumstance: Circumstance) -> None:
        """Measure one round."""
        stopping = threading.Event()
        bots = [threading.Thread(target=self._report, args=(number, stopping)) for number in range(circumstance.bots)]
        for bot in bots:
            bot.start()
        sent, answered = self._post()
        stopping.set()
        for bot in bots:
            bot.join()
        arrivals = self._arrivals(sent)
        circumstance.shown.append(Timed([arrivals[number] - at for number, at in sent.items() if number in arrivals], expected=POSTS))
        circumstance.answered.append(Timed(answered))

    def _post(self) -> tuple[dict[int, float], list[float]]:
        api, sent, answered = Api(self._program.port, self._token), {}, []
        for number in itertools.islice(self._numbers, POSTS):
            began = sent[number] = time.time()
            api.post("/activity", {"event_type": "ORDER", "message": f"Bought 0.1 BTC, tick {number}."})
            answered.append(time.time() - began)
            time.sleep(random.uniform(*PAUSE_SECONDS))
        api.close()
        return sent, answered

    def _arrivals(self, sent: dict[int, float]) -> dict[int, float]:
        deadline = time.monotonic() + ARRIVES_WITHIN
        while True:
            found = {int(number): at / 1000 for number, at in self._driver.execute_script("return window.arrivals").items()}
            if sent.keys() <= found.keys() or time.monotonic() > deadline:
                return found
            time.sleep(0.1)

    def _report(self, number: int, stopping: threading.Event) -> None:
        """Post a position's update and an event in turn, as a bot does."""
        api = Api(self._program.port, self._token)
        position = {"position_id": "p", "symbol": "BTCUSDT", "side": "LONG", "entry_price": 50_000, "size": 0.1, "bot": f"bot-{number}"}
        for turn in itertools.count():
            if stopping.wait(BOT_SECONDS * random.uniform(0.8, 1.2)):
                break
            if turn % 2:
                api.post("/activity", {"event_type": "STRATEGY", "message": f"Thought of step {turn}", "bot": f"bot-{number}"})
            else:
                api.post("/positions/update", {**position, "current_price": 50_000 + turn})
        api.close()


@contextmanager
def signed_in(program: Program) -> Iterator[Chrome]:
    """Run a browser that shows the Live Monitor and is connected."""
    options = chromium.options()
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # Chromium does not start as root with it
    driver = Chrome(options=options)
    try:
        driver.get(f"http://127.0.0.1:{program.port}/login?next=/monitoring")
        driver.find_element(By.NAME, "username").send_keys("admin")
        driver.find_element(By.NAME, "password").send_keys(PASSWORD)
        driver.find_element(By.CSS_SELECTOR, "form [type=submit]").click()
        WebDriverWait(driver, 30).until(lambda _: driver.find_elements(By.ID, Id.CONNECTION_WORD))
        WebDriverWait(driver, 30).until(lambda _: driver.find_element(By.ID, Id.CONNECTION_WORD).text == "Live")
        yield driver
    finally:
        driver.quit()


def measure() -> Section:
    """Return the figures of the way from the POST to the page."""
    alone, beside = Circumstance("alone", 0), Circumstance(f"beside {BOTS} bots", BOTS)
    note = f"Headless Chromium, the page as shipped, SQLite; {POSTS} posts a round; a bot posts every {BOT_SECONDS} s, positions and events."
    if chromium.CHROMIUM is None or shutil.which("chromedriver") is None:
        return Section("POST to page", f"{note} Not run: Chromium and its driver are not installed.", [])
    with tempfile.TemporaryDirectory(prefix="botv2-page-") as folder:
        program = Program(Path(folder), "app", "run")
        try:
            program.start()
            token = make_token(program, "ingest")
            with signed_in(program) as driver:
                feed = Feed(driver, program, token)
                feed.measure(Circumstance("warming up", 0))
                for number in range(ROUNDS):
                    for circumstance in (alone, beside):
                        print(f"page, round {number + 1}, {circumstance.name}", end="\033[K\r", file=sys.stderr, flush=True)
                        feed.measure(circumstance)
        finally:
            program.kill()
    return Section("POST to page", note, [*alone.figures(), *beside.figures()])


if __name__ == "__main__":
    sys.exit(main(measure))
