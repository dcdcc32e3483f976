"""Making a counsellor, changing a profile, its photo and its place in the list."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, select

from webapp.accounts import rules as account_rules
from webapp.accounts.inviting import invite_user, queue_invitation
from webapp.accounts.models import Role, User
from webapp.accounts.services import clean_address
from webapp.core import live
from webapp.core.db import after_commit, db
from webapp.core.errors import (
    Conflict,
    DuplicateEntry,
    InvalidState,
    ValidationFailed,
    register_constraint,
)
from webapp.core.uploads import drop_photo
from webapp.counsellors.models import Counsellor
from webapp.counsellors.queries import counsellor_for, profile_state
from webapp.counsellors.rules import ProfileText, Record, clean_profile, clean_record, moved
from webapp.counsellors.services.closing import lock_counsellor, require_admin

C = Counsellor
MAIL_TAKEN = "Another counsellor has this mail address."
HAS_PROFILE = "The account of this address has a counsellor’s profile already."
INVITED = "You are invited to counsel with us. Set your password, look at your profile and say when you are available."


class StaleProfile(Conflict):
    """Somebody else saved the profile since the page was opened; what was typed is kept by the page."""

    message = "Somebody else has changed this profile since you opened it. Nothing of yours is saved yet."


def _mail_taken() -> DuplicateEntry:
    return DuplicateEntry(MAIL_TAKEN, fields={"email": MAIL_TAKEN})


register_constraint("uq_counsellors_email_lower", _mail_taken)
register_constraint("uq_counsellors_user_id", lambda: DuplicateEntry(HAS_PROFILE, fields={"email": HAS_PROFILE}))


def create_counsellor(
    *, actor: User, email: str, phone: str, profile: ProfileText, record: Record, now: dt.datetime
) -> tuple[Counsellor, bool]:
    """Make a counsellor with a login; return the profile, and whether an invitation goes out.

    The login is made for the address, or is the account that a counsellor without a profile has there.
    It gets the link to its first password unless it is in use already.

    Raises:
        Forbidden: the actor is no admin.
        ValidationFailed: wrong fields, all of them named; also an address of a student or an admin.
        DuplicateEntry: another counsellor has the address, or the account a profile.
    """
    require_admin(actor)
    profile, record, number = _checked(profile, record, phone)
    user, made = invite_user(
        name=profile.name, email=email, phone=number or "", role=Role.COUNSELLOR, now=now, words=INVITED,
        next_path="/counsellor/profile", by=actor.name,
    )  # fmt: skip
    if db.session.scalar(select(C.id).where(C.user_id == user.id)):
        raise DuplicateEntry(HAS_PROFILE, fields={"email": HAS_PROFILE})
    counsellor = C(user_id=user.id, email=user.email, phone=number, is_active=True, display_order=_last_place() + 1)
    _write_profile(counsellor, profile)
    _write_record(counsellor, record)
    counsellor.rating, counsellor.review_count = counsellor.rating_start, counsellor.reviews_start
    db.session.add(counsellor)
    db.session.flush()  # the id is needed, and a second one with this address ends here
    invited = made or not user.is_verified
    if invited and not made:
        queue_invitation(user, now=now, words=INVITED, next_path="/counsellor/profile", by=actor.name)
    return counsellor, invited


def update_counsellor(
    *,
    actor: User,
    counsellor_id: str,
    email: str,
    phone: str,
    profile: ProfileText,
    record: Record,
    seen: str | None,
) -> Counsellor:
    """Change all of a profile; ``seen`` is its `profile_state` when the page was opened, None to overwrite.

    The mail address is the desk's; the login keeps its own. A changed balance of ratings needs `record_rating`
    afterwards: the reviews live on a floor above.

    Raises:
        Forbidden, NotFound: the actor is no admin; there is no such counsellor.
        ValidationFailed, DuplicateEntry: as `create_counsellor`.
        StaleProfile: somebody else saved meanwhile.
    """
    require_admin(actor)
    counsellor = lock_counsellor(actor, counsellor_id)
    profile, record, number = _checked(profile, record, phone, email)
    _require_seen(counsellor, seen, with_record=True)
    counsellor.email, counsellor.phone = clean_address(email), number
    _write_profile(counsellor, profile)
    _write_record(counsellor, record)
    db.session.flush()  # an address that another one has ends here
    return counsellor


def update_profile(
    *, actor: User, counsellor_id: str, phone: str, profile: ProfileText, seen: str | None
) -> Counsellor:
    """Change what a counsellor may write of the own profile.

    Raises:
        NotFound: not the actor's own, or none. ValidationFailed, StaleProfile: as `update_counsellor`.
    """
    counsellor = lock_counsellor(actor, counsellor_id)
    profile, _, number = _checked(profile, Record(), phone)
    _require_seen(counsellor, seen, with_record=False)
    counsellor.phone = number
    _write_profile(counsellor, profile)
    db.session.flush()  # a text too long shows here
    return counsellor


def set_photo(*, actor: User, counsellor_id: str, name: str | None) -> Counsellor:
    """Show a kept photo (`core.uploads.keep_photo`), or none; the one before is removed once this is committed.

    Raises:
        NotFound: no such counsellor, or not the actor's to change.
    """
    counsellor = lock_counsellor(actor, counsellor_id)
    old, counsellor.photo = counsellor.photo, name
    if old and old != name:
        after_commit(lambda: drop_photo(old))
    db.session.flush()
    return counsellor


def move_counsellor(*, actor: User, counsellor_id: str, up: bool) -> Counsellor:
    """Move an active counsellor one place up or down in the house's order.

    Raises:
        Forbidden, NotFound: the actor is no admin; there is no such counsellor.
        InvalidState: it is not active, so it has no place.
    """
    require_admin(actor)
    wanted = counsellor_for(actor, counsellor_id)
    locked = select(C).where(C.is_active).order_by(C.id).with_for_update(key_share=True)
    rows = {row.id: row for row in db.session.scalars(locked.execution_options(populate_existing=True))}
    if wanted.id not in rows:
        raise InvalidState("Only an active counsellor has a place in the list.")
    order = sorted(rows, key=lambda key: (rows[key].display_order, key))
    for place, key in enumerate(moved(order, wanted.id, up), 1):
        rows[key].display_order = place
    db.session.flush()
    return wanted


def invite_again(*, actor: User, counsellor_id: str, now: dt.datetime) -> Counsellor:
    """Send the link to the first password once more.

    Raises:
        Forbidden, NotFound: the actor is no admin; there is no such counsellor.
        InvalidState: there is no login, it is in use, or closed.
    """
    require_admin(actor)
    counsellor = counsellor_for(actor, counsellor_id)
    if counsellor.user is None:
        raise InvalidState("This profile has no login.")
    queue_invitation(counsellor.user, now=now, words=INVITED, next_path="/counsellor/profile", by=actor.name)
    return counsellor


def _checked(
    profile: ProfileText, record: Record, phone: str, email: str | None = None
) -> tuple[ProfileText, Record, str | None]:
    profile, wrong = clean_profile(profile)
    record, wrong_record = clean_record(record)
    wrong |= wrong_record
    number = None
    try:
        number = account_rules.clean_phone(phone)
    except ValueError as error:
        wrong["phone"] = str(error)
    if email is not None:
        try:
            clean_address(email)
        except ValueError as error:
            wrong["email"] = str(error)
    if wrong:
        raise ValidationFailed(fields=wrong)
    return profile, record, number


def _require_seen(counsellor: C, seen: str | None, *, with_record: bool) -> None:
    if seen is not None and seen != profile_state(counsellor, with_record=with_record):
        raise StaleProfile


def _write_profile(counsellor: C, profile: ProfileText) -> None:
    for name in ("name", "title", "bio", "short_bio", "experience", "location"):
        setattr(counsellor, name, getattr(profile, name))
    for name in ("qualifications", "certifications", "specializations", "exam_types", "languages"):
        setattr(counsellor, name, list(getattr(profile, name)))
    others = {key: url for key, url in (counsellor.social_links or {}).items() if key not in ("linkedin", "twitter")}
    given = {"linkedin": profile.linkedin, "twitter": profile.twitter}
    counsellor.social_links = {**others, **{key: url for key, url in given.items() if url}}
    if counsellor.public_id:
        live.bump(f"slots:{counsellor.public_id}")


def _write_record(counsellor: C, record: Record) -> None:
    for name in ("students_guided", "hourly_rate", "rating_start", "reviews_start", "is_featured"):
        setattr(counsellor, name, getattr(record, name))
    if record.display_order is not None:
        counsellor.display_order = record.display_order


def _last_place() -> int:
    return db.session.scalar(select(func.coalesce(func.max(C.display_order), 0)).where(C.is_active)) or 0
