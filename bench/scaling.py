"""`python -m bench.scaling`: how cost grows with bots, viewers and records, as far as this machine goes; docs/scaling.md computes on from it.

Costs are the processor's time, so that other work on the machine counts little. `--most` bounds the records of the largest store (a million are
made in half a minute, ten million in ten).
"""

import argparse
import asyncio
import itertools
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bench import report
from bench.api import Api
from bench.faults.asking import Lags, Poster
from bench.faults.crowd import Crowd, settled
from bench.faults.use import raise_file_limit, use_of
from bench.million import sqlite_store
from bench.program import Program, make_token
from bench.report import ROUNDS, Figure, Section
from bench.rows import Sizes
from bench.scale import opened, own_seconds
from bench.viewers import cpu_seconds
from data.desk import Desk
from data.scope import ActivityScope, EquityScope, TradeScope, TradeStatisticsScope

BOTS = (1, 10, 100, 1_000, 10_000)
VIEWERS = (1, 50, 200, 500)
RECORDS = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
TRADES_SHARE = 0.1  # of the records
YEAR_OF_MINUTES = 525_600
BATCH = 500
CALLS = 200  # of which the server's CPU time is taken
EVENTS_PER_SECOND = 10.0
LOOK_SECONDS = 8.0
SERVER = "the server's CPU time"
QUESTIONS = {"/stats": "the counts", "/positions?limit=100": "a page of open positions", "/pulse": "a pulse"}


# --- bots ------------------------------------------------------------------------------------------------------------


def of_bots(folder: Path) -> Iterator[Figure]:
    """Yield what a post, the questions about bots and the memory cost when so many bots have an open position each."""
    program = Program(folder, "app", "run")
    program.start()
    try:
        api = Api(program.port, make_token(program, "ingest", "read"))
        known = 0
        for count in BOTS:
            _introduce(api, range(known, count))
            known = count
            yield from _beside_bots(api, program, count)
        api.close()
    finally:
        program.kill()


def _introduce(api: Api, numbers: Sequence[int]) -> None:
    for start in range(0, len(numbers), BATCH):
        records = [{"kind": "position", **_position(number)} for number in numbers[start : start + BATCH]]
        if (answer := api.post("/batch", {"records": records})).status >= 300:
            raise RuntimeError(f"a batch answers {answer.status}: {answer.body}")


def _position(number: int) -> dict[str, Any]:
    return {"bot": f"bot-{number}", "position_id": "p", "symbol": "BTC/USDT", "side": "LONG", "entry_price": 100, "current_price": 101, "size": 1}


def _beside_bots(api: Api, program: Program, count: int) -> Iterator[Figure]:
    name = f"{count:,} bots"
    turn = itertools.cycle(range(count))
    updates = partial(_cpu_of, program, lambda: api.post("/positions/update", _position(next(turn))))
    yield Figure(f"{name}: a position's update", SERVER, [updates() for _ in range(ROUNDS)], unit=" ms")
    for path, words in QUESTIONS.items():
        asked = [_cpu_of(program, partial(api.get, path)) for _ in range(ROUNDS)]
        yield Figure(f"{name}: {words}", SERVER, asked, unit=" ms")
    yield Figure(f"{name}: memory of the server", "all its processes", [use_of(program).memory], unit=" MiB")


def _cpu_of(program: Program, call: Callable[[], object]) -> float:
    """Return the server's CPU milliseconds for a call, the mean of some."""
    used = cpu_seconds(program.group)
    for _ in range(CALLS):
        call()
    return (cpu_seconds(program.group) - used) / CALLS * 1000


# --- viewers ---------------------------------------------------------------------------------------------------------


def of_viewers(folder: Path) -> Iterator[Figure]:
    """Yield what so many viewers cost while events come: the server's CPU, memory and how late they are told."""
    raise_file_limit()
    for count in VIEWERS:
        program = Program(folder / str(count), "app", "run")
        try:
            program.start()
            yield from asyncio.run(_beside_viewers(program, make_token(program, "ingest", "read"), count))
        finally:
            program.kill()


async def _beside_viewers(program: Program, token: str, count: int) -> list[Figure]:
    crowd, poster = Crowd.of(count, program.port, token), Poster(program.port, token)
    before = use_of(program).memory
    try:
        if (here := await crowd.gather()) < count:
            raise RuntimeError(f"only {here} of {count} viewers were let in")
        idle = await _cpu_share(program, asyncio.sleep(LOOK_SECONDS))
        busy = await _cpu_share(program, poster.post(EVENTS_PER_SECOND, LOOK_SECONDS))
        await settled(lambda: crowd.behind(poster.last) <= 0, 10)
        held, lags = use_of(program).memory, crowd.lags
    finally:
        await crowd.leave()
    return list(_of_crowd(count, idle, busy, held - before, lags))


