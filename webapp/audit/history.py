"""The history of one thing, for its own page: put `audit/_history.html` there."""

from __future__ import annotations

from webapp.audit.people import names_of
from webapp.audit.presenters import Line, keys_in, lines_of
from webapp.audit.queries import entries_about, entries_of

LIMIT = 20


def history_of(entity: str, entity_id: str, *, zone: str, limit: int = LIMIT) -> list[Line]:
    """Return the latest changes of one thing in words ("package", its public id); at most one statement and its names.

    `{% with history = … %}{% include "audit/_history.html" %}{% endwith %}` shows them.
    """
    entries = entries_of(entity, entity_id, limit=limit)
    return lines_of(entries, names_of(keys_in(entries)), zone=zone)


def history_about(user_id: int, *, zone: str, limit: int | None = LIMIT) -> list[Line]:
    """Return the latest entries about one person (by key), whatever thing they are of."""
    entries = entries_about(user_id, limit=limit)
    return lines_of(entries, names_of(keys_in(entries)), zone=zone)
