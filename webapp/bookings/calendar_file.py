"""The calendar file (.ics) of a session: sent with mails, and to be had from its page.

Every reader gets a file of their own that names nobody else's mail address: a counsellor's address
is not for students. The UID stays the same while a session is moved; SEQUENCE rises with each change.
"""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass
from email.utils import parseaddr
from urllib.parse import urlsplit

from icalendar import Calendar, Event, vCalAddress

from webapp.bookings.models import CounsellingSession
from webapp.config import Settings

FILENAME = "session.ics"


class Method(enum.StrEnum):
    """What the file asks a calendar to do: show an invitation, take it off, or just keep a copy."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"
    PUBLISH = "PUBLISH"


class Standing(enum.StrEnum):
    """How firm an entry is in a calendar."""

    CONFIRMED = "CONFIRMED"
    TENTATIVE = "TENTATIVE"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose calendar the file is for, and the name of the person they meet."""

    name: str
    email: str
    meets: str


def content_type(method: Method) -> str:
    """Return the media type of a file with this method."""
    return f"text/calendar; method={method}; charset=utf-8"


def one_line(name: str) -> str:
    """Return a name without line ends or other control characters, which a parameter cannot hold."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())


@dataclass(frozen=True, slots=True)
class Entry:
    """All that a file says. ``chain`` is the public id of the first of a chain of moves; ``url`` the page.

    ``standing`` None: confirmed, or cancelled where the method cancels.
    """

    session: CounsellingSession
    reader: Reader
    method: Method
    chain: str
    url: str
    standing: Standing | None = None

    @property
    def stands(self) -> Standing:
        """How firm the entry is."""
        usual = Standing.CANCELLED if self.method is Method.CANCEL else Standing.CONFIRMED
        return self.standing or usual


def write_calendar(entry: Entry, settings: Settings, now: dt.datetime) -> str:
    """Return the file's text, with the line ends and folding of RFC 5545."""
    calendar = new_calendar(entry.method, settings)
    calendar.add_component(calendar_event(entry, settings, now))
    text: str = calendar.to_ical().decode()
    return text


def new_calendar(method: Method, settings: Settings) -> Calendar:
    """Return a calendar without entries."""
    calendar = Calendar()
    calendar.add("prodid", f"-//{settings.site_name}//Counselling//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method.value)
    return calendar


def calendar_event(entry: Entry, settings: Settings, stamp: dt.datetime) -> Event:
    """Return the entry of one session; ``stamp`` is when this version of it was written."""
    session, stands = entry.session, entry.stands
    event = Event()
    event.add("uid", f"{entry.chain}@{urlsplit(settings.base_url).hostname or 'disha.invalid'}")
    event.add("sequence", session.version)
    event.add("dtstamp", stamp)
    event.add("dtstart", session.starts_at.astimezone(dt.UTC))
    event.add("dtend", session.ends_at.astimezone(dt.UTC))
    event.add("summary", f"{settings.site_name}: session with {one_line(entry.reader.meets)}")
    event.add("description", _description(entry))
    event.add("status", stands.value)
    event.add("transp", "TRANSPARENT" if stands is Standing.CANCELLED else "OPAQUE")
    event.add("url", entry.url)
    if session.meeting_link and stands is Standing.CONFIRMED:
        event.add("location", session.meeting_link)
    if entry.method is not Method.PUBLISH:
        _add_people(event, entry.reader, settings)
    return event


def _description(entry: Entry) -> str:
    session = entry.session
    if entry.stands is Standing.CANCELLED:
        return f"This session was cancelled.\n{entry.url}"
    if entry.stands is Standing.TENTATIVE:
        return f"Not confirmed yet: the request waits for an answer.\n{entry.url}"
    join = [f"Join: {session.meeting_link}"] if session.meeting_link else []
    return "\n".join([f"{session.minutes} minutes.", *join, f"Session page: {entry.url}"])


def _add_people(event: Event, reader: Reader, settings: Settings) -> None:
    house, address = parseaddr(settings.mail_from)
    organizer = vCalAddress(f"mailto:{address}")
    organizer.params["CN"] = house or settings.site_name
    event.add("organizer", organizer)
    attendee = vCalAddress(f"mailto:{reader.email}")
    attendee.params.update(
        {"CN": one_line(reader.name), "ROLE": "REQ-PARTICIPANT", "PARTSTAT": "ACCEPTED", "RSVP": "FALSE"}
    )
    event.add("attendee", attendee)
