"""S17: 30 payloads, each alone in every string of every record, on every page in Chromium, in each chart's file and in the drill-downs.

`--control` puts one of them into a page as HTML instead; that must be found. Takes about five minutes.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from app.pages import PAGES
from tests.support.chromium import Chromium
from tests.support.page import script, sign_in
from tests.support.planted import PAYLOADS, STARTERS, arrive, faults, plant, walk, walk_details
from tests.support.server import LiveServer


def run(folder: Path, *, pages: int, control: bool) -> int:
    """Print the faults of each page and return how many there were."""
    server, chromium = LiveServer(folder, BOTV2_RATE_LIMITS="off"), Chromium()
    total = 0
    try:
        server.start()
        plant(server, PAYLOADS)
        page = chromium.window()
        sign_in(page, server)
        if control:
            arrive(page, server, "/settings")
            script(page, "document.body.insertAdjacentHTML('beforeend', arguments[0])", PAYLOADS[STARTERS])
            time.sleep(1)
            return len(faults(page))
        rows = [(path, lambda path=path: walk(page, server, path)) for path in list(PAGES)[:pages]]
        rows += [(f"details of {name[:30]}", lambda name=name: walk_details(page, server, name)) for name in PAYLOADS[STARTERS : STARTERS + pages]]
        for title, walked in rows:
            found = walked()
            total += len(found)
            print(f"{title}: {len(found)} faults", *found[:3], sep="\n  ")
    finally:
        chromium.quit()
        server.kill()
    return total


def main() -> int:
    """Run it and return 1 when a payload was more than text, or when the control found nothing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=len(PAGES), help="how many of them, and of payloads in drill-downs")
    parser.add_argument("--control", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="botv2-payloads-") as folder:
        found = run(Path(folder), pages=given.pages, control=given.control)
    held = not found
    print(f"S17 {len(PAYLOADS)} payloads, {given.pages} pages: {found} faults: {'PASS' if held else 'FAIL'}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
