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

from webapp.bookings.models import CounsellingSession
from webapp.config import Settings
from webapp.core import ical

FILENAME = "session.ics"
CALENDAR_END = "END:VCALENDAR"


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
    event = event_lines(entry, settings, now)
    return ical.join([*calendar_head(entry.method, settings), *event, CALENDAR_END])


def calendar_head(method: Method, settings: Settings) -> list[str]:
    """Return the lines before a calendar's entries."""
    return [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//{ical.plain(settings.site_name)}//Counselling//EN",
        "CALSCALE:GREGORIAN",
        f"METHOD:{method}",
    ]


def event_lines(entry: Entry, settings: Settings, stamp: dt.datetime, *more: str) -> list[str]:
    """Return the entry of one session, with ``more`` lines; ``stamp`` is when this version of it was written."""
    session, stands = entry.session, entry.stands
    lines = [
        "BEGIN:VEVENT",
        f"UID:{entry.chain}@{urlsplit(settings.base_url).hostname or 'disha.invalid'}",
        f"SEQUENCE:{session.version}",
        f"DTSTAMP:{ical.utc(stamp)}",
        f"DTSTART:{ical.utc(session.starts_at)}",
        f"DTEND:{ical.utc(session.ends_at)}",
        f"SUMMARY:{ical.plain(f'{settings.site_name}: session with {one_line(entry.reader.meets)}')}",
        f"DESCRIPTION:{ical.plain(_description(entry))}",
        f"STATUS:{stands}",
        f"TRANSP:{'TRANSPARENT' if stands is Standing.CANCELLED else 'OPAQUE'}",
        f"URL:{entry.url}",
    ]
    if session.meeting_link and stands is Standing.CONFIRMED:
        lines.append(f"LOCATION:{ical.plain(session.meeting_link)}")
    if entry.method is not Method.PUBLISH:
        lines += _people(entry.reader, settings)
    return [*lines, *more, "END:VEVENT"]


def _description(entry: Entry) -> str:
    session = entry.session
    if entry.stands is Standing.CANCELLED:
        return f"This session was cancelled.\n{entry.url}"
    if entry.stands is Standing.TENTATIVE:
        return f"Not confirmed yet: the request waits for an answer.\n{entry.url}"
    join = [f"Join: {session.meeting_link}"] if session.meeting_link else []
    return "\n".join([f"{session.minutes} minutes.", *join, f"Session page: {entry.url}"])


def _people(reader: Reader, settings: Settings) -> list[str]:
    house, address = parseaddr(settings.mail_from)
    name, who = ical.quoted(one_line(reader.name)), one_line(reader.email)
    return [
        f"ORGANIZER;CN={ical.quoted(house or settings.site_name)}:mailto:{address}",
        f"ATTENDEE;CN={name};ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:{who}",
    ]
