"""A counsellor made or changed in one piece, as a program sends it: profile, record, hours, single sessions, photo."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from webapp.accounts.models import User
from webapp.audit.services import because
from webapp.availability.programs import FIELDS as HOURS
from webapp.availability.programs import change_availability
from webapp.core.db import db
from webapp.core.errors import DomainError, NotFound, ValidationFailed
from webapp.counsellors.models import Counsellor
from webapp.counsellors.queries import services_of
from webapp.counsellors.rules import ProfileText, Record, ServiceText
from webapp.counsellors.services import (
    add_service,
    close_profile,
    create_counsellor,
    edit_service,
    lock_counsellor,
    record_rating,
    set_photo,
    switch_service,
    update_profile,
)
from webapp.dashboards.staff.services import save_counsellor
from webapp.reviews.models import Review
from webapp.reviews.queries import tally_of

Body = Mapping[str, Any]
KEEP = object()  # the photo stays
WORDS = ("name", "title", "bio", "short_bio", "experience", "location")
LISTS = ("qualifications", "certifications", "specializations", "exam_types", "languages")
IN_RECORD = {
    "students_guided": "students_guided",
    "hourly_rate": "hourly_rate",
    "total_reviews": "reviews_start",
    "is_featured": "is_featured",
    "display_order": "display_order",
}
# What fields of the services are called out here.
NAMES = {
    **{name: path.replace("weekly", "availability") for name, path in HOURS.items()},
    "linkedin": "socialLinks.linkedin",
    "twitter": "socialLinks.twitter",
    "rating_start": "rating",
    "reviews_start": "totalReviews",
}
NOT_SHOWN = "Made without being shown."
SWITCHED = "A counsellor is deactivated and reactivated at addresses of their own, with a reason."


def make_from(*, actor: User, body: Body, photo: object, now: dt.datetime) -> Counsellor:
    """Make a counsellor with a login, hours and single sessions.

    Raises:
        As `create_counsellor`, `save_availability` and `add_service`.
    """
    counsellor, _invited = create_counsellor(
        actor=actor,
        email=body["email"],
        phone=body.get("phone") or "",
        profile=_profile(ProfileText(name=body["name"], title=body["title"]), body),
        record=_record(Record(), body),
        now=now,
    )
    _hours(actor, counsellor, body, now, always=True)
    _services(actor, counsellor, body)
    _photo(actor, counsellor, photo)
    if body.get("is_active") is False:
        close_profile(counsellor, NOT_SHOWN, now)
    return counsellor


def change_from(*, actor: User, counsellor_id: str, body: Body, photo: object, now: dt.datetime) -> Counsellor:
    """Change what is given of a counsellor; the rating people see follows a changed balance.

    Raises:
        As `save_counsellor`, `save_availability` and `edit_service`.
        ValidationFailed: ``isActive`` is another one than now.
    """
    counsellor = lock_counsellor(actor, counsellor_id)
    if body.get("is_active", counsellor.is_active) is not counsellor.is_active:
        raise ValidationFailed(SWITCHED, fields={"is_active": SWITCHED})
    save_counsellor(
        actor=actor,
        counsellor_id=counsellor_id,
        email=body.get("email", counsellor.email),
        phone=_phone(counsellor, body),
        profile=_profile(profile_of(counsellor), body),
        record=_record(record_of(counsellor), body),
        seen=None,
    )
    _hours(actor, counsellor, body, now)
    _services(actor, counsellor, body)
    _photo(actor, counsellor, photo)
    return counsellor


def change_own(*, actor: User, counsellor_id: str, body: Body, photo: object, now: dt.datetime) -> Counsellor:
    """Change what is given of what a counsellor may write. Raises as `update_profile` and `save_availability`."""
    counsellor = lock_counsellor(actor, counsellor_id)
    update_profile(
        actor=actor,
        counsellor_id=counsellor_id,
        phone=_phone(counsellor, body),
        profile=_profile(profile_of(counsellor), body),
        seen=None,
    )
    _hours(actor, counsellor, body, now)
    _photo(actor, counsellor, photo)
    return counsellor


def set_rating(*, actor: User, counsellor_id: str, rating: float, review_id: str | None) -> Counsellor:
    """Give a counsellor the rating that published reviews add to; ``review_id`` goes into the log.

    Raises:
        NotFound: no such counsellor, or no such review of this counsellor.
    """
    counsellor = lock_counsellor(actor, counsellor_id)
    if review_id is not None:
        mine = select(Review.id).where(Review.public_id == review_id, Review.counsellor_id == counsellor.id)
        if db.session.scalar(mine) is None:
            raise NotFound("We could not find that review of this counsellor.")
        because(f"Review {review_id}")
    counsellor.rating_start = _stars(rating)
    return record_rating(counsellor_id=counsellor.id, tally=tally_of)


def profile_of(counsellor: Counsellor) -> ProfileText:
    """Return what is kept of a profile, as the service takes it."""
    links = counsellor.social_links or {}
    words = {name: getattr(counsellor, name) for name in WORDS}
    lists: dict[str, Any] = {name: tuple(getattr(counsellor, name)) for name in LISTS}
    return ProfileText(**words, **lists, linkedin=links.get("linkedin", ""), twitter=links.get("twitter", ""))


def record_of(counsellor: Counsellor) -> Record:
    """Return what is kept of the desk's record, as the service takes it."""
    kept = {inside: getattr(counsellor, inside) for inside in IN_RECORD.values()}
    return Record(**kept, rating_start=counsellor.rating_start)


