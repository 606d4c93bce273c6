"""What breaks naive servers: bodies and values that every POST endpoint must refuse with a 4xx."""

import json
from collections.abc import Iterator
from typing import Any

DEEP = 100_000

# Values that are wrong in any field of any record, as they stand in JSON text.
VALUES = {
    "NUL in text": r'"a\u0000b"',
    "a lone surrogate": r'"\ud800"',
    "a reversed pair of surrogates": r'"\udc00\ud800"',
    "a raw control character": '"a\x01b"',
    "2^63": "9223372036854775808",
    "2^64": "18446744073709551616",
    "-2^63-1": "-9223372036854775809",
    "an integer of 400 digits": "9" * 400,
    "NaN": "NaN",
    "Infinity": "Infinity",
    "-Infinity": "-Infinity",
    "1e999": "1e999",
    "true": "true",
    "null in a required field": "null",
    "an array": "[1]",
    "an object": '{"a": 1}',
    "a long text": '"' + "x" * 2001 + '"',
    "deep nesting": "[" * DEEP + "]" * DEEP,
    "deep objects": '{"a":' * 20_000 + "1" + "}" * 20_000,
}

BODIES = {
    "nothing": b"",
    "blanks": b"  \n",
    "not JSON": b"{'a': 1}",
    "half of JSON": b'{"a": ',
    "two values": b"{} {}",
    "an empty array": b"[]",
    "null": b"null",
    "a number": b"1",
    "text": b'"text"',
    "an empty object": b"{}",
    "NaN": b"NaN",
    "not UTF-8": b'{"message": "\xff\xfe"}',
    "NUL": b"\x00",
    "UTF-16": '{"message": "m"}'.encode("utf-16"),
    "deep nesting": b"[" * DEEP + b"]" * DEEP,
    "deep nesting without an end": b"[" * DEEP,
}

NOT_NUMBERS = ["1", "1e3", "", True, False, None, [], {}, 2**63, 2**64, -(2**63) - 1]
NOT_TEXT = [1, 1.5, True, [], {}, None]


def bodies_with(record: dict[str, Any], field: str) -> Iterator[tuple[str, bytes]]:
    """Yield a name and the body of a record in which one field holds each nasty value."""
    mark = "@@nasty@@"
    text = json.dumps({**record, field: mark})
    for name, value in VALUES.items():
        yield name, text.replace(f'"{mark}"', value).encode("utf-8", "surrogatepass")
