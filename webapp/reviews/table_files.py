"""The admins' table of reviews as a file."""

from __future__ import annotations

from collections.abc import Iterator

from webapp.core.csv_export import Cell, moment_cell
from webapp.exports.reading import count_rows, stream_rows
from webapp.exports.registry import Params, register_export
from webapp.reviews.queries import ReviewFilter, shown_reviews
from webapp.reviews.rules import ASPECTS

HEADER = (
    "Written", "Student", "Mail", "Counsellor", "Session", "Stars", "Recommends", "Text", "Tags", *ASPECTS.values(),
    "Published", "Note for staff", "Answer", "Answered", "Review",
)  # fmt: skip


def register_table_files() -> None:
    """Offer the reviews; harmless to repeat."""
    register_export(
        "reviews",
        title="Reviews",
        filename="reviews.csv",
        header=HEADER,
        count=lambda params: count_rows(shown_reviews(read_show(params.get("show", "")))),
        rows=_rows,
    )


def read_show(text: str) -> ReviewFilter:
    """Return the part of the list that an address asks for: what waits, unless it says otherwise."""
    return ReviewFilter(text) if text in list(ReviewFilter) else ReviewFilter.WAITING


def _rows(params: Params, zone: str) -> Iterator[tuple[Cell, ...]]:
    for one in stream_rows(shown_reviews(read_show(params.get("show", "")))):
        yield (
            moment_cell(one.created_at, zone),
            one.student.name,
            one.student.email,
            one.counsellor.name,
            moment_cell(one.session.starts_at, zone),
            one.rating,
            "yes" if one.would_recommend else "no",
            one.text,
            ", ".join(one.tags),
            *(one.aspects.get(name) for name in ASPECTS),
            moment_cell(one.published_at, zone),
            one.moderation_note,
            one.response,
            moment_cell(one.responded_at, zone),
            one.public_id,
        )
