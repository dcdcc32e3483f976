"""What people are told about a session, as finished words in the reader's own zone.

Each event goes to the inbox of the app and by mail, once per event, person and version of the session;
a mail's guard asks again before sending whether the session still stands as the mail says.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from flask import current_app

from webapp.accounts.models import User
from webapp.accounts.recipients import recipient_of
from webapp.bookings.calendar_file import FILENAME, Entry, Method, Reader, content_type, write_calendar
from webapp.bookings.models import CounsellingSession, MeetingMode
from webapp.bookings.permissions import LINK_SHOWN, Part, part_of
from webapp.bookings.queries.sessions import chain_of, deadline_hours_of, session_numbers
from webapp.bookings.rules import SessionStatus, cancel_deadline, join_opens
from webapp.config import Settings
from webapp.core import times
from webapp.core.errors import InvalidState
from webapp.enrolments.models import EnrolmentStatus
from webapp.notifications.services import Attachment, MailMessage, News, Recipient, WhatsAppMessage, notify_all

HOW = {
    MeetingMode.VIDEO: "by video",
    MeetingMode.PHONE: "by phone",
    MeetingMode.CHAT: "by chat",
    MeetingMode.IN_PERSON: "in person",
}
ENDED_EARLY = (EnrolmentStatus.CANCELLED, EnrolmentStatus.REFUNDED)
TRUE_WHILE = {
    "requested": SessionStatus.REQUESTED,
    "confirmed": SessionStatus.SCHEDULED,
    "declined": SessionStatus.DECLINED,
    "expired": SessionStatus.EXPIRED,
    "cancelled": SessionStatus.CANCELLED,
    "rescheduled": SessionStatus.SCHEDULED,
    "link": SessionStatus.SCHEDULED,
    "no_show": SessionStatus.NO_SHOW,
}
TITLES = {
    "requested": "Request sent",
    "confirmed": "Session confirmed",
    "declined": "Request declined",
    "expired": "No answer in time",
    "cancelled": "Session cancelled",
    "rescheduled": "Session moved",
    "link": "New meeting link",
    "no_show": "Session missed",
}
COUNSELLORS_TITLES = {"requested": "New request", "expired": "A request ran out"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the mails of a session say of it and the database must be asked: asked once for both people."""

    deadline: dt.datetime
    number: int | None


@dataclass(frozen=True, slots=True)
class Party:
    """One of the two people: how to reach them, their clock, their name for the other."""

    key: str
    name: str
    email: str
    zone: str
    meets: str
    account: User | None = None
    is_student: bool = False
    facts: Facts | None = None

    @property
    def recipient(self) -> Recipient:
        """Who is told: the account, or the mail address alone where there is none."""
        if self.account is None:
            return Recipient(id=None, public_id=self.key, name=self.name, email=self.email, zone=self.zone)
        return replace(recipient_of(self.account), name=self.name)


def student_of(session: CounsellingSession) -> Party:
    """Return the student as the reader of a mail."""
    user = session.student
    return Party(user.public_id, user.name, user.email, user.zone, session.counsellor.name, user, is_student=True)


def counsellor_of(session: CounsellingSession) -> Party:
    """Return the counsellor as the reader of a mail, by their account where there is one."""
    person, user = session.counsellor, session.counsellor.user
    if user is None:
        return Party(person.public_id, person.name, person.email, times.DEFAULT_ZONE, session.student.name)
    return Party(user.public_id, person.name, user.email, user.zone, session.student.name, user)


def tell_requested(session: CounsellingSession, now: dt.datetime, facts: Facts | None = None) -> None:
    """Queue "we have asked" to the student and "please answer" to the counsellor."""
    (student, _), (counsellor, _) = both_parties(session, "session_requested", facts)
    told = ((student, "session_requested"), (counsellor, "session_request_received"))
    notify_all([_news(session, "requested", party, template, now) for party, template in told], now=now)


def tell_confirmed(session: CounsellingSession, now: dt.datetime, facts: Facts | None = None) -> None:
    """Queue the confirmation, with a calendar file each, to both."""
    _tell_with_file(session, "confirmed", now, facts)


