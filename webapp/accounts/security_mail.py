"""Mail about the account's own safety: always sent, for the person to notice what they did not do."""

from __future__ import annotations

import datetime as dt
import enum

from webapp.accounts.agents import in_words
from webapp.accounts.models import Login, User
from webapp.audit.services import record
from webapp.core import times
from webapp.core.ids import new_public_id
from webapp.notifications.links import external_url
from webapp.notifications.services import queue_mail


class Change(enum.StrEnum):
    """What happened to the second step: the value is the mail's first sentence, "{name}" a passkey's name.

    The name, in lower case after "user.", is the act of the audit log.
    """

    TWO_STEP_ON = "Two-step sign-in is on."
    TWO_STEP_OFF = "Two-step sign-in is off: the password alone opens your account."
    BACKUP_CODES = "New backup codes were made. The older ones no longer work."
    PASSKEY_ADDED = "The passkey “{name}” was added."
    PASSKEY_REMOVED = "The passkey “{name}” was removed."
    PASSKEY_REFUSED = (
        "The passkey “{name}” was refused: it may have been copied. Nobody was signed in. "
        "Remove it from your account and add it anew."
    )


def tell_change(user: User, change: Change, *, now: dt.datetime, name: str = "", reason: str = "") -> None:
    """Queue the mail about a change of the second step, and write the change down in the audit log."""
    action = f"user.{change.name.lower()}"
    record(action, entity="user", entity_id=user.public_id, label=user.name, subject_id=user.id, reason=reason)
    queue_mail(
        dedupe_key=f"security:{new_public_id('told')}",
        recipient=user.email,
        recipient_name=user.name,
        template="security_changed",
        context={
            "first_name": user.first_name,
            "what": change.value.replace("{name}", name),
            "when": times.format_when(now, user.zone),
            "url": external_url("accounts.security"),
        },
        now=now,
    )


def tell_new_device(user: User, login: Login, *, now: dt.datetime) -> None:
    """Queue the mail about a sign-in from a device this account was never used on."""
    where = f"{login.place} ({login.address})" if login.place and login.address else login.place or login.address
    queue_mail(
        dedupe_key=f"new_device:{login.public_id}",
        recipient=user.email,
        recipient_name=user.name,
        template="new_device",
        context={
            "first_name": user.first_name,
            "device": in_words(login.user_agent),
            "when": times.format_when(now, user.zone),
            "where": where or "unknown",
            "two_steps": login.second_step_at is not None,
            "url": external_url("accounts.security"),
            "reset_url": external_url("accounts.forgot"),
        },
        now=now,
    )
