"""A value that a schema allows, for people to look at: its example where it has one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webapp.api.schema_words import DEEPEST, Document, resolve

TEXTS = {
    "date-time": "2026-12-12T04:30:00.000Z",
    "date": "2026-12-12",
    "uri": "https://meet.example/abc",
    "email": "ananya@example.in",
}
BY_NAME = {
    "name": "Ananya Chatterjee",
    "email": "ananya@example.in",
    "phone": "+919876543210",
    "title": "JEE Complete",
    "currency": "INR",
    "timezone": "Asia/Kolkata",
    "price": 14999,
    "amount": 14999,
    "message": "Done.",
    "slug": "jee-complete",
}


def sample_of(document: Document, schema: Mapping[str, Any], name: str = "", depth: int = 0) -> Any:
    """Return an example of what a schema allows."""
    schema = resolve(document, schema)
    for key in ("example", "default", "const"):
        if key in schema:
            return schema[key]
    if "enum" in schema:
        return schema["enum"][0]
    kinds = schema.get("type", "object" if "properties" in schema else "")
    kind = kinds if isinstance(kinds, str) else next((one for one in kinds if one != "null"), "")
    if kind == "object" or "properties" in schema:
        inner = schema.get("properties", {}) if depth <= 2 * DEEPEST else {}
        return {key: sample_of(document, value, key, depth + 1) for key, value in inner.items()}
    if kind == "array":
        return [sample_of(document, schema.get("items", {}), name.removesuffix("s"), depth + 1)]
    return _plain(kind, schema, name)


def _plain(kind: str, schema: Mapping[str, Any], name: str) -> Any:
    if kind == "boolean":
        return True
    if kind in ("integer", "number"):
        known = BY_NAME.get(name)
        return known if isinstance(known, int) else max(1, int(schema.get("minimum", 1)))
    if kind == "string":
        return BY_NAME.get(name) or TEXTS.get(schema.get("format", ""), "…")
    return None
