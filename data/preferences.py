"""What each person has chosen: language, formats, time zone, columns, saved views and presets.

A preference is a name and a JSON value; what a value may be is said by the type of its name in `KNOWN`.
"""

from typing import Annotated, Any, Literal

import orjson
from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter, ValidationError
from sqlalchemy import delete, select

from data import times
from data.accounts.recall import Recall
from data.edits import Body, Switch
from data.errors import Code, Refused
from data.fields import JSON_BYTES, NO_NUL, Currency, Name
from data.records import faults
from data.schema import Preference
from data.store import Store
from data.upsert import upsert

AUTO = "auto"
MOST_SAVED = 50
MOST_COLUMNS = 100
Language = Literal["auto", "en", "es", "de", "fr"]
Label = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=80, pattern=NO_NUL)]
Path = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200, pattern=r"^/[^\x00]*$")]
Query = Annotated[str, StringConstraints(strict=True, max_length=2000, pattern=NO_NUL)]
Width = Annotated[float, Field(strict=True, ge=0, le=10_000, allow_inf_nan=False)]


def _as_chosen_zone(name: str) -> str:
    return name if name == AUTO else times.as_zone(name)


class View(Body):
    """A page as somebody has arranged it: its path, and range and filters as the address's query has them."""

    name: Label
    path: Path
    search: Query


class Preset(Body):
    """The filters of one panel."""

    name: Label
    panel: Label
    search: Query


class TableColumns(Body):
    """The columns of a table: which are hidden, in which order the others stand, how wide they are (in pixels)."""

    hidden: Annotated[list[Label], Field(default_factory=list, max_length=MOST_COLUMNS)]
    order: Annotated[list[Label], Field(default_factory=list, max_length=MOST_COLUMNS)]
    widths: Annotated[dict[Label, Width], Field(default_factory=dict, max_length=MOST_COLUMNS)]


KNOWN: dict[str, TypeAdapter[Any]] = {
    "language": TypeAdapter(Language),
    "number_format": TypeAdapter(Language),
    "time_zone": TypeAdapter(Annotated[Name, AfterValidator(_as_chosen_zone)]),
    "currency": TypeAdapter(Currency | None),
    "views": TypeAdapter(Annotated[list[View], Field(max_length=MOST_SAVED)]),
    "presets": TypeAdapter(Annotated[list[Preset], Field(max_length=MOST_SAVED)]),
    "columns": TypeAdapter(Annotated[dict[Label, TableColumns], Field(max_length=MOST_SAVED)]),
    "pair": TypeAdapter(Literal["teal-coral", "blue-orange", "red-green"]),
    "hide_amounts": TypeAdapter(Switch),
}


class Preferences:
    """The preferences of all users of one store; safe to share between threads. Another process's changes count within two seconds."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: Recall[dict[str, Any]] = Recall()

    def of(self, user_id: int) -> dict[str, Any]:
        """Return what a user has chosen, name -> value; a name that was never chosen, or is known no more, is missing."""
        return dict(self._known.get(str(user_id), self._load) or {})

    def put(self, user_id: int, name: str, value: Any) -> Any:
        """Remember what a user has chosen and return it as it is kept.

        Raises `Refused`: `not_found` for an unknown name, `invalid_fields` for a value that this name cannot have.
        """
        chosen = _checked(name, value)
        row = {"user_id": user_id, "name": name, "value": chosen, "updated_at": times.now()}
        with self._store.write() as connection:
            upsert(connection, Preference, ("user_id", "name"), [row])
        self._known.forget()
        return chosen

    def remove(self, user_id: int, name: str) -> bool:
        """Forget what a user has chosen; return whether there was anything. Raises `Refused` (`not_found`) for an unknown name."""
        _kind(name)
        with self._store.write() as connection:
            gone = connection.execute(delete(Preference).where(Preference.user_id == user_id, Preference.name == name)).rowcount
        self._known.forget()
        return bool(gone)

    def _load(self, user_id: str) -> dict[str, Any]:
        query = select(Preference.name, Preference.value).where(Preference.user_id == int(user_id))
        with self._store.read() as connection:
            return {row.name: row.value for row in connection.execute(query) if row.name in KNOWN}


def _kind(name: str) -> TypeAdapter[Any]:
    if name not in KNOWN:
        raise Refused(Code.NOT_FOUND, "there is no such preference", fields={"name": f"must be one of {', '.join(KNOWN)}"})
    return KNOWN[name]


def _checked(name: str, value: Any) -> Any:
    try:
        kind = _kind(name)
        chosen = kind.dump_python(kind.validate_python(value), mode="json")
    except ValidationError as error:
        named = {f"value.{place}".rstrip("."): fault for place, fault in faults(error).items()}
        raise Refused(Code.INVALID_FIELDS, "this preference cannot have that value", fields=named) from None
    if len(orjson.dumps(chosen)) > JSON_BYTES:
        raise Refused(Code.INVALID_FIELDS, "this preference is too large", fields={"value": f"must be at most {JSON_BYTES // 1024} kB as JSON"})
    return chosen
