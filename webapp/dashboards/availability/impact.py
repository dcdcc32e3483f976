"""Booked sessions that would lie outside the new hours, and what is to become of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from webapp.availability.queries import exception_days
from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries import affected_sessions
from webapp.core.errors import ValidationFailed
from webapp.counsellors.models import Counsellor
from webapp.dashboards.availability.preview import Hours

EVERY = "*"  # a choice for all of them at once


class Choice(StrEnum):
    """What to do with a session outside the hours."""

    KEEP = "keep"
    OFFER = "offer"


class ChoiceNeeded(ValidationFailed):
    """Sessions fall outside the new hours and nobody has said what to do with them."""

    message = "Say what to do with each session outside your new hours. Nothing has been saved yet."


@dataclass(frozen=True, slots=True)
class Affected:
    """A session outside the new hours and the choice made for it, "" for none."""

    session: CounsellingSession
    choice: str


def outside(counsellor: Counsellor, hours: Hours, now: dt.datetime) -> list[CounsellingSession]:
    """Upcoming sessions and open requests outside these hours, with their students; one statement."""
    return affected_sessions(
        counsellor.id,
        windows=hours.windows,
        exceptions=exception_days(hours.records),
        zone=hours.rules.zone,
        now=now,
    )


def affected_by(
    counsellor: Counsellor, draft: Hours, saved: Hours, choices: Mapping[str, str], now: dt.datetime
) -> list[Affected]:
    """Sessions that the draft pushes outside; those outside already were decided on before. ≤ 2 statements."""
    if _same_hours(draft, saved):
        return []
    known = [choice.value for choice in Choice]
    before = {session.id for session in outside(counsellor, saved, now)}
    return [
        Affected(
            session, chosen if (chosen := choices.get(EVERY) or choices.get(session.public_id, "")) in known else ""
        )
        for session in outside(counsellor, draft, now)
        if session.id not in before
    ]


def _same_hours(one: Hours, other: Hours) -> bool:
    return (
        one.rules.zone == other.rules.zone
        and set(one.windows) == set(other.windows)
        and exception_days(one.records) == exception_days(other.records)
    )


def require_choices(affected: list[Affected]) -> None:
    """Refuse to go on while a session has no choice. Raises ChoiceNeeded."""
    if any(not item.choice for item in affected):
        raise ChoiceNeeded
