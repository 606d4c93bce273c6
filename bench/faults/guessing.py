"""Who guesses: how many guesses reach the password's hash, what the answers tell, and what many sign-ins at once cost (S9, S10, S11).

    python -m bench.faults.guessing --tries 200 --guesses 1000 --sign-ins 100

With `--control` the server runs without limits, and S11 must fail.
"""

import argparse
import http.client
import statistics
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

from bench.program import PASSWORD, Program

PAGE_KIB = 4
ELSEWHERE = "127.0.0.2"  # another address of this machine, from which the owner comes


def sign_in(program: Program, name: str, password: str, address: str = "127.0.0.1") -> tuple[int, bytes, float]:
    """Return status, body and seconds of one try."""
    connection = http.client.HTTPConnection("127.0.0.1", program.port, timeout=60, source_address=(address, 0))
    began = time.perf_counter()
    try:
        form = urlencode({"username": name, "password": password})
        connection.request("POST", "/login", form, {"Content-Type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        return answer.status, answer.read(), time.perf_counter() - began
    finally:
        connection.close()


def resident(program: Program) -> float:
    """Return the MiB that the server's processes hold."""
    pages = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int((folder / "stat").read_text().rpartition(")")[2].split()[2]) == program.group:
                pages += int((folder / "statm").read_text().split()[1])
        except (OSError, ValueError):
            continue  # it ended meanwhile
    return pages * PAGE_KIB / 1024


def enumeration(program: Program, tries: int) -> bool:
    """S10: an unknown name and a wrong password, in turn."""
    answers: dict[str, list[tuple[int, bytes, float]]] = {"admin": [], "nobody": []}
    for number in range(tries):
        for name in sorted(answers, reverse=bool(number % 2)):  # neither always follows the other
            answers[name].append(sign_in(program, name, "wrong password"))
    medians = [statistics.median(seconds for _status, _body, seconds in told) * 1000 for told in answers.values()]
    bodies = {(status, body) for told in answers.values() for status, body, _seconds in told}
    apart = abs(medians[0] - medians[1])
    return say(
        "S10", apart < 5 and len(bodies) == 1, f"medians {medians[0]:.1f} and {medians[1]:.1f} ms, {apart:.2f} apart; {len(bodies)} different answers"
    )


def many_at_once(program: Program, count: int) -> bool:
    """S9: right passwords in parallel, while somebody else asks for /health."""
    before, most, waits, over = resident(program), 0.0, list[float](), threading.Event()

    def watch() -> None:
        nonlocal most
        while not over.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", program.port, timeout=60)
            began = time.perf_counter()
            connection.request("GET", "/health")
            connection.getresponse().read()
            waits.append(time.perf_counter() - began)
            connection.close()
            most = max(most, resident(program))

    watcher = threading.Thread(target=watch)
    watcher.start()
    with ThreadPoolExecutor(count) as pool:
        statuses = list(pool.map(lambda _: sign_in(program, "admin", PASSWORD)[0], range(count)))
    over.set()
    watcher.join()
    p95 = sorted(waits)[int(len(waits) * 0.95)] * 1000
    told = f"{statuses.count(302)} of {count} signed in, {most - before:.0f} MiB more at most, p95 of /health beside them {p95:.0f} ms"
    return say("S9", most - before < 200 and p95 < 500 and statuses.count(302) == count, told)


def guesses(program: Program, count: int) -> bool:
    """S11: as many guesses as there is time for, from one address; then the owner from another."""
    began = time.monotonic()
    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(lambda _: sign_in(program, "admin", "wrong password")[0], range(count)))
    minutes = int((time.monotonic() - began) // 60) + 1
    owner = sign_in(program, "admin", PASSWORD, ELSEWHERE)[0]
    reached = count - statuses.count(429)
    told = f"{reached} of {count} guesses in {time.monotonic() - began:.0f} s reached the hash, {statuses.count(401)} of them answered 401"
    return say("S11", reached <= 10 * minutes and owner == 302, f"{told}; the owner from elsewhere got {owner}")


def say(row: str, holds: bool, told: str) -> bool:
    """Print a row's figures and whether it holds; returns that."""
    print(f"{row}: {told}: {'PASS' if holds else 'FAIL'}", flush=True)
    return holds


def main() -> int:
    """Measure the rows and return 1 when one does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tries", type=int, default=200, help="of S10, for each of both names")
    parser.add_argument("--guesses", type=int, default=1_000, help="of S11")
    parser.add_argument("--sign-ins", type=int, default=100, help="of S9, all at once")
    parser.add_argument("--control", action="store_true", help="without limits: S11 must fail")
    given = parser.parse_args()
    held = []
    with tempfile.TemporaryDirectory(prefix="botv2-guessing-") as folder:
        for name, limits in (("open", "off"), ("limited", "off" if given.control else "on")):
            program = Program(Path(folder) / name, "app", "run", BOTV2_RATE_LIMITS=limits)
            program.start()
            try:
                if name == "open":
                    held += [enumeration(program, given.tries), many_at_once(program, given.sign_ins)]
                else:
                    held.append(guesses(program, given.guesses))
            finally:
                program.stop()
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