def _of_crowd(count: int, idle: float, busy: float, grown: float, lags: Lags) -> Iterator[Figure]:
    name = f"{count:,} viewers"
    yield Figure(f"{name}: the server's share of a core, nothing happens", "all its processes", [idle], unit=" %")
    yield Figure(f"{name}: the same at {EVENTS_PER_SECOND:g} events a second", "all its processes", [busy], unit=" %")
    yield Figure(f"{name}: POST to viewer, p50", "the sender's clock", [lags.percentile(50)], unit=" ms")
    yield Figure(f"{name}: POST to viewer, p95", "the sender's clock", [lags.percentile(95)], unit=" ms")
    yield Figure(f"{name}: memory beside that of the start", "all processes of the server", [grown], unit=" MiB")


async def _cpu_share(program: Program, work: Any) -> float:
    """Return the percentage of a core that the server used while `work` went on."""
    used, began = cpu_seconds(program.group), time.perf_counter()
    await work
    return (cpu_seconds(program.group) - used) / (time.perf_counter() - began) * 100


# --- records ---------------------------------------------------------------------------------------------------------


def of_records(most: int) -> Iterator[Figure]:
    """Yield the size of a store with so many records, a tenth of them trades, and what questions about it cost."""
    for count in RECORDS:
        if count > most:
            break
        trades = int(count * TRADES_SHARE)
        with sqlite_store(Sizes(trades, min(trades, YEAR_OF_MINUTES), count)) as url, opened(url) as (desk, _settings):
            size = Path(url.removeprefix("sqlite:///")).stat().st_size
            yield from _of_store(desk, f"{count:,} records, {trades:,} trades", size / 2**20, count // 2)


def _of_store(desk: Desk, name: str, size: float, middle: int) -> Iterator[Figure]:
    yield Figure(f"{name}: size of the file", "SQLite", [size], unit=" MiB")
    began = time.thread_time()
    columns = desk.columns.trades()
    yield Figure(f"{name}: columns read at the first question", "CPU time, once", [time.thread_time() - began], unit=" s")
    held = sum(columns[column].nbytes for column in ("id", "at", "net_pnl", "fees", "duration_seconds", "status", "strategy", "symbol"))
    yield Figure(f"{name}: eight of the columns", "in memory", [held / 2**20], unit=" MiB")
    asked = {
        "first page of trades": lambda: desk.trades.page(TradeScope()),
        "a page of events in the middle": lambda: desk.live.search(ActivityScope(limit=100, before_id=middle)),
        "statistics over all": lambda: desk.trades.statistics(TradeStatisticsScope()),
        "equity at 2,000 points": lambda: desk.portfolio.equity(EquityScope(points=2000)),
    }
    for what, ask in asked.items():
        yield Figure(f"{name}: {what}", "CPU time of a call", [1000 * own_seconds(ask) for _ in range(ROUNDS)], unit=" ms")


# --- all of it -------------------------------------------------------------------------------------------------------

SWEEPS = ("bots", "viewers", "records")


def measure(sweeps: Sequence[str] = SWEEPS, most: int = 1_000_000) -> Section:
    """Return the figures of each step."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="botv2-scaling-") as name:
        folder = Path(name)
        steps = {"bots": partial(of_bots, folder / "bots"), "viewers": partial(of_viewers, folder), "records": partial(of_records, most)}
        for sweep in sweeps:
            print(f"scaling, {sweep}", end="\033[K\r", file=sys.stderr, flush=True)
            figures += steps[sweep]()
    note = f"One server of one process, SQLite, durability=full; viewers look on at {EVENTS_PER_SECOND:g} events a second, in a process beside it."
    return Section("Scaling", note, figures)


def main() -> int:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.scaling", description=__doc__)
    parser.add_argument("sweeps", nargs="*", metavar="SWEEP", help=f"some of {', '.join(SWEEPS)}; all without")
    parser.add_argument("--most", type=int, default=1_000_000, help="records of the largest store")
    parser.add_argument("--write", action="store_true", help="replace this measurement's section in bench/results.md")
    given = parser.parse_args()
    if unknown := set(given.sweeps) - set(SWEEPS):
        parser.error(f"no such sweep: {' '.join(sorted(unknown))}")
    report.run(partial(measure, given.sweeps or SWEEPS, given.most), write=given.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
