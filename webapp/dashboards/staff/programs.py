"""Counsellors for the JSON door: lists with its filters, and all that one answer says of a counsellor."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, func, or_, select, type_coerce
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import InstrumentedAttribute

from webapp.accounts.models import Role, User
from webapp.availability.models import AvailabilityWindow, Calendar
from webapp.availability.permissions import can_edit
from webapp.availability.programs import Week, week_of
from webapp.bookings.queries.kept import kept_soonest
from webapp.core.db import db
from webapp.core.pagination import Page, paginate
from webapp.core.times import DEFAULT_ZONE
from webapp.counsellors.models import Counsellor, Service
from webapp.counsellors.rules import search_patterns

C = Counsellor
SOONEST = "nextAvailableSlot"
SORTS = {
    "displayOrder": C.display_order,
    "name": func.lower(C.name),
    "rating": C.rating,
    "totalReviews": C.review_count,
    "experience": C.experience,
    "studentsGuided": C.students_guided,
    "hourlyRate": C.hourly_rate,
    "createdAt": C.created_at,
}


@dataclass(frozen=True, slots=True)
class CounsellorWish:
    """What a list is narrowed to; None narrows nothing. ``max_price`` is paise an hour.

    ``available``: with a free time in the next three weeks, or without. ``everything``: also who is not active.
    """

    exam: str | None = None
    specialization: str | None = None
    language: str | None = None
    min_rating: float | None = None
    max_price: int | None = None
    search: str = ""
    available: bool | None = None
    active: bool | None = None
    featured: bool | None = None
    everything: bool = False


@dataclass(frozen=True, slots=True)
class CounsellorView:
    """A counsellor as one reader may see them; ``contact`` is None for who may not have mail and phone."""

    counsellor: Counsellor
    contact: Counsellor | None
    services: list[Service]
    timezone: str
    availability: Week
    next_available_slot: dt.datetime | None


def counsellors_page(
    wish: CounsellorWish, *, sort: str, reader: User | None, page: int, limit: int, now: dt.datetime
) -> Page[CounsellorView]:
    """Return one page; seven statements at most.

    Where free times decide on it, the ids of all who fit and their free times are read, but only a page of rows.
    """
    wanted = _narrowed(wish)
    name, down = sort.removeprefix("-"), sort.startswith("-")
    if wish.available is None and name != SOONEST:
        column = SORTS[name]
        order = (column.desc(), C.id.desc()) if down else (column, C.id)
        found = paginate(db.session(), wanted.order_by(*order), page=page, limit=limit)
        return Page(dressed(found.items, reader, now), found.total, page, limit)
    column = SORTS.get(name, SORTS["displayOrder"])
    ids = list(db.session.scalars(wanted.with_only_columns(C.id).order_by(column.desc() if down else column, C.id)))
    free = kept_soonest(ids, now=now)
    if wish.available is not None:
        ids = [one for one in ids if (one in free) is wish.available]
    if name == SOONEST:
        latest = dt.datetime.max.replace(tzinfo=dt.UTC)
        ids.sort(key=lambda one: free.get(one, latest), reverse=down)
    rows = _rows(ids[(page - 1) * limit : page * limit])
    return Page(dressed(rows, reader, now, free), len(ids), page, limit)


def counsellor_view(counsellor: Counsellor, reader: User | None, now: dt.datetime) -> CounsellorView:
    """Return one counsellor as ``reader`` may see them; six statements at most."""
    return dressed([counsellor], reader, now)[0]


def dressed(
    rows: Sequence[Counsellor],
    reader: User | None,
    now: dt.datetime,
    free: Mapping[int, dt.datetime] | None = None,
) -> list[CounsellorView]:
    """Put services, hours and the next free time beside counsellors; five statements for any number of them."""
    ids = [row.id for row in rows]
    if not ids:
        return []
    zones = _zones(ids)
    services, windows = _by_counsellor(_services(ids)), _by_counsellor(_windows(ids))
    if free is None:
        free = kept_soonest([row.id for row in rows if row.is_active], now=now)
    return [
        CounsellorView(
            row,
            row if reader is not None and can_edit(reader, row) else None,
            [one for one in services.get(row.id, []) if one.is_active or _is_staff(reader, row)],
            zones.get(row.id, DEFAULT_ZONE),
            week_of(windows.get(row.id, [])),
            free.get(row.id),
        )
        for row in rows
    ]


def _is_staff(reader: User | None, row: Counsellor) -> bool:
    return reader is not None and (reader.role is Role.ADMIN or row.user_id == reader.id)


def _zones(ids: Sequence[int]) -> dict[int, str]:
    wanted = select(Calendar.counsellor_id, Calendar.zone).where(Calendar.counsellor_id.in_(ids))
    return {row[0]: row[1] for row in db.session.execute(wanted)}


def _services(ids: Sequence[int]) -> Select[Service]:
    return select(Service).where(Service.counsellor_id.in_(ids)).order_by(Service.position, Service.id)


def _windows(ids: Sequence[int]) -> Select[AvailabilityWindow]:
    start = AvailabilityWindow.start_minute
    wanted = select(AvailabilityWindow).where(AvailabilityWindow.counsellor_id.in_(ids))
    return wanted.order_by(AvailabilityWindow.weekday, start)


def _by_counsellor(wanted: Select[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in db.session.scalars(wanted):
        found.setdefault(row.counsellor_id, []).append(row)
    return found


def _rows(ids: Sequence[int]) -> list[Counsellor]:
    found = {row.id: row for row in db.session.scalars(select(C).where(C.id.in_(ids)))} if ids else {}
    return [found[one] for one in ids if one in found]


def _narrowed(wish: CounsellorWish) -> Select[Any]:
    wanted: Select[Any] = select(C) if wish.everything else select(C).where(C.is_active)
    if wish.exam is not None:
        wanted = wanted.where(type_coerce(C.exam_types, postgresql.ARRAY(Text)).contains([wish.exam]))
    if wish.specialization is not None:
        wanted = wanted.where(_has_word(C.specializations, wish.specialization))
    if wish.language is not None:
        wanted = wanted.where(_has_word(C.languages, wish.language))
    if wish.min_rating is not None:
        wanted = wanted.where(C.rating >= Decimal(str(wish.min_rating)))
    if wish.max_price is not None:
        wanted = wanted.where(C.hourly_rate <= wish.max_price)
    if wish.active is not None:
        wanted = wanted.where(C.is_active.is_(wish.active))
    if wish.featured is not None:
        wanted = wanted.where(C.is_featured.is_(wish.featured))
    for pattern in search_patterns(wish.search):
        texts = (C.name, C.title, C.short_bio, C.bio, func.array_to_string(C.specializations, " "))
        wanted = wanted.where(or_(*(text.ilike(pattern, escape="\\") for text in texts)))
    return wanted


def _has_word(column: InstrumentedAttribute[list[str]], word: str) -> ColumnElement[bool]:
    """Whether a list of words holds one, whatever its case."""
    each = func.unnest(column).column_valued("word")
    same = func.lower(func.btrim(each)) == word.strip().lower()
    return select(each).where(same).correlate(C).exists()
