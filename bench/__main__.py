"""`python -m bench`: runs the measurements one after the other; each is also a program of its own, such as `python -m bench.ingest`."""

import argparse
import importlib
import sys

from bench import report

# What each row of the specification's table is measured by; a module brings what it needs when its row is run.
ROWS = {
    "ingest": "one record and batches ÷ the bare route and bare SQL",
    "page": "POST → changed page in Chromium",
    "viewers": "an idle viewer",
    "callback": "a panel's callback ÷ one that has nothing new",
    "calls": "what a call of the client costs the bot",
    "scale": "pages of a million trades ÷ of a thousand and bare SQL, figures ÷ bare numpy",
    "reads": "equity ÷ pandas.read_sql, statistics per strategy ÷ GROUP BY",
    "peers": "five metrics ÷ numpy by hand, empyrical, quantstats",
    "payload": "a chart's bytes and points",
    "pages": "charts, filters, a dialog, an idle page",
    "peer_pages": "first and repeated visit ÷ Dash as shipped, Streamlit",
    "lighthouse": "Lighthouse, beside Dash as shipped and Streamlit",
    "freqtrade": "list of trades ÷ freqtrade's API",
}
LONG = {
    "usable": "each page of a big store, from the navigation to usable; memory of the server",
    "memory": "ten million records and 500 viewers; makes a store of 5 GB",
    "scaling": "how cost grows with bots, viewers, records",
}


def _run(name: str, *, write: bool) -> None:
    report.run(importlib.import_module(f"bench.{name}").measure, write=write)


def main() -> int:
    """Run all rows, or those that are named."""
    listed = "\n".join(f"  {name:<12}{words}" for name, words in (ROWS | LONG).items())
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=f"{__doc__}\n\n{listed}", formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"some of these; all but {', '.join(LONG)} without")
    parser.add_argument("--write", action="store_true", help="replace each measurement's section in bench/results.md")
    parser.add_argument("--all", action="store_true", help="also what takes long, and the comparison of servers (bench.serving), half an hour more")
    given = parser.parse_args()
    if unknown := set(given.rows) - set(ROWS) - set(LONG):
        parser.error(f"no such row: {' '.join(sorted(unknown))}")
    for name in given.rows or [*ROWS, *(LONG if given.all else ())]:
        _run(name, write=given.write)
    if given.all:
        from bench import serving

        return serving.main(["--write"] if given.write else [])
    return 0


if __name__ == "__main__":
    sys.exit(main())
