"""What the cards and lines of the public pages show. Pure: no database, no request; addresses are handed in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from webapp.core.money import group_indian
from webapp.counsellors.models import Counsellor
from webapp.packages.models import ExamType
from webapp.packages.rules import EXAM_LABELS, exam_label

CARD_TAGS = 3
DESCRIPTION = 155  # characters that search engines show


@dataclass(frozen=True, slots=True)
class Seo:
    """What search engines and messengers read of a page. ``path`` is the page's one true address."""

    title: str
    description: str
    path: str


@dataclass(frozen=True, slots=True)
class CounsellorCard:
    """A counsellor in a list. ``soonest`` is the first free start in UTC, None where none is near."""

    name: str
    title: str
    url: str
    tone: int
    photo: str | None
    rating: Decimal
    reviews: int
    languages: str
    line: str
    tags: Sequence[str]
    soonest: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Track:
    """An exam on the landing page; ``counsellors`` says how many, empty for none."""

    label: str
    icon: str
    rounds: str
    words: str
    url: str
    counsellors: str


@dataclass(frozen=True, slots=True)
class Segment:
    """One choice of several that show the same list."""

    label: str
    url: str
    count: int
    current: bool


TRACKS = (
    (
        ExamType.JEE,
        "atom",
        "Main · Advanced · JoSAA · CSAB",
        "Percentile to rank, branch or college first, home-state quota, freeze, float and slide.",
    ),
    (
        ExamType.NEET,
        "stethoscope",
        "MCC · state quota · deemed",
        "All India and state rounds side by side, bond and fee traps, AYUSH and abroad as honest options.",
    ),
    (
        ExamType.WBJEE,
        "compass",
        "State counselling · TFW",
        "Jadavpur, Calcutta, KGEC and private seats with last year’s closing ranks, domicile papers ready.",
    ),
)


def counsellor_card(counsellor: Counsellor, url: str, soonest: dt.datetime | None) -> CounsellorCard:
    """Return a counsellor as a card."""
    return CounsellorCard(
        name=counsellor.name,
        title=counsellor.title,
        url=url,
        tone=tone_of(counsellor),
        photo=counsellor.photo,
        rating=counsellor.rating,
        reviews=counsellor.review_count,
        languages=", ".join(counsellor.languages),
        line=counsellor.short_bio or background(counsellor),
        tags=(counsellor.specializations or [exam_label(exam) for exam in counsellor.exam_types])[:CARD_TAGS],
        soonest=soonest,
    )


def tone_of(counsellor: Counsellor) -> int:
    """Return the counsellor's own colour, 1 to 5: the same on every page."""
    return counsellor.id % 5 + 1


def background(counsellor: Counsellor) -> str:
    """Return "B.Tech, IIT Madras. 11 years, 1,900 students." from what is known."""
    work = ", ".join(part for part in (years_words(counsellor.experience), guided_words(counsellor)) if part)
    return " ".join(f"{part}." for part in (", ".join(counsellor.qualifications[:2]), work) if part)


def years_words(years: int) -> str:
    """Return "11 years", "" for none."""
    return f"{years} {'year' if years == 1 else 'years'}" if years else ""


def guided_words(counsellor: Counsellor) -> str:
    """Return "1,900 students", "" for none."""
    number = counsellor.students_guided
    return f"{group_indian(str(number))} {'student' if number == 1 else 'students'}" if number else ""


def counsellors_words(number: int) -> str:
    """Return "9 counsellors", "1 counsellor" or "No counsellors"."""
    return f"{number or 'No'} {'counsellor' if number == 1 else 'counsellors'}"


def tracks(counts: Mapping[str, int], urls: Mapping[ExamType, str]) -> list[Track]:
    """Return the exams with their numbers of counsellors."""
    return [
        Track(
            label=EXAM_LABELS[exam],
            icon=icon,
            rounds=rounds,
            words=words,
            url=urls[exam],
            counsellors=counsellors_words(counts[exam.value]) if counts.get(exam.value) else "",
        )
        for exam, icon, rounds, words in TRACKS
    ]


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text; an empty line ends one."""
    return [part for part in (" ".join(piece.split()) for piece in text.split("\n\n")) if part]


def description(*parts: str) -> str:
    """Return the parts as one description, cut between words where search engines cut."""
    words = " ".join(" ".join(parts).split())
    if len(words) <= DESCRIPTION:
        return words
    return f"{words[:DESCRIPTION].rsplit(' ', 1)[0].rstrip(' ,.;:·')} …"


def soonest_first(ids: Iterable[int], soonest: Mapping[int, dt.datetime]) -> list[int]:
    """Return ids by free time; those without one stay in their order behind the others."""
    far = dt.datetime.max.replace(tzinfo=dt.UTC)
    return sorted(ids, key=lambda one: soonest.get(one, far))
