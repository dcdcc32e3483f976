"""What the landing page tells everybody alike: read once, kept while it is so (core/pieces.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for

from webapp.bookings.queries.kept import kept_soonest
from webapp.core.pieces import kept, table_key
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
PROFILES = [table_key(Counsellor)]
ROWS = [*PROFILES, table_key(Package), table_key(Review)]


@dataclass(frozen=True, slots=True)
class House:
    """The house in numbers, cards and words. ``known`` are the ids of the counsellors who may be shown."""

    tracks: Sequence[Track]
    packages: Sequence[PackageCard]
    package_count: int
    known: tuple[int, ...]
    figures: Figures
    reviews: Sequence[PublicReview]


def the_house(now: dt.datetime) -> House:
    """Return what changes only when somebody edits the house; seven statements, if any."""
    return kept("house", (), ROWS, _read_house, now=now)


def people_of(house: House, now: dt.datetime) -> list[CounsellorCard]:
    """Return the best known counsellors, the soonest free first; three statements, if any."""
    soonest = kept_soonest(house.known, now=now)
    shown = soonest_first(house.known, soonest)[:PEOPLE]
    at = {one: soonest[one] for one in shown if one in soonest}
    return kept("cards", (tuple(shown), tuple(at.items())), PROFILES, lambda: counsellor_cards(shown, at), now=now)


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
