"""The private calendar feed: a person's sessions as one calendar that Google, Apple and others subscribe to.

Entries carry the UID and SEQUENCE of the files sent by mail, so a calendar that has both shows one.
The text depends on what is stored alone, not on when it is asked for: its ETag changes with its content.
"""

from __future__ import annotations

import datetime as dt

from icalendar import Calendar, Timezone
from icalendar.prop import vDuration, vText

from webapp.accounts.models import User
from webapp.bookings.calendar_file import Entry, Method, Reader, Standing, calendar_event, new_calendar
from webapp.bookings.emails import counsellor_of, session_url, student_of
from webapp.bookings.models import CounsellingSession
from webapp.bookings.permissions import Part, part_of
from webapp.bookings.queries import chain_of
from webapp.bookings.queries.feed import sessions_of_feed
from webapp.bookings.rules import SessionStatus
from webapp.config import Settings

HOUR, ASK_AGAIN = dt.timedelta(hours=1), "PT1H"
STANDINGS = {
    SessionStatus.REQUESTED: Standing.TENTATIVE,
    SessionStatus.CANCELLED: Standing.CANCELLED,
}


def feed_text(user: User, settings: Settings, now: dt.datetime) -> str:
    """Return the feed of ``user`` with the line ends and folding of RFC 5545; one statement."""
    calendar = new_calendar(Method.PUBLISH, settings)
    _describe(calendar, user, settings)
    sessions = sessions_of_feed(user, now)
    for session in sessions:
        stamp = session.updated_at.astimezone(dt.UTC)
        event = calendar_event(_entry(user, session), settings, stamp)
        event.add("last-modified", stamp)
        calendar.add_component(event)
    if not sessions:  # a calendar object holds at least one component
        calendar.add_component(Timezone.from_tzid(user.zone))
    text: str = calendar.to_ical().decode()
    return text


def _describe(calendar: Calendar, user: User, settings: Settings) -> None:
    name = vText(f"{settings.site_name} sessions")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", vText(user.zone))
    calendar.add("x-published-ttl", vText(ASK_AGAIN))
    often = vDuration(HOUR)
    often.params["VALUE"] = "DURATION"
    calendar.add("refresh-interval", often)


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