def tell_declined(session: CounsellingSession, now: dt.datetime) -> None:
    """Queue the counsellor's answer, with its reason, to the student."""
    notify_all([_news(session, "declined", student_of(session), "session_declined", now)], now=now)


def tell_expired(session: CounsellingSession, now: dt.datetime) -> None:
    """Queue "there was no answer in time" to both."""
    told = both_parties(session, "session_expired")
    notify_all([_news(session, "expired", party, template, now) for party, template in told], now=now)


def tell_cancelled(session: CounsellingSession, by: Part, now: dt.datetime) -> None:
    """Queue the cancellation to both; who had a calendar file gets one that takes it off again."""
    told = []
    for party, template in both_parties(session, "session_cancelled"):
        was_confirmed = session.confirmed_at is not None
        files = [calendar_attachment(session, party, Method.CANCEL, now)] if was_confirmed else []
        who = who_did(session, by, party)
        line = f"cancelled by {_inside(who)}"
        told.append(_news(session, "cancelled", party, template, now, files=files, line=line, by=who))
    notify_all(told, now=now)


def tell_rescheduled(old: CounsellingSession, new: CounsellingSession, by: Part, now: dt.datetime) -> None:
    """Queue the new time to both, with a calendar file that moves the entry they have."""
    told = []
    for party, template in both_parties(new, "session_rescheduled"):
        who, was = who_did(new, by, party), times.format_when(old.starts_at, party.zone)
        files = [calendar_attachment(new, party, Method.REQUEST, now)]
        more = {"by": who, "was": was, "reason": old.reason}
        line = f"moved by {_inside(who)}"
        told.append(_news(new, "rescheduled", party, template, now, files=files, line=line, **more))
    notify_all(told, now=now)


def tell_link(session: CounsellingSession, now: dt.datetime) -> None:
    """Queue the new meeting link of a confirmed session to both, with the calendar file that carries it."""
    _tell_with_file(session, "link", now)


def _tell_with_file(session: CounsellingSession, kind: str, now: dt.datetime, facts: Facts | None = None) -> None:
    told = []
    for party, template in both_parties(session, f"session_{kind}", facts):
        files = [calendar_attachment(session, party, Method.REQUEST, now)]
        told.append(_news(session, kind, party, template, now, files=files))
    notify_all(told, now=now)


def tell_no_show(session: CounsellingSession, now: dt.datetime) -> None:
    """Queue to the student that the session counts as missed, and what can be done about it."""
    notify_all([_news(session, "no_show", student_of(session), "session_no_show", now)], now=now)


def both_parties(session: CounsellingSession, template: str, facts: Facts | None = None) -> list[tuple[Party, str]]:
    """Return the student and the counsellor, each with the template that is written for them."""
    facts = facts or facts_of(session)
    student, counsellor = replace(student_of(session), facts=facts), replace(counsellor_of(session), facts=facts)
    return [(student, template), (counsellor, f"{template}_counsellor")]


def facts_of(session: CounsellingSession) -> Facts:
    """Return until when the session is cancelled freely, and which of its package it is; two statements."""
    deadline = cancel_deadline(session.starts_at, deadline_hours_of(session.counsellor_id))
    return Facts(deadline, session_numbers([session]).get(session.id))


def who_did(session: CounsellingSession, by: Part, reader: Party) -> str:
    """Return the name of who did something, as ``reader`` is told it: "You", the other's, or the house's."""
    if by is Part.ADMIN:
        return f"The {_settings().site_name} team"
    actor = student_of(session) if by is Part.STUDENT else counsellor_of(session)
    return "You" if actor.key == reader.key else actor.name


def calendar_attachment(session: CounsellingSession, party: Party, method: Method, now: dt.datetime) -> Attachment:
    """Return the session's calendar file for one of the two people."""
    return Attachment(FILENAME, content_type(method), calendar_text(session, party, method, now))


def calendar_text(session: CounsellingSession, party: Party, method: Method, now: dt.datetime) -> str:
    """Return the calendar file's text for one of the two people."""
    reader = Reader(party.name, party.email, party.meets)
    entry = Entry(session, reader, method, chain=chain_of(session), url=session_url(session))
    return write_calendar(entry, _settings(), now)


