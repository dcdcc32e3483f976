"""Roughly where an address is, looked up in a database on this machine (GEO_DATABASE); nobody else is asked."""

from __future__ import annotations

from typing import Any, cast

import maxminddb
import structlog
from flask import current_app

from webapp.config import Settings

log = structlog.get_logger(__name__)
LONGEST_PLACE = 120
_OPENED = "geo_database"


def place_of(address: str) -> str:
    """Return a place such as "Kolkata, India"; "" without a database, or where it does not know the address."""
    reader = _reader()
    if reader is None:
        return ""
    try:
        found = reader.get(address)
    except (ValueError, maxminddb.InvalidDatabaseError) as error:
        log.info("place_not_found", error=str(error))
        return ""
    return _words(found) if isinstance(found, dict) else ""


def _words(found: dict[str, Any]) -> str:
    """Read a record as MaxMind's and DB-IP's city and country databases write it."""
    names = [_name(found.get("city")), _name(found.get("country") or found.get("registered_country"))]
    return ", ".join(name for name in names if name)[:LONGEST_PLACE]


def _name(part: object) -> str:
    names = part.get("names") if isinstance(part, dict) else None
    name = names.get("en") if isinstance(names, dict) else None
    return name if isinstance(name, str) else ""


def _reader() -> maxminddb.Reader | None:
    path = cast(Settings, current_app.config["SETTINGS"]).geo_database
    if path is None:
        return None
    opened = current_app.extensions.get(_OPENED)
    if opened is None or opened[0] != path:
        opened = path, maxminddb.open_database(path)
        current_app.extensions[_OPENED] = opened
    return cast(maxminddb.Reader, opened[1])
