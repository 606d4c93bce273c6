"""Makes the production build of scripts and styles into app/dist, with esbuild: `python build.py --mode production`. `make build` does its set-up.

The program uses it while it fits the sources, and needs neither it nor Node.js: without it, all is served as shipped.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dash
import dash_ag_grid
import dash_bootstrap_components
from dash import _dash_renderer, dcc, html

from app import bundle
from app.version import RELEASE

ROOT = Path(__file__).parent
FRONTEND = ROOT / "frontend"
DASH = Path(dash.__file__).parent
# What the charts draw; a test holds it against components/charts.
TRACES = ("bar", "box", "candlestick", "heatmap", "pie", "sankey", "scatter", "scatterpolar", "treemap")
# What plotly.js's core brings and no layout of ours asks for.
UNUSED = ("annotations3d", "images", "rangeselector", "rangeslider", "sliders", "updatemenus")
FIELDS = "^(form|is|was)-"  # the classes that dash-bootstrap-components gives to its fields
CHUNKS = ("datepicker", "dropdown", "graph", "highlight", "markdown", "slider", "upload")  # what dcc loads when it is needed; MathJax never is
ON_DEMAND = ("dash/async-", "grids/", "dash_bootstrap_components.js", "plotly.js")  # what the first page's document does not load
BUDGET = 275_000  # bytes of what the document loads, as brotli
Source = dict[str, str]


class BuildError(Exception):
    """What stopped the build, for the person who started it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Build as the command line says; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mode", choices=("production", "development"), default="production", help="development: not minified, with source maps")
    parser.add_argument("--analyze", action="store_true", help="also say what plotly.js is made of")
    parser.add_argument("--watch", action="store_true", help="build again whenever a source has changed")
    parser.add_argument("--folder", type=Path, default=bundle.FOLDER, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    while True:
        begun = bundle.inputs_digest()
        status = _tell(options)
        if not options.watch:
            return status
        while bundle.inputs_digest() == begun:
            time.sleep(0.5)


def _tell(options: argparse.Namespace) -> int:
    try:
        manifest, analysis = build(options.mode, options.folder, analyze=options.analyze)
    except (BuildError, OSError) as error:
        print(f"build failed: {error}", file=sys.stderr)  # noqa: T201  # a command prints
        return 1
    print(*summary(manifest), *([analysis] if options.analyze else []), sep="\n")  # noqa: T201  # as above
    return 0


def build(mode: str, folder: Path, *, analyze: bool = False) -> tuple[dict[str, Any], str]:
    """Make the build and put it into `folder`, whole, in the place of what was there; returns its manifest and esbuild's analysis.

    Raises `BuildError`; `folder` is then as it was.
    """
    with tempfile.TemporaryDirectory(prefix="build-", dir=folder.parent) as work:
        fresh = Path(work) / "dist"
        fresh.mkdir()
        made = _pack({"mode": mode, "folder": str(fresh), "analyze": analyze, "plotly": _plotly_version(), "files": plan()})
        manifest = {
            "version": RELEASE,
            "build_time": build_time(),
            "mode": mode,
            "inputs": bundle.inputs_digest(),
            "files": made["files"],
            "totals": {size: sum(file[size] for file in made["files"].values()) for size in ("original", "minified", "gzip", "brotli")},
            "replaces": replaced(),
        }
        (fresh / bundle.MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
        (fresh / "LICENCES.txt").write_text("\n\n".join(licences(made["packages"])))
        if folder.exists():
            folder.rename(Path(work) / "before")
        fresh.rename(folder)
    return manifest, made["analysis"]


def plan() -> list[dict[str, Any]]:
    """Return the files to make, each of which sources, in their order."""
    loaded = [file for file in bundle.own_files() if file.relative_to(bundle.ASSETS).parts[0] not in bundle.APART]
    components = [*_renderer(), *_of(dcc, "dash"), *_of(html, "dash")]
    files: list[dict[str, Any]] = [
        {"key": bundle.THEME, "sources": [_own(bundle.ASSETS / "head/theme.js")]},
        {"key": bundle.STYLE, "sources": [_own(file) for file in loaded if file.suffix == ".css"], "purge": _purge()},
        {"key": "libraries.js", "kind": "shipped", "sources": _dependencies()},
        {"key": "app.js", "sources": [_own(file) for file in loaded if file.suffix == ".js"]},
        {"key": "dash_renderer.js", "group": "dash", "kind": "shipped", "sources": components, "tail": "var renderer = new DashRenderer();"},
        *({"key": f"async-{name}.js", "group": "dash", "kind": "shipped", "sources": [_shipped(f"dcc/async-{name}.js")]} for name in CHUNKS),
        {"key": "dash_bootstrap_components.js", "kind": "shipped", "sources": _of(dash_bootstrap_components, "dash_bootstrap_components")},
        *({"key": name, "group": "grids", "kind": "shipped", "sources": [_grids(name)]} for name in ("dash_ag_grid.min.js", "async-community.js")),
        {"key": bundle.PLOTLY, "kind": "plotly", "sources": [], "traces": list(TRACES), "unused": list(UNUSED)},
    ]
    return [{"group": "", "kind": "own", "tail": "", **file} for file in files]


def _purge() -> dict[str, Any]:
    """Return the sheet of which rules for what we do not use are left out, and where it shows what we use."""
    used = [*bundle.markup_files(), *(file for file in bundle.own_files() if file.suffix == ".js")]
    return {"name": "/assets/00-bootstrap.min.css", "content": [str(file) for file in used], "safe": FIELDS}


def replaced() -> list[str]:
    """Return the paths of what need not be loaded beside the build."""
    unused = [_shipped("dash_table/bundle.js")]  # Dash loads it on every page; no table of ours is one of its
    names = {source["name"] for file in plan() if file["key"] in {Path(key).name for key in bundle.SCRIPTS} for source in file["sources"]}
    return sorted(names | {source["name"] for source in unused})


def _own(file: Path) -> Source:
    return {"name": f"/assets/{file.relative_to(bundle.ASSETS)}", "file": str(file)}


def _shipped(path: str) -> Source:
    return {"name": f"/_dash-component-suites/dash/{path}", "file": str(DASH / path)}


def _grids(name: str) -> Source:
    return {"name": f"/_dash-component-suites/dash_ag_grid/{name}", "file": str(Path(dash_ag_grid.__file__).parent / name)}


def _dependencies() -> list[Source]:
    """Return React and what else Dash's renderer stands on, as Dash ships it for production.

    Of its polyfill they need what runs their generators; the rest is for browsers that could not run our scripts either.
    """
    found = [_shipped(path) for group in _dash_renderer._js_dist_dependencies for path in group["relative_package_path"]["prod"]]
    generators = str(FRONTEND / "node_modules/regenerator-runtime/runtime.js")
    return [{**source, "file": generators} if "/polyfill@" in source["name"] else source for source in found]


def _renderer() -> list[Source]:
    known: Any = _dash_renderer._js_dist
    return [_shipped(file["relative_package_path"]) for file in known if not file.get("dynamic")]


def _of(library: Any, package: str) -> list[Source]:
    """Return the scripts that a library of components has every page load."""
    loaded = [file["relative_package_path"] for file in library._js_dist if not {"dynamic", "async", "dev_only"} & file.keys()]
    return [{"name": f"/_dash-component-suites/{package}/{path}", "file": str(DASH.parent / package / path)} for path in loaded]


def _plotly_version() -> str:
    """Return the version of the plotly.js that plotly.py ships. Raises `BuildError` when the one from npm is another."""
    with (DASH.parent / "plotly/package_data/plotly.min.js").open(encoding="utf-8") as shipped:
        version = re.search(r"plotly\.js v([\d.]+)", shipped.read(400))
    try:
        installed: str = json.loads((FRONTEND / "node_modules/plotly.js/package.json").read_text())["version"]
    except OSError:
        raise BuildError("what npm installs is missing: `make build`, or `npm ci --ignore-scripts` in frontend/") from None
    if version is None or version[1] != installed:
        raise BuildError(f"plotly.py ships plotly.js {version and version[1]}, frontend/package.json names {installed}")
    return installed


def _pack(order: dict[str, Any]) -> dict[str, Any]:
    node = shutil.which("node")
    if node is None:
        raise BuildError("Node.js 18 or newer is needed (only for the build)")
    done = subprocess.run([node, "pack.mjs"], cwd=FRONTEND, input=json.dumps(order), capture_output=True, text=True, check=False)  # noqa: S603  # found above
    if done.returncode:
        raise BuildError(done.stderr.strip())
    return dict(json.loads(done.stdout))


def build_time() -> str:
    """Return the moment that the build bears: SOURCE_DATE_EPOCH, the last commit's, or the newest source's; the same source gives it again."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not given and (git := shutil.which("git")):
        asked = subprocess.run([git, "-C", str(ROOT), "log", "-1", "--format=%ct"], capture_output=True, text=True, check=False)  # noqa: S603  # as above
        given = asked.stdout.strip()
    if given and not given.isdecimal():
        raise BuildError("SOURCE_DATE_EPOCH is no number of seconds")
    seconds = int(given) if given else max(int(file.stat().st_mtime) for file in bundle.own_files())
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def licences(packages: Sequence[str]) -> list[str]:
    """Return the licences of what others wrote, each under its name; `packages` are those of npm that plotly.js is made of."""
    homes = [*sorted(DASH.rglob("*.min.js.LICENSE.txt")), *sorted((DASH / "dcc").glob("*.LICENSE.txt"))]
    for name in ("dash", "dash_ag_grid", "dash_bootstrap_components"):
        homes += sorted(DASH.parent.glob(f"{name}-*.dist-info/licenses/*"))
    homes += sorted(bundle.ASSETS.rglob("*LICENSE.txt"))
    homes += [file for package in packages for file in sorted((FRONTEND / package).glob("LICEN[CS]E*"))]
    shown = (file.relative_to(DASH.parent if DASH.parent in file.parents else ROOT) for file in homes)
    return [f"{'=' * 20} {name}\n\n{file.read_text(errors='replace').strip()}" for name, file in zip(shown, homes, strict=True)]


def summary(manifest: dict[str, Any]) -> list[str]:
    """Return the table of what was made, in kB, and whether what the document loads is small enough."""
    sizes = ("original", "minified", "gzip", "brotli")
    rows = {**manifest["files"], "all": manifest["totals"]}
    lines = [f"{'file':32}" + "".join(f"{size:>12}" for size in sizes)]
    lines += [f"{key:32}" + "".join(f"{row[size] / 1000:12,.1f}" for size in sizes) + f"  {row.get('name', '')}" for key, row in rows.items()]
    first = sum(row["brotli"] for key, row in manifest["files"].items() if not key.startswith(ON_DEMAND))
    verdict = "within" if first <= BUDGET else "OVER"
    said = f"{first / 1000:,.1f} kB (brotli) are loaded by the document, {verdict} the {BUDGET / 1000:,.0f} kB it may have"
    return [*lines, "", f"{manifest['mode']} build of {manifest['version']}, {manifest['build_time']}: {said}."]


if __name__ == "__main__":
    sys.exit(main())
