"""What students are told about their packages: that one was given to them, that one ends soon."""

from __future__ import annotations

import datetime as dt
from typing import cast

from flask import current_app
from sqlalchemy import select

from webapp.accounts.recipients import recipient_of
from webapp.config import Settings
from webapp.core.db import db
from webapp.core.times import format_when
from webapp.enrolments.models import Enrolment
from webapp.enrolments.rules import expiry
from webapp.notifications.messages import MailMessage
from webapp.notifications.models import OutboxMail
from webapp.notifications.services import notify

ENDING_GUARD = "enrolment_ending"
GRANTED_GUARD = "enrolment_granted"


def tell_granted(enrolment: Enrolment, now: dt.datetime, *, with_mail: bool) -> None:
    """Tell a student that a package was given to them; without a mail where another one says so already."""
    student, settings = enrolment.user, cast(Settings, current_app.config["SETTINGS"])
    words = {
        "first_name": student.first_name,
        "package": enrolment.title,
        "sessions": enrolment.sessions_total,
        "minutes": enrolment.session_minutes,
        "ends": format_when(enrolment.expires_at, student.zone),
        "counsellor": enrolment.assigned_counsellor.name if enrolment.assigned_counsellor else "",
        "book_url": f"{settings.base_url}/book?enrolment={enrolment.public_id}",
    }
    mail = MailMessage("enrolment_granted", words, guard=f"{GRANTED_GUARD}:{enrolment.public_id}")
    number = f"{enrolment.sessions_total} {'session' if enrolment.sessions_total == 1 else 'sessions'}"
    notify(
        user=recipient_of(student),
        kind="enrolment_granted",
        title=f"{enrolment.title} is yours",
        body=f"{number} to book, until {words['ends']}.",
        url=f"/book?enrolment={enrolment.public_id}",
        dedupe_key=f"enrolment:{enrolment.public_id}:granted",
        mail=mail if with_mail else None,
        now=now,
    )


def is_still_given(argument: str, mail: OutboxMail) -> bool:
    """Guard: the package "<public_id>" that was given has not been taken back."""
    enrolment = db.session.scalar(select(Enrolment).where(Enrolment.public_id == argument))
    return enrolment is not None and enrolment.is_usable(mail.due_at)


def warning_key(enrolment: Enrolment, days: int) -> str:
    """Return what makes one warning unique; an extended package is warned of again."""
    return f"enrolment:{enrolment.public_id}:ending:{days}:{enrolment.expires_at.astimezone(dt.UTC).date().isoformat()}"


def tell_ending(enrolment: Enrolment, days: int, now: dt.datetime) -> None:
    """Queue the warning that a package with sessions left ends in ``days`` days; its student may refuse such news."""
    student, settings = enrolment.user, cast(Settings, current_app.config["SETTINGS"])
    words = {
        "first_name": student.first_name,
        "package": enrolment.title,
        "days": days,
        "left": enrolment.sessions_left,
        "ends": format_when(enrolment.expires_at, student.zone),
        "book_url": f"{settings.base_url}/book",
    }
    notify(
        user=recipient_of(student),
        kind="enrolment_expiring",
        title=f"{enrolment.title} ends in {days} days",
        body=f"{enrolment.sessions_left} sessions are still free to book, until {words['ends']}.",
        url="/book",
        dedupe_key=warning_key(enrolment, days),
        mail=MailMessage("enrolment_expiring", words, guard=f"{ENDING_GUARD}:{enrolment.public_id}:{days}"),
        now=now,
    )


def is_still_ending(argument: str, mail: OutboxMail) -> bool:
    """Guard: the enrolment is active, has sessions left, and its end is still as near as the mail says."""
    public_id, days = argument.rsplit(":", 1)
    enrolment = db.session.scalar(select(Enrolment).where(Enrolment.public_id == public_id))
    if enrolment is None or not enrolment.is_usable(mail.due_at) or enrolment.sessions_left < 1:
        return False
    return expiry(enrolment.expires_at, -int(days)) <= mail.due_at
