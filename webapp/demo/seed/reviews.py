"""What students of the demo said, and the ratings that follow from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.bookings.models import CounsellingSession
from webapp.counsellors.models import Counsellor
from webapp.reviews.models import Review

ASPECTS = ("professionalism", "expertise", "communication", "value_for_money", "punctuality")
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Said:
    """A review: stars, words, tags, the weakest aspect if one was, and the counsellor's answer."""

    stars: int
    text: str
    tags: tuple[str, ...] = ()
    weak: str = ""
    answer: str = ""
    published: bool = True


SAID: dict[str, tuple[Said, ...]] = {
    "meera": (
        Said(
            5,
            "We had ECE at a better NIT and CSE at Durgapur. She put fees, placements and travel next to each other "
            "and it took ten minutes to decide.",
            ("clear", "well prepared"),
        ),
        Said(
            5,
            "My father had been asking everybody for a month. After this session he stopped asking. The list had 94 "
            "lines and a reason for each.",
            ("parents welcome",),
            answer="Your father’s questions were the best part. Write to me after round 2.",
        ),
        Said(4, "Very good on JoSAA. I would have liked more about CSAB, but we ran out of time.", ("clear",)),
        Said(5, "She remembered everything from our first talk.", ("well prepared",), published=False),
    ),
    "sourav": (
        Said(
            4,
            "Very clear about TFW papers. The session started eight minutes late, but he stayed on till all my "
            "questions were over.",
            ("patient",),
            "punctuality",
            "Sorry for the late start; the session before ran over. Thank you for saying it openly.",
        ),
        Said(5, "He knew which college asks for which paper. We corrected two certificates in time.", ("practical",)),
        Said(5, "Explained everything to my mother in Bengali.", ("parents welcome", "patient"), published=False),
    ),
    "arvind": (
        Said(
            5,
            "Sir told us plainly that the deemed seat would cost ₹1.12 crore and why to wait for state round 2. My "
            "daughter is at Bankura Sammilani now.",
            ("honest",),
        ),
        Said(5, "Bond, stipend, hostel: all in one table. We had not thought of the bond at all.", ("practical",)),
        Said(3, "Good advice, but the call dropped twice.", (), "communication", published=False),
    ),
    "farhana": (
        Said(5, "She told us not to pay a deposit and she was right. Saved us four lakh.", ("honest",)),
        Said(4, "Straight numbers about studying abroad, also the ugly ones.", ("honest", "clear")),
    ),
    "harpreet": (
        Said(
            5,
            "Float or slide finally made sense. My list had 94 choices and I got number 6 in round 3: IIIT "
            "Allahabad, IT.",
            ("clear",),
        ),
        Said(4, "Quick and practical. He sent the deadlines of all universities the same evening.", ("practical",)),
        Said(5, "No sugar coating about private colleges.", ("honest",), published=False),
    ),
    "kavita": (
        Said(5, "CAP rounds and JoSAA in one order. I finally slept.", ("patient", "clear")),
        Said(5, "She found the wrong date on my EWS certificate. That alone was worth it.", ("well prepared",)),
    ),
    "imran": (
        Said(
            4,
            "He looked at twenty of my mocks before telling me not to drop. I trust that.",
            ("honest", "well prepared"),
        ),
        Said(5, "Late evening slots are the only ones I can manage. Very calm person.", ("patient",)),
    ),
    "lakshmi": (
        Said(5, "A scholarship we had never heard of. Applied the next day.", ("practical",)),
        Said(4, "Knows every IIIT by heart. A bit fast for me at times.", ("clear",), "communication"),
    ),
    "ritu": (
        Said(5, "Checked each certificate on camera. Two were missing a stamp.", ("practical", "patient")),
        Said(4, "Half an hour is short, but everything important was covered.", ("clear",)),
    ),
    "anil": (
        Said(5, "From Muscat to Kottayam: he knew exactly which sponsor papers we needed.", ("well prepared",)),
        Said(5, "He talked us out of one country and gave good reasons.", ("honest",)),
    ),
}


def make_reviews(
    session: Session,
    sessions: Iterable[CounsellingSession],
    counsellors: Mapping[str, Counsellor],
    now: dt.datetime,
) -> None:
    """Give each new counsellor's completed sessions, the earliest first, what was said about them."""
    for key, counsellor in counsellors.items():
        held = [
            row for row in sessions if row.counsellor_id == counsellor.id and row.ends_at < now - dt.timedelta(days=2)
        ]
        held.sort(key=lambda row: row.starts_at)
        for said, row in zip(SAID[key], held, strict=False):
            session.add(_review(said, row))
    session.flush()  # the ratings count them


def _review(said: Said, row: CounsellingSession) -> Review:
    written = row.ends_at + dt.timedelta(hours=5, minutes=12)
    aspects = {name: said.stars - 1 if name == said.weak else said.stars for name in ASPECTS}
    return Review(
        session_id=row.id,
        counsellor_id=row.counsellor_id,
        student_id=row.student_id,
        rating=said.stars,
        text=said.text,
        would_recommend=said.stars > 3,
        tags=list(said.tags),
        aspects=aspects,
        created_at=written,
        published_at=written + dt.timedelta(hours=16) if said.published else None,
        response=said.answer,
        responded_at=written + dt.timedelta(hours=20) if said.answer else None,
    )


def settle_ratings(session: Session, counsellors: Iterable[Counsellor]) -> None:
    """Set rating and number of reviews from what a counsellor brought along and what is published."""
    published = {
        row[0]: (row[1], row[2])
        for row in session.execute(
            select(Review.counsellor_id, func.count(), func.sum(Review.rating))
            .where(Review.published_at.is_not(None))
            .group_by(Review.counsellor_id)
        )
    }
    for counsellor in counsellors:
        count, stars = published.get(counsellor.id, (0, 0))
        total = counsellor.reviews_start + count
        sum_of_stars = counsellor.rating_start * counsellor.reviews_start + stars
        counsellor.rating = (sum_of_stars / total).quantize(CENT) if total else Decimal(0)
        counsellor.review_count = total
