"""Addresses of pages, worked out once: nothing of ours depends on more than where the app is mounted."""

from __future__ import annotations

from typing import Any

from flask import current_app, request, url_for

MOST = 4096
EXTENSION = "paths"


def path_of(endpoint: str, **values: Any) -> str:
    """Return what `url_for` returns in a request; for addresses that the same pages show again and again."""
    known: dict[tuple[object, ...], str] = current_app.extensions.setdefault(EXTENSION, {})
    key = (request.script_root, endpoint, *values.items())
    found = known.get(key)
    if found is None:
        if len(known) >= MOST:
            known.clear()
        found = known[key] = url_for(endpoint, **values)
    return found
