"""What people are told about a session beyond its bookings: reminders, another time asked for, notes, a review.

Words are finished in the reader's zone. Each is told once by its key; the guards that ask before
sending are in `guards`.
"""

from __future__ import annotations

import datetime as dt

from webapp.accounts.recipients import recipient_of
from webapp.bookings.emails import (
    Party,
    both_parties,
    counsellor_of,
    short_message,
    site_url,
    student_of,
    words_for,
)
from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import Reminder
from webapp.core import times
from webapp.enrolments.models import Enrolment
from webapp.notifications.services import MailMessage, notify

S = CounsellingSession


def stamp(instant: dt.datetime) -> str:
    """Return an instant as keys and guards carry it: "20261212T043000Z"."""
    return f"{instant.astimezone(dt.UTC):%Y%m%dT%H%M%S}Z"


def tell_reminder(session: S, kind: Reminder, now: dt.datetime) -> None:
    """Tell both that the session starts in a day, or within the hour; the key names the start it is about."""
    for party, template in both_parties(session, "session_reminder"):
        soon = times.format_clock(session.starts_at, party.zone)
        day = when_soon(session.starts_at, now, party.zone)
        _tell(
            session,
            party,
            kind="session_reminder",
            title=f"{day} at {soon}" if kind is Reminder.DAY else f"Starts at {soon}",
            key=f"reminder_{kind}:{stamp(session.starts_at)}",
            guard=f"reminder:{session.public_id}:{stamp(session.starts_at)}",
            template=template,
            now=now,
            soon=soon,
            day_word=day,
            hour=kind is Reminder.HOUR,
        )


def when_soon(start: dt.datetime, now: dt.datetime, zone: str) -> str:
    """Return "Today", "Tomorrow", or the day: "Sat, 12 Dec"."""
    info = times.zone_info(zone)
    days = (start.astimezone(info).date() - now.astimezone(info).date()).days
    return {0: "Today", 1: "Tomorrow"}.get(days) or times.format_short_day(start, zone)


def tell_answer_due(session: S, now: dt.datetime) -> None:
    """Ask the counsellor once more for an answer to a request; the key lets it be said once an hour."""
    _tell(
        session,
        counsellor_of(session),
        kind="session_requested",
        title="A request runs out soon",
        key=f"answer_due:{now.astimezone(dt.UTC):%Y%m%dT%H}",
        guard=f"session:{session.public_id}:requested:{session.version}",
        template="session_answer_due",
        now=now,
    )


def tell_move_offered(session: S, message: str, now: dt.datetime) -> None:
    """Tell the student that the counsellor asks for another time, with the way to choose one."""
    _tell(
        session,
        student_of(session),
        kind="session_move_offered",
        title=f"{session.counsellor.name} asks for another time",
        key=f"move_offered:{stamp(now)}",
        guard=f"move_offered:{session.public_id}:{stamp(now)}",
        template="session_move_offered",
        path="/move",
        now=now,
        message=message,
    )


def tell_offer_withdrawn(session: S, now: dt.datetime) -> None:
    """Tell the student that the time stays; the session still carries the question that is taken back."""
    _tell(
        session,
        student_of(session),
        kind="session_move_offered",
        title="Your session stays at its time",
        key=f"offer_withdrawn:{stamp(session.move_offered_at or now)}",
        guard=f"move_offered:{session.public_id}:",
        template="session_offer_withdrawn",
        now=now,
    )


def tell_notes(session: S, now: dt.datetime) -> None:
    """Tell the student, once and in the app only, that notes or next steps of a held session are there."""
    steps = len(session.next_steps)
    if not steps and not session.shared_notes:
        return
    party = student_of(session)
    added = f"{steps} next {'step' if steps == 1 else 'steps'}" if steps else "Notes"
    notify(
        user=party.recipient,
        kind="session_notes",
        title=f"Notes from {session.counsellor.name}",
        body=f"{added} from {times.format_when(session.starts_at, party.zone)}",
        url=f"/sessions/{session.public_id}",
        dedupe_key=f"session:{session.public_id}:notes:{party.key}",
        now=now,
    )


def tell_review_prompt(session: S, now: dt.datetime) -> None:
    """Ask the student of a held session for a review."""
    _tell(
        session,
        student_of(session),
        kind="review_prompt",
        title=f"How was your session with {session.counsellor.name}?",
        key="review_prompt",
        guard=f"review_prompt:{session.public_id}",
        template="review_prompt",
        path="/review",
        now=now,
        steps=len(session.next_steps),
    )


def tell_unbooked(enrolment: Enrolment, key: str, now: dt.datetime) -> None:
    """Tell a student that sessions of a package wait to be booked; ``key`` makes it this time's."""
    student = enrolment.user
    left = enrolment.sessions_left
    words = {
        "hello": student.first_name,
        "package": enrolment.title,
        "left": left,
        "ends": times.format_day(enrolment.expires_at, student.zone),
        "url": site_url("/book"),
    }
    notify(
        user=recipient_of(student),
        kind="booking_nudge",
        title=f"{left} {'session waits' if left == 1 else 'sessions wait'} to be booked",
        body=f"{enrolment.title}, to use before {words['ends']}",
        url="/book",
        dedupe_key=f"enrolment:{enrolment.public_id}:unbooked:{key}",
        now=now,
        mail=MailMessage(template="booking_nudge", context=words, guard=f"unbooked:{enrolment.public_id}"),
    )


def _tell(
    session: S,
    party: Party,
    *,
    kind: str,
    title: str,
    key: str,
    guard: str,
    template: str,
    now: dt.datetime,
    path: str = "",
    **more: object,
) -> None:
    words = words_for(session, party, now)
    url = f"/sessions/{session.public_id}{path}"
    notify(
        user=party.recipient,
        kind=kind,
        title=title,
        body=f"{words['when']} with {party.meets}",
        url=url,
        dedupe_key=f"session:{session.public_id}:{key}:{party.key}",
        now=now,
        mail=MailMessage(template=template, context={**words, "here": site_url(url), **more}, guard=guard),
        whatsapp=short_message(template, party, words, guard),
    )