def _profile(kept: ProfileText, body: Body) -> ProfileText:
    given: dict[str, Any] = {name: body[name] for name in WORDS if name in body}
    given |= {name: tuple(body[name]) for name in LISTS if name in body}
    given |= {name: url or "" for name, url in (body.get("social_links") or {}).items()}
    return replace(kept, **given)


def _record(kept: Record, body: Body) -> Record:
    given: dict[str, Any] = {inside: body[name] for name, inside in IN_RECORD.items() if name in body}
    if "rating" in body:
        given["rating_start"] = _stars(body["rating"])
    return replace(kept, **given)


def _stars(rating: float) -> Decimal:
    return Decimal(str(rating)).quantize(Decimal("0.01"))


def _phone(counsellor: Counsellor, body: Body) -> str:
    return body.get("phone", counsellor.phone) or ""


def _hours(actor: User, counsellor: Counsellor, body: Body, now: dt.datetime, *, always: bool = False) -> None:
    names = {"timezone": "timezone", "availability": "weekly"}
    given = {name: body[sent] for sent, name in names.items() if sent in body}
    if given or always:
        change_availability(actor=actor, counsellor=counsellor, given=given, now=now)


def _services(actor: User, counsellor: Counsellor, body: Body) -> None:
    """Write the single sessions: known ones are changed and on sale, others added, those left out go off sale."""
    if "services" not in body:
        return
    known = {one.public_id: one for one in services_of(counsellor.id)}
    for number, given in enumerate(body["services"]):
        entry = ServiceText(given["title"], given["description"], given["duration"], given["price"])
        service_id = given.get("public_id")
        with _named(f"services.{number}"):
            if service_id is None:
                add_service(actor=actor, counsellor_id=counsellor.public_id, entry=entry)
                continue
            here = {"actor": actor, "counsellor_id": counsellor.public_id, "service_id": service_id}
            edit_service(**here, entry=entry)
            switch_service(**here, on=True)
            known.pop(service_id, None)
    _off_sale(actor, counsellor, list(known))


def _off_sale(actor: User, counsellor: Counsellor, service_ids: Sequence[str]) -> None:
    for service_id in service_ids:
        switch_service(actor=actor, counsellor_id=counsellor.public_id, service_id=service_id, on=False)


def _photo(actor: User, counsellor: Counsellor, photo: object) -> None:
    if photo is not KEEP:
        name = photo if isinstance(photo, str) else None
        set_photo(actor=actor, counsellor_id=counsellor.public_id, name=name)


@contextmanager
def _named(path: str) -> Iterator[None]:
    """Have wrong fields of a part named by where it stands."""
    try:
        yield
    except DomainError as error:
        error.fields = {f"{path}.{name}": text for name, text in error.fields.items()}
        raise