def calendar_for(user: User, session: CounsellingSession, now: dt.datetime) -> str:
    """Return the file that ``user`` takes from the session's page; an admin gets the student's.

    Raises:
        InvalidState: the session is not confirmed, so there is nothing to put into a calendar.
    """
    if session.status not in LINK_SHOWN:
        raise InvalidState("There is a calendar file once the session is confirmed.")
    party = counsellor_of(session) if part_of(user, session) is Part.COUNSELLOR else student_of(session)
    return calendar_text(session, party, Method.PUBLISH, now)


def session_url(session: CounsellingSession) -> str:
    """Return the whole address of the session's page."""
    return site_url(f"/sessions/{session.public_id}")


def site_url(path: str) -> str:
    """Return the whole address of a path of this site."""
    return f"{_settings().base_url}{path}"


def _news(
    session: CounsellingSession,
    kind: str,
    party: Party,
    template: str,
    now: dt.datetime,
    *,
    files: Sequence[Attachment] = (),
    line: str = "",
    **more: str,
) -> tuple[Recipient, News]:
    """Return who is told what of a session's new state."""
    version, words = session.version, {**words_for(session, party, now), **more}
    guard = f"session:{session.public_id}:{kind}:{version}"
    return party.recipient, News(
        kind=f"session_{kind}",
        title=_title(kind, party),
        body=f"{words['when']} with {party.meets}" + (f" · {line}" if line else ""),
        url=f"/sessions/{session.public_id}",
        dedupe_key=f"session:{session.public_id}:{kind}:v{version}:{party.key}",
        mail=MailMessage(template=template, context=words, guard=guard, attachments=files),
        whatsapp=short_message(template, party, words, guard),
    )


def short_message(template: str, party: Party, words: dict[str, Any], guard: str) -> WhatsAppMessage:
    """Return the same news for a phone: the approved template of that name has four places.

    They are the reader's name, the other person, the time, and the address of the session.
    """
    return WhatsAppMessage(
        template=template, words=(words["hello"], party.meets, words["when"], words["url"]), guard=guard
    )


def _inside(name: str) -> str:
    """Return a name as it stands inside a sentence."""
    return name[0].lower() + name[1:] if name.startswith(("You", "The ")) else name


def _title(kind: str, party: Party) -> str:
    own = {} if party.is_student else COUNSELLORS_TITLES
    return own.get(kind) or TITLES[kind]


def words_for(session: CounsellingSession, party: Party, now: dt.datetime) -> dict[str, Any]:
    """Return every word the session mails use, times on the reader's clock with its zone."""
    zone, enrolment = party.zone, session.enrolment
    facts = party.facts or facts_of(session)
    deadline, number = facts.deadline, facts.number
    return {
        "hello": party.name if party.name.startswith("Dr") else party.name.split()[0],
        "student": session.student.name,
        "counsellor": session.counsellor.name,
        "when": times.format_when(session.starts_at, zone),
        "day": times.format_day(session.starts_at, zone),
        "span": times.format_span(session.starts_at, session.ends_at, zone),
        "minutes": session.minutes,
        "how": HOW[session.meeting_mode],
        "package": enrolment.title if enrolment else "",
        "place": f"session {number} of {enrolment.sessions_total}" if number and enrolment else "",
        "left": enrolment.sessions_left if enrolment else 0,
        "ended": enrolment.status.value if enrolment and enrolment.status in ENDED_EARLY else "",
        "agenda": session.agenda,
        "reason": session.reason,
        "credit_returned": session.credit_returned,
        "answer_by": times.format_when(session.expires_at, zone) if session.expires_at else "",
        "free_until": times.format_when(deadline, zone) if now <= deadline else "",
        "join_from": times.format_clock(join_opens(session.starts_at), zone) if session.meeting_link else "",
        "url": session_url(session),
        "move_url": f"{session_url(session)}/move",
        "book_url": site_url("/book"),
    }


def _settings() -> Settings:
    return cast(Settings, current_app.config["SETTINGS"])
