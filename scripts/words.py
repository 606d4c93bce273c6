"""Brings the message catalogues up to date with the texts in the code: `make words`, then translate what is empty in them."""

from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = ROOT / "components" / "languages"
# What holds texts, and how it is read; the first pattern that fits counts. The others' own scripts hold none of ours.
METHODS = [
    ("app/assets/vendor/**", "ignore"),
    ("app/rest/swagger_ui/**", "ignore"),
    ("app/assets/**.js", "javascript"),
    ("app/templates/**.html", "jinja2"),
    ("app/**.py", "python"),
    ("callbacks/**.py", "python"),
    ("components/**.py", "python"),
]
KEYWORDS = {"_": None, "N_": None, "plural": (1, 2), "botv2Words": None, "words": None}  # `words` is what scripts call botv2Words for short


def extracted() -> Catalog:
    """Return every text of the program, with the files that it stands in."""
    found = Catalog(fuzzy=False)
    for filename, line, message, _comments, _context in extract_from_dir(ROOT, METHODS, keywords=KEYWORDS):
        found.add(message, locations=[(filename, line)])
    return found


def catalogues() -> Iterator[tuple[str, Path, Catalog]]:
    """Yield language, file and content of every catalogue."""
    for path in sorted(LANGUAGES.glob("*.po")):
        with path.open("rb") as file:
            yield path.stem, path, read_po(file, locale=path.stem)


def main() -> None:
    """Add the new texts to every catalogue, remove those that are gone, and say what waits for a translation."""
    texts = extracted()
    for language, path, catalogue in catalogues():
        catalogue.update(texts, no_fuzzy_matching=True, update_creation_date=False)
        with path.open("wb") as file:
            write_po(file, catalogue, width=0, sort_output=True, ignore_obsolete=True, include_lineno=False)
        empty = [message.id for message in catalogue if message.id and not all(_forms(message.string))]
        print(f"{language}: {len(catalogue)} texts, {len(empty)} to translate")  # noqa: T201  # it is a command


def _forms(string: object) -> tuple[object, ...]:
    return tuple(string) if isinstance(string, list | tuple) else (string,)


if __name__ == "__main__":
    main()
