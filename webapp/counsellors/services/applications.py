"""Applying to counsel here, and the desk's answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func, select

from webapp.accounts import rules as account_rules
from webapp.accounts.emails import queue_verification
from webapp.accounts.models import Role, User
from webapp.accounts.services import clean_address, create_user
from webapp.audit.services import because
from webapp.core import live
from webapp.core.db import db
from webapp.core.errors import DuplicateEntry, InvalidState, ValidationFailed
from webapp.core.times import DEFAULT_ZONE, is_zone
from webapp.counsellors.emails import tell_application, tell_approved, tell_declined
from webapp.counsellors.models import Counsellor
from webapp.counsellors.queries import standing_of
from webapp.counsellors.rules import ProfileText, Standing, clean_profile, clean_text
from webapp.counsellors.rules.profile import LONGEST
from webapp.counsellors.services.closing import lock_counsellor, read_why, require_admin

C = Counsellor
WHY_NEEDED = "Tell us what you have done and why you would like to counsel."
PHONE_NEEDED = "We call everybody who applies: give a phone number."
EXAM_NEEDED = "Choose at least one exam."
MAIL_KNOWN = "A counsellor’s profile with this address exists. Write to us from it."


@dataclass(frozen=True, slots=True)
class Application:
    """What somebody who wants to counsel here tells us."""

    name: str
    email: str
    phone: str
    password: str
    title: str
    exam_types: tuple[str, ...]
    experience: int
    text: str
    zone: str = DEFAULT_ZONE


def apply_to_counsel(*, entry: Application, now: dt.datetime) -> Counsellor:
    """Make a counsellor's login and a profile that nobody sees until an admin approves it; tell the admins.

    Raises:
        ValidationFailed: wrong fields, all of them named.
        EmailTaken: the address has an account. DuplicateEntry: it is on another profile.
    """
    profile, text = _checked(entry)
    if db.session.scalar(select(C.id).where(func.lower(C.email) == entry.email.strip().lower())):
        raise DuplicateEntry(MAIL_KNOWN, fields={"email": MAIL_KNOWN})
    user = create_user(
        name=entry.name,
        email=entry.email,
        phone=entry.phone,
        password=entry.password,
        zone=entry.zone if is_zone(entry.zone) else DEFAULT_ZONE,
        role=Role.COUNSELLOR,
        now=now,
    )
    queue_verification(user, now=now)
    counsellor = C(
        user_id=user.id,
        name=user.name,
        title=profile.title,
        email=user.email,
        phone=user.phone,
        exam_types=list(profile.exam_types),
        experience=profile.experience,
        is_active=False,
        applied_at=now,
        application=text,
    )
    db.session.add(counsellor)
    db.session.flush()  # its outside id goes into the admins' mail
    tell_application(counsellor, now)
    return counsellor


def _checked(entry: Application) -> tuple[ProfileText, str]:
    """What of an application the account does not check; with the account's own fields, so that all is said at once."""
    given = ProfileText(entry.name, entry.title, exam_types=entry.exam_types, experience=entry.experience)
    profile, wrong = clean_profile(given)
    text = clean_text(entry.text, lines=True)
    if not text:
        wrong["application"] = WHY_NEEDED
    elif len(text) > LONGEST["application"]:
        wrong["application"] = f"Keep this within {LONGEST['application']} characters."
    if not profile.exam_types:
        wrong.setdefault("exam_types", EXAM_NEEDED)
    wrong |= _account_problems(entry)
    if wrong:
        raise ValidationFailed(fields=wrong)
    return profile, text


def _account_problems(entry: Application) -> dict[str, str]:
    wrong: dict[str, str] = {}
    checks: dict[str, Callable[[], object]] = {
        "name": lambda: account_rules.clean_name(entry.name),
        "email": lambda: clean_address(entry.email),
        "phone": lambda: account_rules.clean_phone(entry.phone),
    }
    for name, check in checks.items():
        try:
            check()
        except ValueError as error:
            wrong[name] = str(error)
    if not entry.phone.strip():
        wrong["phone"] = PHONE_NEEDED
    if problem := account_rules.password_problem(entry.password):
        wrong["password"] = problem
    return wrong


def approve_application(*, actor: User, counsellor_id: str, now: dt.datetime) -> Counsellor:
    """Make an applicant a counsellor: the profile is public and its owner is told. Also after a refusal.

    Raises:
        Forbidden, NotFound: the actor is no admin; there is no such counsellor.
        InvalidState: there is no application to approve, or its login is closed.
    """
    counsellor = _answerable(actor, counsellor_id, (Standing.WAITING, Standing.DECLINED))
    if counsellor.user is not None and not counsellor.user.active:
        raise InvalidState("The login of this applicant is deactivated. Reactivate it first.")
    counsellor.is_active, counsellor.approved_at = True, now
    counsellor.declined_at = counsellor.deactivated_reason = None
    last = db.session.scalar(select(func.max(C.display_order)).where(C.is_active, C.id != counsellor.id))
    counsellor.display_order = (last or 0) + 1
    live.bump(f"slots:{counsellor.public_id}")
    db.session.flush()
    tell_approved(counsellor, now)
    return counsellor


def decline_application(*, actor: User, counsellor_id: str, reason: str, now: dt.datetime) -> Counsellor:
    """Decline an application with a reason that its writer reads; the login stays.

    Raises:
        Forbidden, NotFound: as `approve_application`.
        InvalidState: it has an answer already.
        ValidationFailed: no reason, or more than 500 characters.
    """
    why = read_why(reason, "Say why in a few words; the applicant reads it.")
    counsellor = _answerable(actor, counsellor_id, (Standing.WAITING,))
    because(why)
    counsellor.declined_at, counsellor.deactivated_reason = now, why
    db.session.flush()
    tell_declined(counsellor, why, now)
    return counsellor


def _answerable(actor: User, counsellor_id: str, standings: tuple[Standing, ...]) -> Counsellor:
    require_admin(actor)
    counsellor = lock_counsellor(actor, counsellor_id)
    if standing_of(counsellor) not in standings:
        raise InvalidState("This application has an answer already.")
    return counsellor
