"""Reads of reviews: for the public (published ones only, names shortened) and for those who work with them."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import contains_eager, joinedload

from webapp.accounts.models import User
from webapp.bookings.models import CounsellingSession
from webapp.core.db import db
from webapp.core.errors import NotFound
from webapp.core.pagination import Page, paginate
from webapp.counsellors.models import Counsellor
from webapp.counsellors.rules import Tally
from webapp.enrolments.models import Enrolment
from webapp.reviews.models import Review
from webapp.reviews.rules import shorten_name

STARS = (5, 4, 3, 2, 1)
WAITS = (Review.published_at.is_(None), Review.taken_back_at.is_(None))


class ReviewFilter(enum.StrEnum):
    """Parts of the admin's list of reviews."""

    WAITING = "waiting"
    PUBLISHED = "published"
    TAKEN_BACK = "taken-back"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class PublicReview:
    """A review as anyone may read it; ``about`` is what was bought, ``response`` the counsellor's words."""

    rating: int
    text: str
    author: str
    counsellor: str
    about: str
    published_at: dt.datetime
    would_recommend: bool
    response: str


@dataclass(frozen=True, slots=True)
class Distribution:
    """How many published reviews gave each number of stars, 5 first."""

    by_stars: dict[int, int]

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(self.by_stars.values())

    @property
    def average(self) -> float:
        """Their average, 0.0 without any."""
        total = sum(stars * number for stars, number in self.by_stars.items())
        return total / self.count if self.count else 0.0


def published_for(
    counsellor_ids: Sequence[int] | None = None,
    limit: int = 6,
    *,
    offset: int = 0,
    package_id: int | None = None,
    with_text: bool = False,
) -> list[PublicReview]:
    """Return published reviews, the newest first; one statement.

    ``counsellor_ids`` and ``package_id`` (bought with) narrow them; ``with_text`` leaves out bare stars.
    Reviews of counsellors who are not active any more are left out.
    """
    wanted = (
        select(Review, User.name, Counsellor.name, Enrolment.title)
        .join(Review.student)
        .join(Review.counsellor)
        .join(Review.session)
        .outerjoin(CounsellingSession.enrolment)
        .where(*_narrowing(counsellor_ids, package_id))
    )
    if with_text:
        wanted = wanted.where(Review.text != "")
    rows = db.session.execute(wanted.order_by(Review.published_at.desc(), Review.id.desc()).limit(limit).offset(offset))
    return [_public(review, student, counsellor, about or "") for review, student, counsellor, about in rows]


def distribution(counsellor_ids: Sequence[int] | None = None, *, package_id: int | None = None) -> Distribution:
    """Return how the published reviews are spread over the stars; one statement."""
    wanted = (
        select(Review.rating, func.count())
        .select_from(Review)
        .join(Review.counsellor)
        .join(Review.session)
        .outerjoin(CounsellingSession.enrolment)
        .where(*_narrowing(counsellor_ids, package_id))
        .group_by(Review.rating)
    )
    found = dict(db.session.execute(wanted).all())
    return Distribution({stars: found.get(stars, 0) for stars in STARS})


def tally_of(counsellor_id: int) -> Tally:
    """Return number and sum of stars of a counsellor's published reviews, as `record_rating` wants them."""
    count, stars = db.session.execute(
        select(func.count(), func.coalesce(func.sum(Review.rating), 0)).where(
            Review.counsellor_id == counsellor_id, Review.published_at.is_not(None)
        )
    ).one()
    return Tally(count=count, stars=int(stars))


