"""What waits for the admin: one line each, with its age and its one action. Pure but for addresses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from flask import url_for

from webapp.accounts.models import User
from webapp.bookings.models import CounsellingSession
from webapp.bookings.panel import short_when
from webapp.bookings.session_cards import time_left
from webapp.core.times import DEFAULT_ZONE, zone_info
from webapp.counsellors.models import Counsellor
from webapp.dashboards.admin.queries import FREE_DAYS, CounsellorDay
from webapp.dashboards.words import counted, time_since, when_soon
from webapp.enrolments.models import Enrolment
from webapp.inquiries.models import Inquiry
from webapp.inquiries.rules import EXAM_LABELS
from webapp.reviews.models import Review
from webapp.reviews.rules import shorten_name
from webapp.webhooks.presenters import host_of
from webapp.webhooks.queries import Trouble

NAMES = 3
URGENT_WITHIN = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row: icon and tone, words, age, and its one action.

    ``post`` sends a form, else it is a link; ``here``: the act is done in place. ``about`` is the page of
    what the row speaks of, which its title leads to.
    """

    icon: str
    title: str
    text: str
    age: str
    action: str
    url: str
    tone: str = ""
    post: bool = False
    urgent: bool = False
    here: bool = False
    about: str = ""


def act(name: str, public_id: str = "-") -> str:
    """Return the address of an act that the home does in place."""
    return url_for("admin.do_here", name=name, public_id=public_id)


def request_rows(requests: Sequence[CounsellingSession], zone: str, now: dt.datetime) -> Iterator[Waiting]:
    """A row for each request that runs out soon."""
    for row in requests:
        left = time_left(row.expires_at or row.starts_at, now)
        yield Waiting(
            icon="hourglass",
            title=f"Request of {row.student.name} runs out",
            text=f"{row.counsellor.name} has not answered · for {short_when(row.starts_at, zone)}",
            age=left.words,
            action="Ask again",
            url=act("chase", row.public_id),
            about=url_for("bookings.detail", public_id=row.public_id),
            post=True,
            here=True,
            tone="bad" if left.tone == "bad" else "warn",
            urgent=True,
        )


def link_rows(sessions: Sequence[CounsellingSession], zone: str, now: dt.datetime) -> Iterator[Waiting]:
    """A row for each online session that nobody can join."""
    for row in sessions:
        yield Waiting(
            icon="plug-connected-x",
            title=f"No meeting link for {row.student.name}",
            text=f"With {row.counsellor.name}, {short_when(row.starts_at, zone)}",
            age=when_soon(row.starts_at, now, zone),
            action="Make a room",
            url=act("room", row.public_id),
            about=url_for("bookings.detail", public_id=row.public_id),
            post=True,
            here=True,
            tone="bad",
            urgent=row.starts_at - now <= URGENT_WITHIN,
        )


def mail_rows(failed: int) -> Iterator[Waiting]:
    """A row when mails were given up."""
    if failed:
        title = f"{counted(failed, 'mail')} could not be sent"
        text = "Given up after the last try. They may have been meant for a wrong address."
        yield Waiting("send-off", title, text, "", "Try again", act("mail"), "warn", post=True, here=True)


def review_rows(reviews: Sequence[Review], total: int, now: dt.datetime) -> Iterator[Waiting]:
    """A row for each of the first reviews to read, in full; the rest in one."""
    for row in reviews:
        yield Waiting(
            icon="star",
            title=f"{counted(row.rating, 'star')} for {row.counsellor.name}",
            text=f"{shorten_name(row.student.name)}: “{row.text}”"
            if row.text
            else f"{row.student.name}, without words",
            age=time_since(row.created_at, now),
            action="Publish",
            url=act("review", row.public_id),
            about=url_for("reviews.moderate"),
            post=True,
            here=True,
        )
    if rest := total - len(reviews):
        title = f"{counted(rest, 'more review')} to publish"
        yield Waiting("star", title, "Nobody else reads them until then.", "", "Read", url_for("reviews.moderate"))


def lead_rows(overdue: Sequence[Inquiry], unanswered: Sequence[Inquiry], now: dt.datetime) -> Iterator[Waiting]:
    """A row for each lead whose day has passed, then for those nobody has answered within the promise."""
    for row in overdue:
        late = (now.astimezone(zone_info(DEFAULT_ZONE)).date() - (row.follow_up_on or now.date())).days
        yield _lead_row(row, f"Follow up {row.name}", f"{counted(late, 'day')} late" if late else "today", "call")
    for row in unanswered:
        yield _lead_row(row, f"{row.name} waits for an answer", f"{time_since(row.answer_due_at, now)} late", "call")


