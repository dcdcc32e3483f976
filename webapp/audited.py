"""What the audit log watches, in one list: every table that staff change, and every table of money."""

from __future__ import annotations

from flask import g, has_request_context, request
from flask_login import current_user

from webapp import models as m
from webapp.accounts.models import Role
from webapp.accounts.viewer import acting_user
from webapp.audit.models import ActorKind
from webapp.audit.watching import Actor, start_watching, watch, who_acts

PERSON = ("name", "email", "phone")
EXPORT_STEPS = ("claimed_at", "done", "finished_at", "expires_at", "owner_id", "filename")
IMPORT_STEPS = ("content", "claimed_at", "finished_at", "digest", "problems", "owner_id")
KINDS = {Role.ADMIN: ActorKind.ADMIN, Role.COUNSELLOR: ActorKind.COUNSELLOR, Role.STUDENT: ActorKind.STUDENT}


def init_audit() -> None:
    """Start watching; called once an app."""
    who_acts(_actor)
    start_watching()
    _watch_people()
    _watch_keys()
    _watch_offer()
    _watch_desk()
    _watch_money()


def _actor() -> Actor:
    if not has_request_context():
        return Actor()
    here, request_id = request.remote_addr or "", g.get("request_id", "")
    if "api_key" in g:
        return Actor(ActorKind.PARTNER, g.api_key.made_by_id, g.api_key.name, here, request_id)
    if not current_user or not current_user.is_authenticated:
        return Actor(address=here, request_id=request_id)
    user = acting_user()
    return Actor(KINDS[user.role], user.id, user.name, here, request_id)


def _watch_people() -> None:
    watch(
        m.User,
        "user",
        label=lambda row: row.name,
        subject=lambda row: row.id,
        personal=PERSON,
        ignore=("auth_version", "feed_key_hash"),
        always_fields=("role", "active", "email"),
    )
    watch(
        m.Counsellor,
        "counsellor",
        label=lambda row: row.name,
        subject=lambda row: row.user_id,
        personal=(*PERSON, "bio", "short_bio", "photo", "application", "location", "social_links"),
        ignore=("rating", "review_count"),
        always_fields=("is_active",),
    )


def _watch_keys() -> None:
    watch(m.ApiKey, "api_key", label=lambda row: row.name, ignore=("key_hash", "last_used_at"))


def _watch_offer() -> None:
    watch(
        m.Package,
        "package",
        label=lambda row: row.name,
        ignore=("total_enrolments", "display_order"),  # places are written down by the service, one line an act
        collections=("counsellors", "features"),
    )
    watch(m.Service, "service", label=lambda row: row.title)
    watch(m.Coupon, "coupon", label=lambda row: row.code, ignore=("used",), collections=("packages",))
    watch(m.Calendar, "calendar")
    watch(m.AvailabilityWindow, "availability_window")
    watch(m.AvailabilityException, "availability_exception", label=lambda row: str(row.date))
    watch(m.Review, "review", subject=lambda row: row.student_id, personal=("text",))
    watch(m.WebhookEndpoint, "webhook", label=lambda row: row.url)


def _watch_desk() -> None:
    person = (*PERSON, "email_key", "phone_key", "message", "rank", "category", "state", "referrer")
    watch(
        m.Inquiry,
        "inquiry",
        label=lambda row: row.ticket_number,
        subject=_lead_user,
        personal=person,
        ignore=("position",),  # where its card lies on the board is no news
    )
    watch(m.ExportFile, "export", label=lambda row: row.kind, ignore=EXPORT_STEPS)
    watch(m.LeadImport, "lead_import", label=lambda row: row.filename, ignore=IMPORT_STEPS)
    watch(
        m.Enrolment,
        "enrolment",
        label=lambda row: row.title,
        subject=lambda row: row.user_id,
        personal=("note",),
        ignore=("nudge_at",),
        always_fields=("status",),
    )
    watch(
        m.CounsellingSession,
        "session",
        subject=lambda row: row.student_id,
        personal=("agenda", "private_notes", "shared_notes", "student_notes", "reason"),
        ignore=("remind_at",),
    )


def _watch_money() -> None:
    watch(m.Order, "order", subject=lambda row: row.user_id, always=True)
    watch(m.Payment, "payment", always=True)
    watch(m.Refund, "refund", always=True)
    watch(m.Receipt, "receipt", always=True)
    watch(m.Payout, "payout", label=lambda row: row.bank_reference, always=True)


def _lead_user(row: m.Inquiry) -> int | None:
    return row.converted_user_id
