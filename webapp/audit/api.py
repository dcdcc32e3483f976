"""`/api/v1/audit-log`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_login import current_user

from webapp.audit.asked import read_filter
from webapp.audit.models import AuditEntry
from webapp.audit.people import names_of
from webapp.audit.presenters import keys_in, value_words
from webapp.audit.queries import entries_page
from webapp.audit.schemas import AuditEntryOut, AuditQuery
from webapp.core.errors import ValidationFailed
from webapp.core.jsonapi.door import Door
from webapp.core.jsonapi.envelope import Answer, paged
from webapp.core.jsonapi.words import camel

door = Door("audit-log", __name__, about="Who changed what, when and from where.", area=None)
Names = Mapping[tuple[str, int], str]
ASKED = {"date_from": "from", "date_to": "to", "entity_id": "id"}
COLUMNS = ("public_id", "at", "action", "entity", "entity_id", "entity_label", "reason", "address", "request_id")


@door.endpoint(
    "GET",
    "",
    who=["admin"],
    query=AuditQuery,
    answer=AuditEntryOut,
    many=True,
    paged=True,
    example_query={"entity": "package"},
)
def list_audit_entries(query: dict[str, Any]) -> Answer:
    """List what was changed, the latest first; keys of other things are their names."""
    asked = {ASKED.get(name, name): str(value) for name, value in query.items() if name not in {"page", "limit"}}
    zone = str(current_user.zone)
    filters, wrong = read_filter(asked, zone)
    if wrong:
        raise ValidationFailed(fields={"date_from" if name == "from" else "date_to": wrong[name] for name in wrong})
    page = entries_page(filters, page=query["page"], limit=query["limit"])
    return paged(page, items=_shown(page.items, zone))


def _shown(entries: Sequence[AuditEntry], zone: str) -> list[dict[str, Any]]:
    names = names_of(keys_in(entries))
    ids = names_of({"account": {entry.actor_id for entry in entries if entry.actor_id is not None}})
    return [_line(entry, names, ids, zone) for entry in entries]


def _line(entry: AuditEntry, names: Names, ids: Names, zone: str) -> dict[str, Any]:
    changes = [
        {
            "field": camel(change["field"]),
            "before": value_words(change["field"], change.get("before"), names, zone=zone),
            "after": value_words(change["field"], change.get("after"), names, zone=zone),
        }
        for change in entry.changes
    ]
    actor = {
        "public_id": ids.get(("account", entry.actor_id or 0)),
        "kind": entry.actor_kind.value,
        "name": entry.actor_name,
    }
    return {**{name: getattr(entry, name) for name in COLUMNS}, "actor": actor, "changes": changes}