def _narrowing(counsellor_ids: Sequence[int] | None, package_id: int | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [Review.published_at.is_not(None), Counsellor.is_active.is_(True)]
    if counsellor_ids is not None:
        conditions.append(Review.counsellor_id.in_(counsellor_ids))
    if package_id is not None:
        conditions.append(Enrolment.package_id == package_id)
    return conditions


def _public(review: Review, student: str, counsellor: str, about: str) -> PublicReview:
    return PublicReview(
        rating=review.rating,
        text=review.text,
        author=shorten_name(student),
        counsellor=counsellor,
        about=about,
        published_at=cast(dt.datetime, review.published_at),
        would_recommend=review.would_recommend,
        response=review.response,
    )


def review_of_session(session_pk: int) -> Review | None:
    """Return the review of a session, with session and counsellor, if it has one."""
    return db.session.scalar(
        select(Review)
        .where(Review.session_id == session_pk)
        .options(joinedload(Review.session), joinedload(Review.counsellor))
    )


def is_reviewed(session_pk: int) -> bool:
    """Whether a session has a review."""
    return db.session.scalar(select(Review.id).where(Review.session_id == session_pk)) is not None


def reviews_for_admin(show: ReviewFilter, page: int) -> Page[Review]:
    """Return a page of reviews for those who publish: the longest waiting first, else the newest; two statements."""
    return paginate(db.session(), shown_reviews(show), page=page)


def shown_reviews(show: ReviewFilter) -> Select[tuple[Review]]:
    """Return the query of `reviews_for_admin`, for its page and its file."""
    wanted = _with_people(select(Review))
    if show is ReviewFilter.WAITING:
        return wanted.where(*WAITS).order_by(Review.id)
    if show is ReviewFilter.TAKEN_BACK:
        return wanted.where(Review.taken_back_at.is_not(None)).order_by(Review.taken_back_at.desc(), Review.id.desc())
    if show is ReviewFilter.PUBLISHED:
        return wanted.where(Review.published_at.is_not(None)).order_by(Review.published_at.desc(), Review.id.desc())
    return wanted.order_by(Review.id.desc())


def reviews_of_counsellor(user_id: int, page: int) -> Page[Review]:
    """Return a page of the published reviews of a counsellor's account, the newest first; two statements."""
    wanted = (
        _with_people(select(Review))
        .where(Counsellor.user_id == user_id, Review.published_at.is_not(None))
        .order_by(Review.published_at.desc(), Review.id.desc())
    )
    return paginate(db.session(), wanted, page=page)


def reviews_to_read(limit: int) -> list[Review]:
    """Return the reviews that wait the longest to be published; one statement."""
    wanted = _with_people(select(Review)).where(*WAITS)
    return list(db.session.scalars(wanted.order_by(Review.id).limit(limit)))


def count_waiting() -> int:
    """Return how many reviews wait to be published."""
    return db.session.scalar(select(func.count()).where(*WAITS)) or 0


def _with_people(wanted: Select[tuple[Review]]) -> Select[tuple[Review]]:
    return (
        wanted.join(Review.counsellor)
        .join(Review.student)
        .join(Review.session)
        .options(contains_eager(Review.counsellor), contains_eager(Review.student), contains_eager(Review.session))
    )


class ReviewSort(enum.StrEnum):
    """Orders of a list of reviews."""

    NEWEST = "newest"
    OLDEST = "oldest"
    HIGHEST = "highest"
    LOWEST = "lowest"


@dataclass(frozen=True, slots=True)
class ReviewsWanted:
    """What a program's list is narrowed to; an empty part narrows nothing."""

    counsellor_id: int | None = None
    rating: int | None = None
    published: bool | None = None
    sort: ReviewSort = ReviewSort.NEWEST


def reviews_for_programs(wanted: ReviewsWanted, *, page: int, limit: int) -> Page[Review]:
    """Return a page of reviews with counsellor, student and session; two statements."""
    query = _with_people(select(Review))
    if wanted.counsellor_id is not None:
        query = query.where(Review.counsellor_id == wanted.counsellor_id)
    if wanted.rating is not None:
        query = query.where(Review.rating == wanted.rating)
    if wanted.published is not None:
        query = query.where(Review.published_at.is_not(None) if wanted.published else Review.published_at.is_(None))
    newest = (Review.created_at.desc(), Review.id.desc())
    order: tuple[ColumnElement[Any], ...] = {
        ReviewSort.NEWEST: newest,
        ReviewSort.OLDEST: (Review.created_at.asc(), Review.id.asc()),
        ReviewSort.HIGHEST: (Review.rating.desc(), *newest),
        ReviewSort.LOWEST: (Review.rating.asc(), *newest),
    }[wanted.sort]
    return paginate(db.session(), query.order_by(*order), page=page, limit=limit)


def counsellor_reviewed(public_id: str, *, everything: bool) -> Counsellor:
    """Return the counsellor whose reviews are asked for; one who left is found by admins alone (``everything``).

    Raises:
        NotFound: no such counsellor.
    """
    wanted = select(Counsellor).where(Counsellor.public_id == public_id)
    found = db.session.scalar(wanted if everything else wanted.where(Counsellor.is_active))
    if found is None:
        raise NotFound("We could not find that counsellor.")
    return found


def stars_of(counsellor_id: int) -> Distribution:
    """Return how a counsellor's published reviews are spread over the stars, also of one who left; one statement."""
    wanted = select(Review.rating, func.count()).where(
        Review.counsellor_id == counsellor_id, Review.published_at.is_not(None)
    )
    found = dict(db.session.execute(wanted.group_by(Review.rating)).all())
    return Distribution({stars: found.get(stars, 0) for stars in STARS})
