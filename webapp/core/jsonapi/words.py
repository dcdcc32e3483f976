"""Names and words of the JSON door: camelCase out there, and messages that name the field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

UNKNOWN_FIELD = "is not a field here."
UNKNOWN_PARAMETER = "is not a parameter here."
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def camel(name: str) -> str:
    """Return a name as programs write it: "discount_price" → "discountPrice"; "_id" and paths keep their shape."""
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest) if head else name


def camel_path(path: str) -> str:
    """Return a path of field names in camelCase: "features.0.short_title" → "features.0.shortTitle"."""
    return ".".join(camel(part) for part in path.split("."))


def label(path: str) -> str:
    """Return how a person calls a field: "features.0.shortTitle" → "Short title"."""
    names = [part for part in path.split(".") if not part.isdigit()]
    words = _WORD.sub(" ", (names[-1] if names else path).lstrip("_").replace("_", " ")).lower()
    return words[:1].upper() + words[1:]


def field_errors(messages: Any) -> dict[str, str]:
    """Flatten what validation says into path → sentence, one a field.

    Our own fields speak without a subject ("must be a positive number"); the field's name goes before it.
    """
    found: dict[str, str] = {}
    for path, text in _walk(messages, ""):
        found.setdefault(path, f"{label(path)} {text}" if text[:1].islower() else text)
    return found


def _walk(messages: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(messages, dict):
        for name, inner in messages.items():
            here = path if name == "_schema" else (f"{path}.{name}" if path else str(name))
            yield from _walk(inner, here)
    elif isinstance(messages, list):
        for text in messages:
            yield from _walk(text, path)
    else:
        yield path or "body", str(messages)
