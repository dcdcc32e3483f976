"""Reads of counsellors: one, the signed-in one's own, and the public list with its filters."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    TypeCoerce,
    and_,
    bindparam,
    case,
    func,
    literal,
    not_,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import InstrumentedAttribute, joinedload, selectinload

from webapp.accounts.models import Role, User
from webapp.core.db import db
from webapp.core.errors import NotFound
from webapp.core.pagination import Page, paginate
from webapp.counsellors.models import Counsellor, Service
from webapp.counsellors.rules import (
    CounsellorFilter,
    CounsellorSort,
    DeskFilter,
    DeskPart,
    Standing,
    search_patterns,
)

C = Counsellor
_PUBLIC_ID = re.compile(r"counsellor_[A-Za-z0-9_-]{1,29}")
BY_HOUSE = (C.display_order, C.id)
PROFILE_FIELDS = (
    "name", "title", "phone", "bio", "short_bio", "qualifications", "certifications", "specializations", "exam_types",
    "languages", "experience", "location", "social_links",
)  # fmt: skip
RECORD_FIELDS = (
    "email", "students_guided", "hourly_rate", "rating_start", "reviews_start", "is_featured", "display_order",
)  # fmt: skip
WAITING = and_(C.applied_at.is_not(None), C.approved_at.is_(None), C.declined_at.is_(None))


@dataclass(frozen=True, slots=True)
class Facets:
    """What the active counsellors can be filtered by: shown spelling → every spelling of it, by frequency."""

    languages: dict[str, tuple[str, ...]]
    specializations: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Figures:
    """The house in numbers, over active counsellors. ``rating`` is weighted by reviews, None without any."""

    counsellors: int
    students_guided: int
    rating: Decimal | None


def get_public(public_id: str) -> Counsellor:
    """Return an active counsellor by public id.

    Raises:
        NotFound: there is none, or the profile is not active.
    """
    return _public(public_id, _PUBLIC)


def get_profile(public_id: str) -> Counsellor:
    """Return what `get_public` does, with the services loaded too: two statements.

    Raises:
        NotFound: there is none, or the profile is not active.
    """
    return _public(public_id, _PROFILE)


# Built once: putting one together takes longer than the database needs to answer it.
_PUBLIC = select(C).where(C.public_id == bindparam("public_id"), C.is_active)
_PROFILE = _PUBLIC.options(selectinload(C.services))


def _public(public_id: str, wanted: Select[C]) -> Counsellor:
    found = None
    if _PUBLIC_ID.fullmatch(public_id):
        found = db.session.scalar(wanted, {"public_id": public_id})
    if found is None:
        raise NotFound("We could not find that counsellor.")
    return found


def counsellor_of(user: User) -> Counsellor:
    """Return the profile that belongs to a user, active or not.

    Raises:
        NotFound: the account has none.
    """
    found = db.session.scalar(select(C).where(C.user_id == user.id))
    if found is None:
        raise NotFound("This account has no counsellor's profile.")
    return found


def list_counsellors(filters: CounsellorFilter, sort: CounsellorSort = CounsellorSort.SOONEST) -> list[int]:
    """Return the ids of all active counsellors that fit, in order; one statement.

    The soonest free is not known on this floor: that order is the house's own here, and the page
    sorts by free time (`in_order` then fetches the rows of one page).
    """
    wanted = _narrowed(select(C.id).where(C.is_active), filters)
    return list(db.session.scalars(wanted.order_by(*_ORDERS[sort])))


def best_known(limit: int) -> list[int]:
    """Return the ids of active counsellors to show first: the featured, then by rating and reviews; one statement."""
    wanted = select(C.id).where(C.is_active).order_by(C.is_featured.desc(), *_ORDERS[CounsellorSort.RATING])
    return list(db.session.scalars(wanted.limit(limit)))


def in_order(ids: Sequence[int]) -> list[Counsellor]:
    """Return the counsellors with these ids, in the order of the ids; one statement."""
    if not ids:
        return []
    found = {row.id: row for row in db.session.scalars(select(C).where(C.id.in_(ids)))}
    return [found[one] for one in ids if one in found]


def listed() -> list[tuple[str, dt.datetime]]:
    """Return (public id, when the profile last changed) of all active counsellors; one statement."""
    rows = db.session.execute(select(C.public_id, C.updated_at).where(C.is_active).order_by(*BY_HOUSE))
    return [(public_id, changed) for public_id, changed in rows]


def count_by_exam() -> dict[str, int]:
    """Return how many active counsellors there are for each exam type's value; one statement."""
    exam = func.unnest(C.exam_types).label("exam")
    each = select(C.id, exam).where(C.is_active).subquery()
    rows = db.session.execute(select(each.c.exam, func.count(each.c.id.distinct())).group_by(each.c.exam))
    return dict(rows.all())


