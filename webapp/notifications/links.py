"""Addresses for mail: whole, and made from the setting BASE_URL, never from a request's Host header."""

from __future__ import annotations

from typing import Any, cast

from flask import current_app

from webapp.config import Settings


def external_url(endpoint: str, **values: Any) -> str:
    """Return the whole address of a page, inside or outside a request."""
    settings = cast(Settings, current_app.config["SETTINGS"])
    return settings.base_url + current_app.url_map.bind("").build(endpoint, values)
