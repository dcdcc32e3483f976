"""What the landing page tells everybody alike: read once, kept while it is so (core/pieces.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for

from webapp.bookings.queries import soonest_free
from webapp.core.pieces import kept, minute_of, rows_key, table_key
from webapp.counsellors.models import Counsellor
from webapp.counsellors.queries import Figures, best_known, count_by_exam, figures
from webapp.packages.models import ExamType, Package
from webapp.packages.presenters import PackageCard
from webapp.packages.queries import count_by_exam as count_packages
from webapp.packages.queries import list_packages
from webapp.public.presenters import CounsellorCard, Track, soonest_first, tracks
from webapp.public.views.blueprint import cards_of, counsellor_cards
from webapp.reviews.models import Review
from webapp.reviews.queries import PublicReview, published_for

PACKAGES, PEOPLE, REVIEWS = 3, 4, 3
LOOKED_AT = 12  # whose free times are worked out to show the soonest: a landing page must not read everybody's
ROWS = [table_key(Counsellor), table_key(Package), table_key(Review)]


@dataclass(frozen=True, slots=True)
class House:
    """The house in numbers, cards and words. ``known`` are the ids of the counsellors who may be shown."""

    tracks: Sequence[Track]
    packages: Sequence[PackageCard]
    package_count: int
    known: tuple[int, ...]
    figures: Figures
    reviews: Sequence[PublicReview]


@dataclass(frozen=True, slots=True)
class People:
    """Who is free soonest of those who may be shown; ``lapse`` is when it may be sooner without any change."""

    cards: Sequence[CounsellorCard]
    lapse: dt.datetime | None

    @property
    def first(self) -> CounsellorCard | None:
        """The soonest of all, None where nobody is free."""
        return self.cards[0] if self.cards and self.cards[0].soonest else None


def the_house(now: dt.datetime) -> House:
    """Return what changes only when somebody edits the house; seven statements, if any."""
    return kept("house", (), ROWS, _read_house, now=now)


def people_of(house: House, now: dt.datetime) -> People:
    """Return the best known counsellors, the soonest free first; three statements, if any."""
    return kept(
        "landing people",
        (house.known, minute_of(now)),
        rows_of(house),
        lambda: _read_people(house.known, now),
        now=now,
        until=lambda people: people.lapse,
    )


def rows_of(house: House) -> list[str]:
    """Return the keys of all rows of which the landing page is made."""
    return [*ROWS, *(rows_key(Counsellor, one) for one in house.known)]


def _read_house() -> House:
    exams = {exam: url_for("public.counsellors", exam=exam.value) for exam in ExamType}
    return House(
        tracks=tracks(count_by_exam(), exams),
        packages=cards_of(list_packages(limit=PACKAGES, featured_first=True)),
        package_count=sum(count_packages().values()),
        known=tuple(best_known(LOOKED_AT)),
        figures=figures(),
        reviews=published_for(limit=REVIEWS, with_text=True),
    )


def _read_people(ids: Sequence[int], now: dt.datetime) -> People:
    lapses: list[dt.datetime] = []
    soonest = soonest_free(ids, now=now, lapses=lapses)
    return People(counsellor_cards(soonest_first(ids, soonest)[:PEOPLE], soonest), min(lapses, default=None))
