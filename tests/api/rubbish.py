"""What nobody should send, made from what they should."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

from webapp.api.schema_words import Document, resolve

MEGABYTE = 1024 * 1024
DEEP = 5000


def bodies(example: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Yield what is no JSON object of ours, whatever the endpoint."""
    good = json.dumps(example).encode()
    yield "broken", good[:-1] or b"{"
    yield "nothing but a bracket", b"{"
    yield "two values", good + good
    yield "an array", b"[" + good + b"]"
    yield "a text", b'"text"'
    yield "null", b"null"
    yield "a number", b"7"
    yield "a key twice", b'{"a": 1, "a": 2}'
    yield "a key twice within", b'{"a": {"b": 1, "b": 1}}'
    yield "not UTF-8", b'{"a": "\xff\xfe"}'
    yield "UTF-16", json.dumps(example).encode("utf-16")
    yield "NaN", b'{"a": NaN}'
    yield "Infinity", b'{"a": -Infinity}'
    yield "half a surrogate pair", b'{"a": "\\ud800"}'
    yield "half a pair as a key", b'{"\\udfff": 1}'
    yield "NUL", b'{"a": "\\u0000"}'
    yield "deep arrays", b'{"a": ' + b"[" * DEEP + b"]" * DEEP + b"}"
    yield "deep objects", b'{"a": ' * DEEP + b"1" + b"}" * DEEP
    yield "a million digits", b'{"a": ' + b"9" * 1_000_000 + b"}"
    yield "a huge power", b'{"a": 1e999999}'
    yield "a field nobody knows", b'{"nobodyKnowsThis": 1}'


WRONG: dict[str, tuple[Any, ...]] = {
    "string": (5, [], "x" * 70_000),
    "integer": ("5", 2**63, 1.5, True),
    "number": ("5", 2**63, True, -1e30),
    "boolean": ("true", 1),
    "array": ({}, "a,b", [[]]),
    "object": ([], "text"),
}
TIMES = ("2026-02-30", "2026-02-30T10:00:00Z", "yesterday", "9999-12-31T23:59:59Z", 1e12)


def wrong_values(document: Document, schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield (field, value) for every field of a body: values of another kind, beyond every bound."""
    for name, inner in resolve(document, schema).get("properties", {}).items():
        found = resolve(document, inner)
        kinds = found.get("type", ())
        kind = kinds if isinstance(kinds, str) else next((one for one in kinds if one != "null"), "")
        values = WRONG.get(kind, ())
        if str(found.get("format", "")).startswith("date"):
            values = (*TIMES, *values)
        if "enum" in found:
            values = ("nobody-knows-this", *values)
        for value in values:
            yield name, value


def queries(known: list[Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    """Yield parameters that must be refused."""
    yield {"nobodyKnowsThis": "1"}
    names = {one["name"]: one["schema"] for one in known}
    if "page" in names:
        for value in ("0", "-1", "1.5", "one", str(2**63), "1e3", "", "٣"):
            yield {"page": value}
    if "limit" in names:
        for value in ("0", "101", "-5", str(2**64), "NaN"):
            yield {"limit": value}
    for name, schema in names.items():
        if "enum" in schema:
            yield {name: "nobody-knows-this"}
        if str(schema.get("format", "")).startswith("date"):
            yield from ({name: str(value)} for value in TIMES[:4])
        if schema.get("type") == "boolean":
            yield {name: "yes"}
        if schema.get("type") in ("integer", "number"):
            yield {name: "Infinity"}
        yield {name: "\x00"}


def tokens(good: str) -> Iterator[tuple[str, str]]:
    """Yield (code it is answered with, token): malformed, changed, unsigned."""
    head, claims, signature = good.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    for token in (
        f"{none}.{claims}.",
        f"{none}.{claims}.{signature}",
        f"{head}.{claims}.",
        f"{head}.{claims}",
        f"{head}.{claims[:-2]}.{signature}",
        f"{head}.{claims}.{signature[::-1]}",
        "nonsense",
        "a.b.c",
        "." * 5,
        "x" * 4000,
    ):
        yield "INVALID_TOKEN", token