def more_lead_rows(overdue: int, unanswered: int) -> Iterator[Waiting]:
    """A row for leads beyond those shown one by one."""
    kinds = (
        (overdue, "more follow-up is overdue", "more follow-ups are overdue", "follow-up"),
        (unanswered, "more lead waits for an answer", "more leads wait for an answer", "answer"),
    )
    for number, one, many, late in kinds:
        if number > 0:
            url = f"/admin/leads?overdue={late}"
            yield Waiting(
                "phone", counted(number, one, many), "Each is later than promised.", "", "Open list", url, "warn"
            )


def _lead_row(row: Inquiry, title: str, age: str, name: str) -> Waiting:
    parts = [EXAM_LABELS[row.exam], f"rank {row.rank:,}" if row.rank else "", row.phone, row.ticket_number]
    return Waiting(
        icon="phone",
        title=title,
        text=" · ".join(part for part in parts if part),
        age=age,
        action="Log a call",
        url=act(name, row.public_id),
        tone="warn",
        post=True,
        here=True,
    )


def hook_rows(endpoints: Iterable[Trouble]) -> Iterator[Waiting]:
    """A row for each webhook whose receiver did not take what was sent, or is gone."""
    for row in endpoints:
        host = host_of(row.endpoint.url)
        gone = not row.endpoint.is_active
        yield Waiting(
            icon="webhook",
            title=f"Webhook to {host} is off" if gone else f"Webhook to {host} failed",
            text=row.endpoint.disabled_reason if gone else f"{counted(row.failed, 'delivery', 'deliveries')} given up",
            age="",
            action="Open webhook" if gone else "Send again",
            url=url_for("webhooks.detail", public_id=row.endpoint.public_id)
            if gone
            else act("replay", row.endpoint.public_id),
            about=url_for("webhooks.detail", public_id=row.endpoint.public_id),
            post=not gone,
            here=not gone,
            tone="warn",
        )


def verify_rows(students: Sequence[User], now: dt.datetime) -> Iterator[Waiting]:
    """A row for those who signed up and did not confirm their address."""
    if students:
        who = "student has" if len(students) == 1 else "students have"
        yield Waiting(
            icon="mail",
            title=f"{len(students)} {who} not confirmed the mail address",
            text=_names(student.name for student in students),
            age=time_since(students[-1].created_at, now),
            action="Send the link again",
            url=act("verify"),
            post=True,
            here=True,
        )


def unbooked_rows(enrolments: Sequence[Enrolment], now: dt.datetime) -> Iterator[Waiting]:
    """A row for each package nobody has booked with."""
    for row in enrolments:
        yield Waiting(
            icon="calendar-plus",
            title=f"{row.user.name} has not booked yet",
            text=f"{row.title}, {counted(row.sessions_total, 'session')}",
            age=time_since(row.enrolled_at, now),
            action="Send times",
            url=act("book", row.public_id),
            about=url_for("admin_payments.enrolment", public_id=row.public_id),
            post=True,
            here=True,
            tone="warn",
        )


def application_rows(people: Sequence[Counsellor], now: dt.datetime) -> Iterator[Waiting]:
    """A row for each counsellor who applied and has no answer yet."""
    for row in people:
        yield Waiting(
            icon="user-plus",
            title=f"{row.name} wants to counsel",
            text=row.title,
            age=time_since(row.applied_at or row.created_at, now),
            action="Read application",
            url=url_for("staff.edit", public_id=row.public_id),
        )


def closed_rows(days: Iterable[CounsellorDay]) -> Iterator[Waiting]:
    """A row for each active counsellor nobody can book."""
    for day in days:
        if day.free_at is None:
            yield Waiting(
                icon="calendar-off",
                title=f"{day.counsellor.name} has no free time",
                text=f"Within {FREE_DAYS} days nobody can book a session",
                age="",
                action="Open hours",
                url=url_for("availability.edit_for", public_id=day.counsellor.public_id),
                tone="warn",
            )


def _names(names: Iterable[str]) -> str:
    known = list(names)
    rest = len(known) - NAMES
    return ", ".join(known[:NAMES]) + (f" and {rest} more" if rest > 0 else "")
