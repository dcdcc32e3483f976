"""An entry of the log in words: who, what, before → after; money as rupees, times with their zone. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webapp.audit.models import ActorKind, AuditEntry
from webapp.audit.rules import HIDDEN
from webapp.core.money import format_rupees
from webapp.core.times import format_date, format_when

KIND_WORDS = {
    ActorKind.ADMIN: "Admin",
    ActorKind.COUNSELLOR: "Counsellor",
    ActorKind.STUDENT: "Student",
    ActorKind.PARTNER: "Partner",
    ActorKind.SYSTEM: "The house",
}
MONEY = frozenset(
    {
        "price", "discount_price", "amount", "amount_paid", "discount", "coupon_discount", "tax", "refunded",
        "hourly_rate", "min_amount",
    }
)  # fmt: skip
ENUMS = frozenset({"status", "role", "source", "match", "exam_type", "mode", "discount_type", "method", "meeting_mode"})
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# Fields that hold the key of another row: what it is the key of.
REFERS = {
    "user_id": "user", "student_id": "user", "assignee_id": "user", "converted_user_id": "user", "owner_id": "user",
    "requested_by_id": "user", "decided_by_id": "user", "recorded_by_id": "user", "created_by_id": "user",
    "counsellor_id": "counsellor", "assigned_counsellor_id": "counsellor", "wanted_counsellor_id": "counsellor",
    "package_id": "package", "wanted_package_id": "package",
}  # fmt: skip
LABELS = {
    "is_active": "In use", "active": "May sign in", "email_verified_at": "Address verified", "zone": "Time zone",
    "deactivated_reason": "Why deactivated", "starts_at": "Begins", "ends_at": "Ends", "user_id": "Account",
    "max_sessions": "Sessions", "sessions_total": "Sessions", "sessions_used": "Sessions used",
}  # fmt: skip
ACTIONS = {
    "view_as.started": "Began to look as this person",
    "view_as.stopped": "Stopped looking as this person",
    "user.invitation_sent": "Invitation sent again",
    "user.verification_sent": "Verification mail sent again",
    "user.reset_sent": "Link for a new password sent",
    "user.email_change_asked": "Asked to change the mail address",
    "user.email_change_cancelled": "Change of the mail address cancelled",
    "user.email_change_refused": "Change of the mail address refused by mail",
    "user.two_step_on": "Two-step sign-in turned on",
    "user.two_step_off": "Two-step sign-in turned off",
    "user.backup_codes": "New backup codes made",
    "user.passkey_added": "Passkey added",
    "user.passkey_removed": "Passkey removed",
    "user.passkey_refused": "Passkey refused, it may be a copy",
    "user.erased": "Personal data erased",
    "user.exported": "Copy of the personal data made",
    "export.made": "Export made",
}
NOTHING = "nothing"
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(\+\d\d:\d\d|Z)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Change:
    """One field: its name, and what it was and is, in words. ``personal``: data of a person."""

    label: str
    before: str
    after: str
    personal: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as a page shows it; ``at`` in UTC."""

    public_id: str
    at: dt.datetime
    who: str
    kind: str
    action: str
    entity: str
    entity_id: str
    label: str
    changes: Sequence[Change]
    reason: str
    address: str


def action_words(action: str) -> str:
    """Return an action as one reads it: "package.changed" is "Package changed"."""
    return ACTIONS.get(action) or _sentence(action.replace(".", " "))


def entity_words(entity: str) -> str:
    """Return the kind of a thing: "availability_window" is "Availability window"."""
    return _sentence(entity)


def field_words(field: str) -> str:
    """Return the name of a field: "discount_price" is "Discount price"."""
    return LABELS.get(field) or _sentence(re.sub(r"_(id|at)$", "", field))


def _sentence(text: str) -> str:
    words = text.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]


def keys_in(entries: Iterable[AuditEntry]) -> dict[str, set[int]]:
    """Return the keys of other rows that entries mention, by what they are keys of."""
    wanted: dict[str, set[int]] = {}
    for entry in entries:
        for change in entry.changes:
            kind = REFERS.get(change["field"])
            for value in (change.get("before"), change.get("after")) if kind else ():
                if isinstance(value, int):
                    wanted.setdefault(str(kind), set()).add(value)
    return wanted


def lines_of(entries: Iterable[AuditEntry], names: Mapping[tuple[str, int], str], *, zone: str) -> list[Line]:
    """Return entries in words, times on the clock of ``zone``."""
    return [_line(entry, names, zone) for entry in entries]


def _line(entry: AuditEntry, names: Mapping[tuple[str, int], str], zone: str) -> Line:
    return Line(
        public_id=entry.public_id,
        at=entry.at,
        who=entry.actor_name or KIND_WORDS[entry.actor_kind],
        kind=KIND_WORDS[entry.actor_kind] if entry.actor_name else "",
        action=action_words(entry.action),
        entity=entry.entity,
        entity_id=entry.entity_id,
        label=entry.entity_label or entity_words(entry.entity),
        changes=[
            Change(
                field_words(change["field"]),
                value_words(change["field"], change.get("before"), names, zone=zone),
                value_words(change["field"], change.get("after"), names, zone=zone),
                bool(change.get("personal")),
            )
            for change in entry.changes
        ],
        reason=entry.reason,
        address=entry.address,
    )


def value_words(field: str, value: Any, names: Mapping[tuple[str, int], str], *, zone: str) -> str:
    """Return a kept value in words."""
    if value is None or value in ("", [], {}):
        return NOTHING
    if value == HIDDEN:
        return "hidden"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return _number_words(field, value, names)
    if isinstance(value, list):
        return ", ".join(value_words(field, one, names, zone=zone) for one in value)
    return _text_words(field, str(value), zone)


def _number_words(field: str, value: int, names: Mapping[tuple[str, int], str]) -> str:
    if field in MONEY:
        return format_rupees(value)
    if field == "discount_value":  # a per cent is at most 100; as rupees that would be one
        return f"{value} %" if value <= 100 else format_rupees(value)
    if field in REFERS:
        return names.get((REFERS[field], value), f"no. {value}")
    if field == "weekday" and 0 <= value < 7:
        return WEEKDAYS[value]
    if field in ("start_minute", "end_minute"):
        return f"{value // 60:02d}:{value % 60:02d}"
    return str(value)


def _text_words(field: str, value: str, zone: str) -> str:
    if _INSTANT.fullmatch(value):
        return format_when(dt.datetime.fromisoformat(value.replace("Z", "+00:00")), zone)
    if _DAY.fullmatch(value):
        return format_date(dt.date.fromisoformat(value))
    return _sentence(value).lower() if field in ENUMS else value


def changes_text(changes: Sequence[Change]) -> str:
    """Return changes in one line: "Price: ₹5,000 → ₹4,500; Badge: nothing → Popular"."""
    return "; ".join(f"{one.label}: {one.before} → {one.after}" for one in changes)
