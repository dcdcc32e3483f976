"""From an inquiry to a student: the account, and a package given or the way to buy one, in one transaction."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from sqlalchemy import case, select

from webapp.accounts.inviting import invite_user, queue_invitation
from webapp.accounts.models import Role, User
from webapp.audit.services import because
from webapp.core.db import db
from webapp.core.errors import InvalidState, ValidationFailed
from webapp.core.money import format_rupees
from webapp.enrolments.models import Enrolment
from webapp.enrolments.services import grant_enrolment
from webapp.inquiries.emails import queue_converted, tell_paid
from webapp.inquiries.models import EventKind, Inquiry, InquiryStatus
from webapp.inquiries.rules import position_on_top
from webapp.inquiries.services.changing import locked_inquiry, not_forgotten, note_change, set_fields, write_line
from webapp.inquiries.services.desk import clean_note
from webapp.packages.models import Package

Way = Literal["grant", "link"]
LONGEST_REASON = 500


def convert_inquiry(
    *,
    actor: User,
    inquiry_id: str,
    package_id: str | None,
    way: Way,
    reason: str,
    version: int | None,
    now: dt.datetime,
) -> Inquiry:
    """Make a student of who asked: the account of the address is found, or made and invited by mail.

    ``way`` "grant" gives the package at once (without a package only the account is made); "link" sends the way
    to its checkout, or to all packages, and the enrolment is linked when the student buys for the first time.

    Raises:
        Forbidden, NotFound, StaleVersion: as `changing.locked_inquiry`.
        InvalidState: converted or closed, or its personal data is gone.
        ValidationFailed: no such package, or one that is not to be had; the address has an account that is no
            student's, or a deactivated one; a reason too long.
        EmailTaken: somebody made this account at the same moment.
    """
    words = _reason(reason)
    inquiry = locked_inquiry(actor, inquiry_id, version)
    not_forgotten(inquiry)
    if not inquiry.is_open:
        done = "converted already" if inquiry.status is InquiryStatus.CONVERTED else "closed; reopen it first"
        raise InvalidState(f"This inquiry is {done}.")
    package = _package_named(package_id, way)
    because(words)
    user, invited = _student(inquiry, package, way, actor, now)
    data = {"way": way, "invited": invited, "package": package.name if package else "", "user": user.public_id}
    if package is not None and way == "grant":
        given = grant_enrolment(actor=actor, user=user, package=package, reason=words, now=now, with_mail=False)
        inquiry.converted_enrolment = given
        data["enrolment"] = given.public_id
    elif package is not None:
        inquiry.wanted_package = package
    changes = _mark_converted(inquiry, user, now)
    note_change(inquiry, EventKind.CONVERTED, changes, actor=actor, now=now, body=words, more=data)
    return inquiry


def _student(inquiry: Inquiry, package: Package | None, way: Way, actor: User, now: dt.datetime) -> tuple[User, bool]:
    """Return the student's account, and whether it was made just now; a mail says how to go on."""
    words, path = _invitation(package, way), _onward(package, way)
    user, invited = invite_user(
        name=inquiry.name,
        email=inquiry.email,
        phone=inquiry.phone,
        role=Role.STUDENT,
        now=now,
        words=words,
        next_path=path,
        by=actor.name,
    )
    if not invited and not user.is_verified:  # invited before, or never confirmed the address
        queue_invitation(user, now=now, words=words, next_path=path, by=actor.name)
    elif not invited and (package is not None or way == "link"):
        name = package.name if package else ""
        queue_converted(inquiry, user, package=name, granted=way == "grant", path=path, now=now)
    return user, invited


def _reason(reason: str) -> str:
    words = clean_note(reason, field="reason")
    if len(words) > LONGEST_REASON:
        raise ValidationFailed(fields={"reason": f"Use at most {LONGEST_REASON} characters."})
    return words


def _package_named(package_id: str | None, way: str) -> Package | None:
    if way not in ("grant", "link"):
        raise ValidationFailed(fields={"way": "Choose whether to give the package or to send a link."})
    if not package_id:
        return None
    package = db.session.scalar(select(Package).where(Package.public_id == package_id))
    if package is None or package.is_archived:
        raise ValidationFailed(fields={"package": "Choose a package from the list."})
    if way == "link" and not package.is_active:
        raise ValidationFailed(fields={"package": f"{package.name} is not on sale, so a link to it leads nowhere."})
    return package


def _onward(package: Package | None, way: str) -> str:
    if way == "link":
        return f"/checkout/{package.slug}" if package else "/packages"
    return "/book" if package else "/student"


def _invitation(package: Package | None, way: str) -> str:
    if way == "grant" and package:
        return f"{package.name} is in it already. Set a password, and book your first session."
    if package:
        return f"Set a password, and the checkout of {package.name} comes next."
    return "You asked us for guidance. Set a password, and you can see packages, counsellors and their free times."


def _mark_converted(inquiry: Inquiry, user: User, now: dt.datetime) -> list[dict[str, str]]:
    inquiry.converted_user = user
    inquiry.converted_at = now
    inquiry.answered_at = inquiry.answered_at or now
    inquiry.position = position_on_top(now)
    return set_fields(inquiry, status=InquiryStatus.CONVERTED)


def note_purchase(enrolment: Enrolment, now: dt.datetime) -> None:
    """Link a student's first purchase with the inquiry they came from; called whenever something was bought.

    The inquiry that sent the link to this very package comes first, else the one converted last.
    """
    wanted = select(Inquiry).where(
        Inquiry.converted_user_id == enrolment.user_id, Inquiry.converted_enrolment_id.is_(None)
    )
    meant = case((Inquiry.wanted_package_id == enrolment.package_id, 0), else_=1)
    inquiry = db.session.scalar(
        wanted.order_by(meant, Inquiry.converted_at.desc(), Inquiry.id.desc())
        .limit(1)
        .with_for_update(of=Inquiry, key_share=True)
    )
    if inquiry is None:
        return
    inquiry.converted_enrolment = enrolment
    amount = format_rupees(enrolment.amount_paid)
    data = {"enrolment": enrolment.public_id, "amount": enrolment.amount_paid, "package": enrolment.title}
    write_line(inquiry, EventKind.PAID, actor=None, now=now, body=f"{enrolment.title}, {amount}", data=data)
    if inquiry.assignee is not None and inquiry.assignee.active:
        tell_paid(inquiry, inquiry.assignee, enrolment.title, now)
