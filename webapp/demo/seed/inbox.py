"""The inboxes of the demo's student and counsellor: the lines their last weeks would have left, older ones read.

The keys are those of the real news, so nothing is told twice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from webapp.accounts.models import User
from webapp.bookings.models import CounsellingSession, SessionChange
from webapp.bookings.rules import SessionStatus
from webapp.core import times
from webapp.core.ids import new_public_id
from webapp.core.money import format_rupees
from webapp.notifications.models import Notification
from webapp.payments.models import Order, OrderStatus
from webapp.reviews.models import Review
from webapp.reviews.rules import shorten_name

KEPT = dt.timedelta(days=35)
UNREAD_SINCE = dt.timedelta(hours=36)  # who looks every other day has read what is older
MOST_UNREAD = 6
READ_AFTER = dt.timedelta(hours=7)
ASKS = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an inbox, without whose it is; ``key`` is that of the real news."""

    kind: str
    title: str
    body: str
    url: str
    key: str
    at: dt.datetime


Told = tuple[User, Line]
# By the state a session came to: the kind of news, and the title for the student and for the counsellor.
NEWS = {
    SessionStatus.REQUESTED: ("requested", "Request sent", "New request"),
    SessionStatus.SCHEDULED: ("confirmed", "Session confirmed", "Session confirmed"),
    SessionStatus.DECLINED: ("declined", "Request declined", ""),
    SessionStatus.CANCELLED: ("cancelled", "Session cancelled", "Session cancelled"),
    SessionStatus.EXPIRED: ("expired", "No answer in time", "A request ran out"),
}


def make_inbox(
    session: Session, users: Mapping[str, User], rows: Iterable[CounsellingSession], now: dt.datetime
) -> None:
    """Write the lines about ``rows`` (sessions new or just written up), purchases and reviews; known ones stay."""
    ananya, meera = users["ananya"], users["meera"]
    mine = [row for row in rows if ananya.id == row.student_id or meera.id == row.counsellor.user_id]
    if not mine:
        return
    told = [*_of_sessions(session, mine, ananya, meera), *_of_money(session, ananya), *_of_reviews(session, meera)]
    told = [(reader, line) for reader, line in told if now - KEPT < line.at <= now]
    told.sort(key=lambda one: one[1].at)  # an inbox is read by the order of its rows
    values = [_row(reader, line, now) for reader, line in told]
    for reader in (ananya, meera):
        for row in [row for row in values if row["user_id"] == reader.id][:-MOST_UNREAD]:
            row["read_at"] = row["read_at"] or _soon_after(row["created_at"], now)
    if values:
        session.execute(insert(Notification).on_conflict_do_nothing(index_elements=["dedupe_key"]), values)


def _soon_after(told: dt.datetime, now: dt.datetime) -> dt.datetime:
    """Return when a line of just now was read: after it came, before this moment."""
    return told + (now - told) / 2


def _row(reader: User, line: Line, now: dt.datetime) -> dict[str, Any]:
    return {
        "public_id": new_public_id("note"),
        "user_id": reader.id,
        "kind": line.kind,
        "title": line.title,
        "body": line.body,
        "url": line.url,
        "dedupe_key": line.key,
        "created_at": line.at,
        "read_at": line.at + READ_AFTER if line.at < now - UNREAD_SINCE else None,
    }


def _of_sessions(session: Session, rows: Sequence[CounsellingSession], ananya: User, meera: User) -> Iterator[Told]:
    by_id = {row.id: row for row in rows}
    told = select(SessionChange).where(SessionChange.session_id.in_(by_id)).order_by(SessionChange.id)
    versions: dict[int, int] = {}
    for change in session.scalars(told):
        row, version = by_id[change.session_id], versions.get(change.session_id, 0)
        versions[change.session_id] = version + 1
        if row.student_id == ananya.id:
            yield from _change(row, change, version, ananya, row.counsellor.name)
        if row.counsellor.user_id == meera.id:
            yield from _change(row, change, version, meera, row.student.name)
    for row in rows:
        if row.student_id == ananya.id:
            yield from _afterwards(row, ananya)


def _change(row: CounsellingSession, change: SessionChange, version: int, reader: User, meets: str) -> Iterator[Told]:
    kind, students, counsellors = NEWS.get(SessionStatus(change.to_status), ("", "", ""))
    title = students if reader.id == row.student_id else counsellors
    if title:
        body = f"{times.format_when(row.starts_at, reader.zone)} with {meets}"
        key = f"session:{row.public_id}:{kind}:v{version}:{reader.public_id}"
        yield reader, Line(f"session_{kind}", title, body, f"/sessions/{row.public_id}", key, change.at)


def _afterwards(row: CounsellingSession, student: User) -> Iterator[Told]:
    """The reminder of the day before, the notes, and the question for a review."""
    start = f"{row.starts_at.astimezone(dt.UTC):%Y%m%dT%H%M%S}Z"
    url, name = f"/sessions/{row.public_id}", row.counsellor.name
    when = times.format_when(row.starts_at, student.zone)
    if row.finished_at is None or row.confirmed_at is None:
        return
    if row.confirmed_at < row.starts_at - DAY:
        title = f"Tomorrow at {times.format_clock(row.starts_at, student.zone)}"
        key = f"session:{row.public_id}:reminder_24h:{start}:{student.public_id}"
        yield student, Line("session_reminder", title, f"{when} with {name}", url, key, row.starts_at - DAY)
    steps = len(row.next_steps)
    body = f"{steps} next {'step' if steps == 1 else 'steps'} from {when}" if steps else f"Notes from {when}"
    key = f"session:{row.public_id}:notes:{student.public_id}"
    yield student, Line("session_notes", f"Notes from {name}", body, url, key, row.finished_at)
    key = f"session:{row.public_id}:review_prompt:{student.public_id}"
    title = f"How was your session with {name}?"
    yield student, Line("review_prompt", title, f"{when} with {name}", f"{url}/review", key, row.finished_at + ASKS)


def _of_money(session: Session, student: User) -> Iterator[Told]:
    paid = select(Order).where(Order.user_id == student.id, Order.status == OrderStatus.PAID)
    for order in session.scalars(paid.order_by(Order.id)):
        if order.paid_at is not None:
            title, body = f"{format_rupees(order.amount)} received", f"{order.title} is active."
            key = f"order:{order.public_id}:seeded"
            yield student, Line("payment_received", title, body, "/payments", key, order.paid_at)


def _of_reviews(session: Session, counsellor: User) -> Iterator[Told]:
    wanted = select(Review).where(Review.published_at.is_not(None), Review.counsellor.has(user_id=counsellor.id))
    for review in session.scalars(wanted.order_by(Review.id)):
        if review.published_at is not None:
            title = f"{shorten_name(review.student.name)} reviewed you: {review.rating} of 5"
            body = "It is on your page now. You may answer it once, in public."
            key = f"review:{review.public_id}:published:{counsellor.public_id}"
            yield counsellor, Line("review_received", title, body, "/counsellor/reviews", key, review.published_at)
