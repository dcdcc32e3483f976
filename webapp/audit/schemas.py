"""The audit log as the JSON door reads it (api.md "audit-log")."""

from __future__ import annotations

from marshmallow import fields

from webapp.core.jsonapi import fields as f
from webapp.core.jsonapi.schemas import Out, PageQuery


class AuditQuery(PageQuery):
    """Filters of the log; days are those of the admin's zone, both counted in."""

    actor = f.Text(longest=80, metadata={"description": "A user's id, or admin, counsellor, student, partner, system."})
    action = f.Text(longest=80, metadata={"example": "package.changed"})
    entity = f.Text(longest=80, metadata={"example": "package"})
    entity_id = f.Id()
    date_from = f.Day()
    date_to = f.Day()


class AuditActorOut(Out):
    """Who acted; ``_id`` is null for the house itself and for accounts that are gone."""

    public_id = fields.String(data_key="_id")
    kind = fields.String(required=True)
    name = fields.String(required=True)


class AuditChangeOut(Out):
    """One field in words: what it was and is."""

    field = fields.String(required=True)
    before = fields.String(required=True)
    after = fields.String(required=True)


class AuditEntryOut(Out):
    """One change: who, what, when, from where."""

    public_id = f.Id(data_key="_id", required=True)
    at = f.Instant(data_key="createdAt", required=True)
    actor = fields.Nested(AuditActorOut, required=True)
    action = fields.String(required=True)
    entity = fields.String(required=True)
    entity_id = fields.String(required=True)
    entity_label = fields.String(required=True)
    changes = fields.List(fields.Nested(AuditChangeOut), required=True)
    reason = fields.String(required=True)
    address = fields.String(data_key="ipAddress", required=True)
    request_id = fields.String(required=True)
