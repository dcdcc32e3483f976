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
from webapp.dashboards.admin.queries import FREE_DAYS, CounsellorDay
from webapp.dashboards.words import counted, time_since, when_soon
from webapp.enrolments.models import Enrolment
from webapp.webhooks.presenters import host_of
from webapp.webhooks.queries import Trouble

NAMES = 3
URGENT_WITHIN = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row: icon and tone, words, age, and its one action. ``post`` sends a form, else it is a link."""

    icon: str
    title: str
    text: str
    age: str
    action: str
    url: str
    tone: str = ""
    post: bool = False
    urgent: bool = False


def request_rows(requests: Sequence[CounsellingSession], zone: str, now: dt.datetime) -> Iterator[Waiting]:
    """A row for each request that runs out soon."""
    for row in requests:
        left = time_left(row.expires_at or row.starts_at, now)
        yield Waiting(
            icon="hourglass",
            title=f"Request of {row.student.name} runs out",
            text=f"{row.counsellor.name} has not answered · for {short_when(row.starts_at, zone)}",
            age=left.words,
            action="Open request",
            url=url_for("bookings.detail", public_id=row.public_id),
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
            action="Open session",
            url=url_for("bookings.detail", public_id=row.public_id),
            tone="bad",
            urgent=row.starts_at - now <= URGENT_WITHIN,
        )


def mail_rows(failed: int) -> Iterator[Waiting]:
    """A row when mails were given up."""
    if failed:
        title = f"{counted(failed, 'mail')} could not be sent"
        text = "Given up after the last try. They may have been meant for a wrong address."
        yield Waiting("send-off", title, text, "", "Try again", url_for("admin.retry_mail"), "warn", post=True)


def review_rows(waiting: int) -> Iterator[Waiting]:
    """A row when reviews wait to be read."""
    if waiting:
        title = f"{counted(waiting, 'review')} to publish"
        yield Waiting("star", title, "Nobody else reads them until then.", "", "Read", url_for("reviews.moderate"))


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
            action="Open webhook",
            url=url_for("webhooks.detail", public_id=row.endpoint.public_id),
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
            url=url_for("admin.remind_unverified_students"),
            post=True,
        )


def unbooked_rows(enrolments: Sequence[Enrolment], now: dt.datetime) -> Iterator[Waiting]:
    """A row for each package nobody has booked with."""
    for row in enrolments:
        yield Waiting(
            icon="calendar-plus",
            title=f"{row.user.name} has not booked yet",
            text=f"{row.title}, {counted(row.sessions_total, 'session')}",
            age=time_since(row.enrolled_at, now),
            action="Write a mail",
            url=f"mailto:{row.user.email}",
            tone="warn",
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
