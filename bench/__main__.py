"""`python -m bench`: runs the measurements one after the other; each is also a program of its own, such as `python -m bench.ingest`."""

import argparse
import sys

from bench import calls, ingest, page, pages, peers, report, scale, viewers

ROWS = {
    "ingest": ingest.measure,
    "page": page.measure,
    "viewers": viewers.measure,
    "calls": calls.measure,
    "scale": scale.measure,
    "metrics": peers.measure,
    "pages": pages.measure,
}


def main() -> int:
    """Run all rows, or those that are named."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"some of {' '.join(ROWS)}; all without")
    parser.add_argument("--write", action="store_true", help="replace each measurement's section in bench/results.md")
    parser.add_argument("--all", action="store_true", help="also the comparison of servers (bench.serving), several minutes more")
    given = parser.parse_args()
    if unknown := set(given.rows) - set(ROWS):
        parser.error(f"no such row: {' '.join(sorted(unknown))}")
    for name in given.rows or ROWS:
        report.run(ROWS[name], write=given.write)
    if given.all:
        from bench import serving

        return serving.main(["--write"] if given.write else [])
    return 0


if __name__ == "__main__":
    sys.exit(main())