def facets() -> Facets:
    """Return the languages and specialisations of active counsellors; one statement."""
    parts = [
        select(literal(kind).label("kind"), func.unnest(column).label("word")).where(C.is_active)
        for kind, column in (("language", C.languages), ("specialization", C.specializations))
    ]
    words = union_all(*parts).subquery()
    rows = db.session.execute(
        select(words.c.kind, words.c.word)
        .group_by(words.c.kind, words.c.word)
        .order_by(func.count().desc(), words.c.word)
    ).all()
    return Facets(
        languages=_spellings([word for kind, word in rows if kind == "language"]),
        specializations=_spellings([word for kind, word in rows if kind == "specialization"]),
    )


def figures() -> Figures:
    """Return the house in numbers; one statement."""
    reviews = func.sum(C.review_count)
    weighted = case((reviews > 0, func.sum(C.rating * C.review_count) / reviews))
    number, guided, rating = db.session.execute(
        select(func.count(C.id), func.coalesce(func.sum(C.students_guided), 0), weighted).where(C.is_active)
    ).one()
    return Figures(counsellors=number, students_guided=int(guided), rating=rating)


def _spellings(words: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Group words that differ only in case or outer spaces under the first of them."""
    groups: dict[str, list[str]] = {}
    for word in words:
        if key := word.strip().casefold():
            groups.setdefault(key, []).append(word)
    return {spelt[0].strip(): tuple(spelt) for spelt in groups.values()}


_ORDERS = {
    CounsellorSort.SOONEST: BY_HOUSE,
    CounsellorSort.RATING: (C.rating.desc(), C.review_count.desc(), *BY_HOUSE),
    CounsellorSort.EXPERIENCE: (C.experience.desc(), C.rating.desc(), *BY_HOUSE),
    CounsellorSort.NAME: (func.lower(C.name), C.id),
}


def _words(column: InstrumentedAttribute[list[str]]) -> TypeCoerce[Sequence[str]]:
    """See a list of words with Postgres's own operators on it."""
    return type_coerce(column, postgresql.ARRAY(Text))


def _narrowed(wanted: Select[int], filters: CounsellorFilter) -> Select[int]:
    if filters.exam:
        wanted = wanted.where(_words(C.exam_types).contains([filters.exam]))
    if filters.languages:
        wanted = wanted.where(_words(C.languages).overlap(filters.languages))
    if filters.specializations:
        wanted = wanted.where(_words(C.specializations).overlap(filters.specializations))
    if filters.min_rating is not None:
        wanted = wanted.where(C.rating >= filters.min_rating)
    for pattern in search_patterns(filters.search):
        texts = (C.name, C.title, C.short_bio, C.bio, func.array_to_string(C.specializations, " "))
        wanted = wanted.where(or_(*(text.ilike(pattern, escape="\\") for text in texts)))
    return wanted


# ── the desk ───────────────────────────────────────────────────────────────────────────────────


def counsellor_for(actor: User, public_id: str) -> Counsellor:
    """Return a counsellor that the actor may change, active or not: an admin every one, a counsellor the own.

    Raises:
        NotFound: there is none, or it is not theirs.
    """
    wanted = select(C).options(joinedload(C.user)).where(C.public_id == public_id)
    if actor.role is not Role.ADMIN:
        wanted = wanted.where(C.user_id == actor.id)
    found = db.session.scalar(wanted) if actor.role is not Role.STUDENT else None
    if found is None:
        raise NotFound("We could not find that counsellor.")
    return found


def standing_of(counsellor: Counsellor) -> Standing:
    """Return what a profile is to the desk."""
    if counsellor.is_active:
        return Standing.ACTIVE
    if counsellor.declined_at is not None:
        return Standing.DECLINED
    applied = counsellor.applied_at is not None and counsellor.approved_at is None
    return Standing.WAITING if applied else Standing.OFF


def is_applicant(counsellor: Counsellor) -> bool:
    """Whether this profile has never counselled here: an application that waits or was declined."""
    return standing_of(counsellor) in (Standing.WAITING, Standing.DECLINED)


def profile_state(counsellor: Counsellor, *, with_record: bool) -> str:
    """Return a mark of what a form of this profile shows; another mark later means that somebody saved meanwhile.

    ``with_record``: the desk's form, which shows more than the counsellor's own.
    """
    names = PROFILE_FIELDS + (RECORD_FIELDS if with_record else ())
    shown = json.dumps([getattr(counsellor, name) for name in names], default=str)
    return hashlib.sha256(shown.encode()).hexdigest()[:24]


def services_of(counsellor_id: int) -> list[Service]:
    """Return all single sessions of a counsellor in their order, those off sale too; one statement."""
    wanted = select(Service).where(Service.counsellor_id == counsellor_id)
    return list(db.session.scalars(wanted.order_by(Service.position, Service.id)))


def find_service(counsellor_id: int, public_id: str) -> Service:
    """Return one single session of a counsellor.

    Raises:
        NotFound: this counsellor has none of that id.
    """
    wanted = select(Service).where(Service.counsellor_id == counsellor_id, Service.public_id == public_id)
    found = db.session.scalar(wanted)
    if found is None:
        raise NotFound("We could not find that service.")
    return found


def desk_page(filters: DeskFilter, page: int) -> Page[Counsellor]:
    """Return a page of the desk's list with logins and services: four statements."""
    wanted = desk_rows(filters).options(joinedload(C.user), selectinload(C.services))
    return paginate(db.session(), wanted, page=page)


def desk_rows(filters: DeskFilter) -> Select[Counsellor]:
    """Return the query of the desk's list, in its order.

    Active ones as the house shows them, the oldest application first, of the others those last switched off.
    """
    wanted = select(C).where(_PARTS[filters.part])
    if filters.exam:
        wanted = wanted.where(_words(C.exam_types).contains([filters.exam]))
    for pattern in search_patterns(filters.search):
        wanted = wanted.where(or_(*(text.ilike(pattern, escape="\\") for text in (C.name, C.title, C.email, C.phone))))
    return wanted.order_by(*_DESK_ORDERS[filters.part])


def desk_counts() -> dict[DeskPart, int]:
    """Return how many counsellors each part of the desk's list has; one statement."""
    counts = (func.count().filter(condition) for condition in _PARTS.values())
    return dict(zip(_PARTS, db.session.execute(select(*counts).select_from(C)).one(), strict=True))


def waiting_applications(limit: int) -> list[Counsellor]:
    """Return applications that nobody has answered, the oldest first; one statement."""
    return list(db.session.scalars(select(C).where(WAITING, ~C.is_active).order_by(C.applied_at, C.id).limit(limit)))


_PARTS: dict[DeskPart, ColumnElement[bool]] = {
    DeskPart.ACTIVE: C.is_active.is_(True),
    DeskPart.WAITING: and_(~C.is_active, WAITING),
    DeskPart.OFF: and_(~C.is_active, not_(WAITING)),
}
_DESK_ORDERS = {
    DeskPart.ACTIVE: BY_HOUSE,
    DeskPart.WAITING: (C.applied_at, C.id),
    DeskPart.OFF: (func.coalesce(C.deactivated_at, C.declined_at).desc().nulls_last(), C.id.desc()),
}
