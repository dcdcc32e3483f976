"""Schemas of the document in words: one line a field, with what it may hold. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]
DEEPEST = 4
FORMATS = {
    "date-time": "instant",
    "date": "date",
    "uri": "web address",
    "email": "mail address",
    "binary": "file",
}
NAMES = {"boolean": "true or false", "integer": "whole number", "number": "number", "object": "object"}


@dataclass(frozen=True, slots=True)
class FieldWords:
    """A field or parameter: its path, what it may hold, whether it must be there, and more."""

    name: str
    kind: str
    required: bool
    about: str


def resolve(document: Document, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a ``$ref`` leads to; where several schemas are tried, the first that says something."""
    while True:
        if "$ref" in schema:
            found: Any = document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            schema = {**found, **{name: value for name, value in schema.items() if name != "$ref"}}
        elif tried := [one for key in ("anyOf", "oneOf", "allOf") for one in schema.get(key, ())]:
            rest = {name: value for name, value in schema.items() if name not in ("anyOf", "oneOf", "allOf")}
            first: Mapping[str, Any] = next((one for one in tried if one.get("type") != "null"), {})
            schema = {**first, **rest}
        else:
            return schema


def fields_of(document: Document, schema: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[FieldWords]:
    """Yield the fields of an object, those within it by their path: "features[].title"."""
    if depth > DEEPEST:
        return
    required = set(schema.get("required", ()))
    for name, inner in schema.get("properties", {}).items():
        found = resolve(document, inner)
        path = f"{prefix}{name}"
        yield FieldWords(path, type_words(document, found), name in required, str(found.get("description", "")))
        items = resolve(document, found["items"]) if "items" in found else None
        if items is not None:
            yield from fields_of(document, items, f"{path}[].", depth + 1)
        else:
            yield from fields_of(document, found, f"{path}.", depth + 1)


def type_words(document: Document, schema: Mapping[str, Any]) -> str:
    """Return what a value may be: "whole number, 1 to 100", "jee | neet | wbjee", "list of text"."""
    if "enum" in schema:
        return " | ".join(str(one).lower() if isinstance(one, bool) else str(one) for one in schema["enum"])
    kinds = schema.get("type", "")
    names = [kinds] if isinstance(kinds, str) else [name for name in kinds if name != "null"]
    kind = names[0] if names else ""
    if kind == "array":
        inner = type_words(document, resolve(document, schema.get("items", {})))
        words = f"list of {inner or 'anything'}"
    elif kind == "string":
        words = FORMATS.get(schema.get("format", ""), "text")
    else:
        words = NAMES.get(kind, "anything")
    bounds = _bounds(schema)
    null = ", or null" if isinstance(kinds, list) and "null" in kinds else ""
    default = f", else {schema['default']}" if schema.get("default") not in (None, "", [], {}) else ""
    return f"{words}{', ' if bounds else ''}{bounds}{null}{default}"


def _bounds(schema: Mapping[str, Any]) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if "exclusiveMinimum" in schema:
        return f"above {schema['exclusiveMinimum']:g}"
    if least is not None and most is not None and most < 10_000_000:
        return f"{least:g} to {most:g}"
    if least is not None:
        return f"{least:g} or more"
    if schema.get("maxLength"):
        return f"at most {schema['maxLength']} characters"
    return f"at most {schema['maxItems']}" if schema.get("maxItems") else ""
