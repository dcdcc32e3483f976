"""Forgetting a person: names out, money in, in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import or_, select, text

from webapp.accounts.models import Role, User
from webapp.accounts.passwords import unusable_password
from webapp.audit.forgetting import forget_in_log
from webapp.audit.services import record
from webapp.bookings.models import CounsellingSession
from webapp.core.db import after_commit, db, lock_for_update
from webapp.core.errors import Forbidden, InvalidState, ValidationFailed
from webapp.core.uploads import drop_photo
from webapp.counsellors.models import Counsellor
from webapp.dashboards.people.person import find_person
from webapp.dashboards.people.privacy import scrubbing
from webapp.dashboards.people.privacy.access_rows import forget_access, former_addresses
from webapp.dashboards.people.privacy.letting_go import (
    ERASED_NAME,
    email_pattern,
    erased_email,
    name_pattern,
    phone_pattern,
)
from webapp.dashboards.people.privacy.obstacles import obstacles
from webapp.enrolments.models import Enrolment
from webapp.inquiries.models import Inquiry
from webapp.inquiries.rules.keys import email_key
from webapp.inquiries.services.forgetting import forget_inquiries_of
from webapp.payments.models import Order, Payment, Refund
from webapp.reviews.models import Review

LONGEST_REASON = 500


def erase_person(*, actor: User, user_id: str, typed: str, reason: str, now: dt.datetime) -> User:
    """Take a person's data out of everything; what the books need stays without the name.

    The account becomes "Erased person" with an address nobody has, no password, closed. Orders, payments, refunds,
    receipts and the ledger keep sums, dates and numbers. The log keeps who did what to which thing, and when.

    Raises:
        Forbidden: the actor is no admin.
        NotFound: no such account.
        ValidationFailed: the address typed is another one, or no reason.
        InvalidState: it is an admin's or erased already; or something is open: the message says what.
    """
    if actor.role is not Role.ADMIN:
        raise Forbidden
    user: User = lock_for_update(db.session(), User, find_person(user_id).id)
    why = _checked(user, typed, reason)
    if waits := obstacles(user, now=now):
        raise InvalidState(" ".join(waits))
    db.session.execute(text("set local statement_timeout = '300s'"))  # texts of others are read through without index
    counsellor = db.session.scalar(select(Counsellor).where(Counsellor.user_id == user.id))
    inquiries = _inquiries(user)
    words = _words(user, counsellor, inquiries)
    things = _things(user, counsellor, inquiries)
    photo = counsellor.photo if counsellor else None
    forget_inquiries_of(user=user, now=now)
    _empty_rooms(user, counsellor, words)
    scrubbing.name_out(words, user_id=user.id, public_ids=[public_id for _, public_id in things])
    scrubbing.contact_out(words)
    _empty_account(user, words, now)
    forget_in_log(user.id, things=things, pattern=words.contact)
    db.session.expire_all()
    record("user.erased", entity="user", entity_id=user_id, label=ERASED_NAME, subject_id=user.id, reason=why)
    after_commit(lambda: drop_photo(photo))
    return user


def _checked(user: User, typed: str, reason: str) -> str:
    """Return the reason, after checking what the form asks for."""
    if user.erased_at is not None:
        raise InvalidState("This person's data is erased already.")
    if user.role is Role.ADMIN:
        raise InvalidState("This is an admin's account. Change its role first.")
    wrong: dict[str, str] = {}
    if typed.strip().lower() != user.email.lower():
        wrong["email"] = "This is not the address of the account."
    why = " ".join(reason.replace("\x00", "").split())
    if not why or len(why) > LONGEST_REASON:
        wrong["reason"] = f"Keep this within {LONGEST_REASON} characters." if why else "Say why; it is kept in the log."
    if wrong:
        raise ValidationFailed(fields=wrong)
    return _without_contact(why, user)


def _without_contact(reason: str, user: User) -> str:
    """The reason stays in the log; an address typed into it does not."""
    at = reason.lower().find(user.email.lower())
    return reason if at < 0 else f"{reason[:at]}[erased]{reason[at + len(user.email) :]}"


def _inquiries(user: User) -> list[Inquiry]:
    """All inquiries of the person, also those that a shared phone number tied to them."""
    known = select(Inquiry.person_id).where(
        or_(Inquiry.converted_user_id == user.id, Inquiry.email_key == email_key(user.email))
    )
    return list(db.session.scalars(select(Inquiry).where(Inquiry.person_id.in_(known))))


def _words(user: User, counsellor: Counsellor | None, inquiries: Sequence[Inquiry]) -> scrubbing.Words:
    also = [counsellor] if counsellor else []
    return scrubbing.Words(
        emails=email_pattern(
            [user.email, *former_addresses(user), *(one.email for one in also), *(one.email for one in inquiries)]
        ),
        phones=phone_pattern([user.phone, *(one.phone for one in also), *(one.phone for one in inquiries)]),
        name=name_pattern(user.name),
        email_now=erased_email(user.public_id),
    )


def _things(user: User, counsellor: Counsellor | None, inquiries: Sequence[Inquiry]) -> list[tuple[str, str]]:
    """What belongs to the person, as the log names it."""
    orders = select(Order.id).where(Order.user_id == user.id)
    payments = select(Payment.id).where(Payment.order_id.in_(orders))
    asked = {
        "order": select(Order.public_id).where(Order.user_id == user.id),
        "payment": select(Payment.public_id).where(Payment.order_id.in_(orders)),
        "refund": select(Refund.public_id).where(Refund.payment_id.in_(payments)),
        "enrolment": select(Enrolment.public_id).where(Enrolment.user_id == user.id),
        "session": select(CounsellingSession.public_id).where(CounsellingSession.student_id == user.id),
        "review": select(Review.public_id).where(Review.student_id == user.id),
    }
    found = [(entity, public_id) for entity, query in asked.items() for public_id in db.session.scalars(query)]
    found += [("inquiry", one.public_id) for one in inquiries]
    if counsellor is not None:
        found.append(("counsellor", counsellor.public_id))
    return [("user", user.public_id), *found]


def _empty_rooms(user: User, counsellor: Counsellor | None, words: scrubbing.Words) -> None:
    scrubbing.empty_sessions(user.id)
    scrubbing.empty_money(user.id)
    if counsellor is not None:
        scrubbing.empty_profile(counsellor.id, email_now=words.email_now)
    scrubbing.empty_mail(user.id, words)


def _empty_account(user: User, words: scrubbing.Words, now: dt.datetime) -> None:
    forget_access(user, email_now=words.email_now)
    scrubbing.put(
        User,
        User.id == user.id,
        name=ERASED_NAME,
        email=words.email_now,
        phone=None,
        password_hash=unusable_password(),
        email_verified_at=None,
        feed_key_hash=None,
        active=False,
        deactivated_at=now,
        deactivated_reason=None,
        erased_at=now,
        auth_version=User.auth_version + 1,
    )
