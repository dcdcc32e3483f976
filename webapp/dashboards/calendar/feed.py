"""The private calendar feed: a person's sessions as one calendar that Google, Apple and others subscribe to.

Entries carry the UID and SEQUENCE of the files sent by mail, so a calendar that has both shows one.
The text depends on what is stored alone, not on when it is asked for: its ETag changes with its content.
"""

from __future__ import annotations

import datetime as dt

from icalendar import Timezone

from webapp.accounts.models import User
from webapp.bookings.calendar_file import (
    CALENDAR_END,
    Entry,
    Method,
    Reader,
    Standing,
    calendar_head,
    event_lines,
)
from webapp.bookings.emails import counsellor_of, session_url, student_of
from webapp.bookings.models import CounsellingSession
from webapp.bookings.permissions import Part, part_of
from webapp.bookings.queries import chain_of
from webapp.bookings.queries.feed import sessions_of_feed
from webapp.bookings.rules import SessionStatus
from webapp.config import Settings
from webapp.core import ical

ASK_AGAIN = "PT1H"
STANDINGS = {
    SessionStatus.REQUESTED: Standing.TENTATIVE,
    SessionStatus.CANCELLED: Standing.CANCELLED,
}


def feed_text(user: User, settings: Settings, now: dt.datetime) -> str:
    """Return the feed of ``user`` with the line ends and folding of RFC 5545; one statement."""
    lines = [*calendar_head(Method.PUBLISH, settings), *_description(user, settings)]
    sessions = sessions_of_feed(user, now)
    for session in sessions:
        stamp = session.updated_at
        lines += event_lines(_entry(user, session), settings, stamp, f"LAST-MODIFIED:{ical.utc(stamp)}")
    if not sessions:  # a calendar object holds at least one component
        lines += Timezone.from_tzid(user.zone).to_ical().decode().replace("\r\n ", "").splitlines()
    return ical.join([*lines, CALENDAR_END])


def _description(user: User, settings: Settings) -> list[str]:
    name = ical.plain(f"{settings.site_name} sessions")
    return [
        f"NAME:{name}",
        f"X-WR-CALNAME:{name}",
        f"X-WR-TIMEZONE:{ical.plain(user.zone)}",
        f"X-PUBLISHED-TTL:{ASK_AGAIN}",
        f"REFRESH-INTERVAL;VALUE=DURATION:{ASK_AGAIN}",
    ]


def _entry(user: User, session: CounsellingSession) -> Entry:
    party = counsellor_of(session) if part_of(user, session) is Part.COUNSELLOR else student_of(session)
    return Entry(
        session=session,
        reader=Reader(party.name, party.email, party.meets),
        method=Method.PUBLISH,
        chain=chain_of(session),
        url=session_url(session),
        standing=STANDINGS.get(session.status, Standing.CONFIRMED),
    )
