"""Pure rules of the catalogue of counsellors: what is searched for, how ratings add up."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

SEARCH_LIMIT = 80
SEARCH_WORDS = 6
_NOT_TEXT = re.compile(r"[\x00-\x1f\x7f\s]+")
_HUNDREDTH = Decimal("0.01")


class CounsellorSort(enum.StrEnum):
    """Orders of a list of counsellors; the words of the URL."""

    SOONEST = "soonest"
    RATING = "rating"
    EXPERIENCE = "experience"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class CounsellorFilter:
    """What a list of counsellors is narrowed to; an empty part narrows nothing.

    ``exam`` is an exam type's value; ``languages`` and ``specializations`` hold every spelling that
    counts as the chosen one; ``min_rating`` is inclusive; all words of ``search`` must be found.
    """

    exam: str = ""
    languages: tuple[str, ...] = ()
    specializations: tuple[str, ...] = ()
    min_rating: Decimal | None = None
    search: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """Published reviews of one counsellor: how many, and the sum of their stars."""

    count: int = 0
    stars: int = 0


def clean_search(text: str) -> str:
    """Return typed text as it is searched for: one line, single spaces, at most ``SEARCH_LIMIT`` characters."""
    return _NOT_TEXT.sub(" ", text).strip()[:SEARCH_LIMIT].strip()


def search_patterns(text: str) -> list[str]:
    r"""Return one ILIKE pattern a word (escape character ``\``), for at most ``SEARCH_WORDS`` words."""
    escaped = (re.sub(r"([\\%_])", r"\\\1", word) for word in clean_search(text).split()[:SEARCH_WORDS])
    return [f"%{word}%" for word in escaped]


def combined_rating(start: Decimal, start_count: int, published: Tally) -> tuple[Decimal, int]:
    """Return (average to two places, number of reviews) of a start balance and the published reviews.

    A balance without a number of reviews weighs nothing once somebody has reviewed (api.md "Settled").
    """
    count = start_count + published.count
    if count == 0:
        return start.quantize(_HUNDREDTH, ROUND_HALF_UP), 0
    average = (start * start_count + published.stars) / Decimal(count)
    return average.quantize(_HUNDREDTH, ROUND_HALF_UP), count
