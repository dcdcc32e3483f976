"""What the address of the log's page asks for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from webapp.audit.models import ActorKind
from webapp.audit.people import actor_key
from webapp.audit.queries import AuditFilter
from webapp.core.times import zone_info

NAMES = ("actor", "action", "entity", "id", "from", "to", "q")
LONGEST = 80
DAY = dt.timedelta(days=1)
NOBODY = -1  # a key no account has: an unknown actor has no entries
FIRST_YEAR, LAST_YEAR = 2000, 2100


def read_asked(values: Mapping[str, str]) -> dict[str, str]:
    """Return what an address asks for, without what is empty."""
    found = {name: values.get(name, "").replace("\x00", "").strip()[:LONGEST] for name in NAMES}
    return {name: value for name, value in found.items() if value}


def read_filter(asked: Mapping[str, str], zone: str) -> tuple[AuditFilter, dict[str, str]]:
    """Return the filter, its days being whole days of ``zone``, and what in the address was no day."""
    wrong: dict[str, str] = {}
    first, last = _day(asked, "from", wrong), _day(asked, "to", wrong)
    if first and last and last < first:
        wrong["to"], last = "The last day is before the first.", None
    actor = asked.get("actor", "")
    kind = ActorKind(actor) if actor in list(ActorKind) else None
    key = None
    if actor and kind is None:
        key = actor_key(actor) or NOBODY
    filters = AuditFilter(
        actor_id=key,
        actor_kind=kind,
        action=asked.get("action", ""),
        entity=asked.get("entity", ""),
        entity_id=asked.get("id", ""),
        since=_midnight(first, zone),
        until=_midnight(last + DAY if last else None, zone),
        text=asked.get("q", ""),
    )
    return filters, wrong


def _day(asked: Mapping[str, str], name: str, wrong: dict[str, str]) -> dt.date | None:
    typed = asked.get(name)
    if not typed:
        return None
    try:
        day = dt.date.fromisoformat(typed)
    except ValueError:
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        wrong[name] = f"“{typed}” is not a day."
        return None
    return day


def _midnight(day: dt.date | None, zone: str) -> dt.datetime | None:
    return dt.datetime.combine(day, dt.time(), zone_info(zone)) if day else None
