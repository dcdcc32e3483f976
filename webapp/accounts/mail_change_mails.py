"""The mails of a change of address, and whether they are still true when they go."""

from __future__ import annotations

import datetime as dt
import enum

from sqlalchemy import select

from webapp.accounts.models import EmailChange, User
from webapp.accounts.tokens import Purpose, Ticket, make_token
from webapp.core import times
from webapp.core.db import db
from webapp.notifications.links import external_url
from webapp.notifications.models import OutboxMail
from webapp.notifications.services import queue_mail

OPEN_GUARD = "mail_change_open"
MAIL_KEY = "mail_change"  # how the keys of these mails begin, before the change's id


class Side(enum.StrEnum):
    """One of the two addresses of a change."""

    OLD = "old"
    NEW = "new"


def queue_questions(user: User, change: EmailChange, *, now: dt.datetime) -> None:
    """Queue the mails that ask for agreement: to the new address, and to the old one if it is verified.

    Of a change by the desk the old address is told, and may stop it.
    """
    common = {
        "first_name": user.first_name,
        "new_email": change.new_email,
        "until": times.format_when(change.expires_at, user.zone),
    }
    sides = [(Side.NEW, change.new_email, "mail_change_new")]
    if user.is_verified:
        sides.append((Side.OLD, user.email, "mail_change_desk" if change.by_desk else "mail_change_old"))
    for side, address, template in sides:
        token = make_token(Purpose.MAIL_CHANGE, Ticket(user.public_id, f"{change.public_id}.{side}", now))
        queue_mail(
            dedupe_key=mail_key(change, side),
            recipient=address,
            recipient_name=user.name,
            template=template,
            context={**common, "url": external_url("accounts.mail_change", token=token)},
            guard=f"{OPEN_GUARD}:{change.public_id}",
            now=now,
        )


def queue_changed(user: User, change: EmailChange, *, old: str, now: dt.datetime) -> None:
    """Queue the word to both addresses that the account has moved."""
    for side, address in ((Side.OLD, old), (Side.NEW, change.new_email)):
        queue_mail(
            dedupe_key=f"{mail_key(change, side)}:done",
            recipient=address,
            recipient_name=user.name,
            template="mail_changed",
            context={
                "first_name": user.first_name,
                "old": side is Side.OLD,
                "by_desk": change.by_desk,
                "new_email": change.new_email,
                "when": times.format_when(now, user.zone),
                "url": external_url("accounts.login"),
            },
            now=now,
        )


def queue_stopped(user: User, change: EmailChange, *, taken: bool, now: dt.datetime) -> None:
    """Queue the word to the account's address that a change will not happen."""
    queue_mail(
        dedupe_key=f"{mail_key(change, Side.OLD)}:stopped",
        recipient=user.email,
        recipient_name=user.name,
        template="mail_change_stopped",
        context={
            "first_name": user.first_name,
            "new_email": change.new_email,
            "taken": taken,
            "url": external_url("accounts.account"),
        },
        now=now,
    )


def side_of_stamp(stamp: str) -> tuple[str, Side]:
    """Return the change's id and the side that a link's stamp names."""
    change_id, _, side = stamp.partition(".")
    return change_id, Side(side)


def mail_key(change: EmailChange, side: Side) -> str:
    """Return the beginning of the keys of one side's mails."""
    return f"{MAIL_KEY}:{change.public_id}:{side}"


def is_still_open(argument: str, mail: OutboxMail) -> bool:
    """Guard: nobody has ended the change, and it waits for an answer."""
    del mail
    change = db.session.scalar(select(EmailChange).where(EmailChange.public_id == argument))
    return change is not None and change.cancelled_at is None and change.done_at is None
