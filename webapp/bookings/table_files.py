"""The admins' table of sessions as a file."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Select

from webapp.bookings.models import CounsellingSession
from webapp.bookings.picker_url import read_date
from webapp.bookings.queries.lists import searched_sessions
from webapp.bookings.rules import SessionStatus
from webapp.core.csv_export import Cell, moment_cell
from webapp.core.errors import ValidationFailed
from webapp.exports.reading import count_rows, stream_rows
from webapp.exports.registry import Params, register_export

HEADER = (
    "Starts", "Minutes", "Student", "Mail", "Counsellor", "Status", "Package", "How", "Asked for", "Confirmed",
    "Began", "Ended", "Credit came back", "Reason", "Session",
)  # fmt: skip


def register_table_files() -> None:
    """Offer the sessions; harmless to repeat."""
    register_export(
        "sessions",
        title="Sessions",
        filename="sessions.csv",
        header=HEADER,
        count=lambda params: count_rows(_wanted(params)),
        rows=_rows,
    )


def _wanted(params: Params) -> Select[CounsellingSession]:
    """Read the filter as the page does.

    Raises:
        ValidationFailed: the day is none; a file of other rows than asked for would mislead.
    """
    asked = params.asked("status", "date", "counsellor")
    status, date = asked.get("status", ""), read_date(asked.get("date", ""))
    if "date" in asked and date is None:
        raise ValidationFailed(f"“{asked['date']}” is not a date.")
    known = status in list(SessionStatus) and status != SessionStatus.HELD
    return searched_sessions(
        status=SessionStatus(status) if known else None,
        date=date,
        zone=params.zone,
        counsellor_id=asked.get("counsellor", "")[:40],
    )


def _rows(params: Params, zone: str) -> Iterator[tuple[Cell, ...]]:
    for one in stream_rows(_wanted(params)):
        yield (
            moment_cell(one.starts_at, zone),
            one.minutes,
            one.student.name,
            one.student.email,
            one.counsellor.name,
            one.status.value,
            one.enrolment.title if one.enrolment else "",
            one.meeting_mode.value,
            moment_cell(one.requested_at, zone),
            moment_cell(one.confirmed_at, zone),
            moment_cell(one.started_at, zone),
            moment_cell(one.finished_at, zone),
            "yes" if one.credit_returned else "no",
            one.reason,
            one.public_id,
        )
