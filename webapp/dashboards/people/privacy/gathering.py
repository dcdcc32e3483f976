"""Everything we keep about one person, as tables: what the copy of their data holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from webapp.accounts.models import EmailChange, Login, User
from webapp.audit.history import history_about
from webapp.audit.presenters import changes_text
from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules.states import SessionStatus
from webapp.core.db import db
from webapp.counsellors.models import Counsellor
from webapp.dashboards.people.person import inquiries_of
from webapp.enrolments.models import Enrolment
from webapp.notifications.models import Notification, NotificationPreference, OutboxMail
from webapp.payments.models import Order, Payment, Receipt
from webapp.reviews.models import Review


class Paise(int):
    """A sum of money."""


Value = str | int | bool | dt.datetime | dt.date | Paise | None


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the copy."""

    key: str
    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[Value]]


def sections_of(user: User, *, zone: str) -> Iterator[Section]:
    """Yield what is kept about a person, table by table; a fixed number of statements.

    What staff wrote for themselves is not in it: private notes of sessions, notes of inquiries, names of staff.
    """
    yield _account(user)
    yield _logins(user)
    yield _address_changes(user)
    yield from _profile(user)
    yield _inquiries(user)
    yield _enrolments(user)
    sessions = _sessions(user)
    yield _session_table(sessions)
    yield _next_steps(sessions)
    yield _reviews(user)
    orders = _loaded_orders(user)
    yield _order_table(orders)
    yield _payments(orders)
    yield _refunds(orders)
    yield _receipts(user)
    yield _notifications(user)
    yield _preferences(user)
    yield _mails(user)
    yield _changes(user, zone)


def _account(user: User) -> Section:
    header = (
        "Account",
        "Name",
        "Mail",
        "Phone",
        "Role",
        "Time zone",
        "Verified",
        "Since",
        "Active",
        "Deactivated",
        "Why",
    )
    row = (
        user.public_id, user.name, user.email, user.phone, user.role.value, user.zone, user.email_verified_at,
        user.created_at, user.active, user.deactivated_at, user.deactivated_reason,
    )  # fmt: skip
    return Section("account", "Account", header, [row])


def _logins(user: User) -> Section:
    header = ("Through", "Device", "Address", "Place", "Since", "Last seen", "Ended")
    rows = [
        (one.kind.value, one.user_agent, one.address, one.place, one.created_at, one.last_seen_at, one.revoked_at)
        for one in db.session.scalars(select(Login).where(Login.user_id == user.id).order_by(Login.id))
    ]
    return Section("logins", "Where the account was signed in", header, rows)


def _address_changes(user: User) -> Section:
    header = ("Asked", "New address", "Old one agreed", "New one agreed", "Changed", "Cancelled")
    rows = [
        (one.asked_at, one.new_email, one.old_agreed_at, one.new_agreed_at, one.done_at, one.cancelled_at)
        for one in db.session.scalars(
            select(EmailChange).where(EmailChange.user_id == user.id).order_by(EmailChange.id)
        )
    ]
    return Section("address-changes", "Changes of the mail address", header, rows)


def _profile(user: User) -> Iterator[Section]:
    one = db.session.scalar(select(Counsellor).where(Counsellor.user_id == user.id))
    if one is None:
        return
    header = (
        "Profile",
        "Name",
        "Title",
        "Mail",
        "Phone",
        "About",
        "In short",
        "Location",
        "Languages",
        "Applied",
        "Application",
    )
    row = (
        one.public_id, one.name, one.title, one.email, one.phone, one.bio, one.short_bio, one.location,
        ", ".join(one.languages), one.applied_at, one.application,
    )  # fmt: skip
    yield Section("profile", "Counsellor profile", header, [row])


def _inquiries(user: User) -> Section:
    header = (
        "Ticket", "Asked", "Name", "Mail", "Phone", "Exam", "Rank", "Category", "State", "Message", "Consent", "Source",
        "Came from", "Status",
    )  # fmt: skip
    rows = [
        (
            one.ticket_number, one.asked_at, one.name, one.email, one.phone, one.exam.value, one.rank, one.category,
            one.state, one.message, one.consent_at, one.source, one.referrer, one.status.value,
        )
        for one in inquiries_of(user)
    ]  # fmt: skip
    return Section("inquiries", "Inquiries", header, rows)


def _enrolments(user: User) -> Section:
    header = ("Enrolment", "Package", "Status", "How", "Sessions", "Used", "Paid", "Since", "Until")
    wanted = select(Enrolment).where(Enrolment.user_id == user.id).order_by(Enrolment.id)
    rows = [
        (
            one.public_id, one.title, one.status.value, one.source.value, one.sessions_total, one.sessions_used,
            Paise(one.amount_paid), one.enrolled_at, one.expires_at,
        )
        for one in db.session.scalars(wanted)
    ]  # fmt: skip
    return Section("enrolments", "Enrolments", header, rows)


def _sessions(user: User) -> list[CounsellingSession]:
    wanted = (
        select(CounsellingSession)
        .where(CounsellingSession.student_id == user.id, CounsellingSession.status != SessionStatus.HELD)
        .options(joinedload(CounsellingSession.counsellor), selectinload(CounsellingSession.next_steps))
        .order_by(CounsellingSession.starts_at)
    )
    return list(db.session.scalars(wanted))


def _session_table(sessions: Sequence[CounsellingSession]) -> Section:
    header = (
        "Session",
        "Counsellor",
        "Begins",
        "Ends",
        "Status",
        "How",
        "Agenda",
        "Shared notes",
        "Own notes",
        "Reason",
    )
    rows = [
        (
            one.public_id, one.counsellor.name, one.starts_at, one.ends_at, one.status.value, one.meeting_mode.value,
            one.agenda, one.shared_notes, one.student_notes, one.reason,
        )
        for one in sessions
    ]  # fmt: skip
    return Section("sessions", "Sessions", header, rows)


def _next_steps(sessions: Sequence[CounsellingSession]) -> Section:
    rows = [(one.public_id, step.text, step.done_at) for one in sessions for step in one.next_steps]
    return Section("next-steps", "Next steps", ("Session", "Step", "Done"), rows)


def _reviews(user: User) -> Section:
    header = ("Review", "Counsellor", "Stars", "Text", "Recommends", "Written", "Published", "Answer")
    wanted = select(Review).where(Review.student_id == user.id).options(joinedload(Review.counsellor))
    rows = [
        (
            one.public_id, one.counsellor.name, one.rating, one.text, one.would_recommend, one.created_at,
            one.published_at, one.response,
        )
        for one in db.session.scalars(wanted.order_by(Review.id))
    ]  # fmt: skip
    return Section("reviews", "Reviews", header, rows)


def _loaded_orders(user: User) -> list[Order]:
    wanted = select(Order).where(Order.user_id == user.id).order_by(Order.id)
    return list(db.session.scalars(wanted.options(selectinload(Order.payments).selectinload(Payment.refunds))))


def _order_table(orders: Sequence[Order]) -> Section:
    header = (
        "Order",
        "For",
        "Status",
        "Price",
        "Discount",
        "Coupon",
        "Amount",
        "GST in it",
        "Placed",
        "Paid",
        "Agenda",
    )
    rows = [
        (
            one.public_id, one.title, one.status.value, Paise(one.price), Paise(one.discount),
            Paise(one.coupon_discount), Paise(one.amount), Paise(one.tax), one.placed_at, one.paid_at, one.agenda,
        )
        for one in orders
    ]  # fmt: skip
    return Section("orders", "Orders", header, rows)


def _payments(orders: Sequence[Order]) -> Section:
    header = ("Order", "Payment", "Gateway's number", "Status", "Amount", "Refunded", "Method", "Taken")
    rows = [
        (
            order.public_id, one.public_id, one.gateway_payment_id, one.status.value, Paise(one.amount),
            Paise(one.refunded), one.method, one.captured_at,
        )
        for order in orders
        for one in order.payments
    ]  # fmt: skip
    return Section("payments", "Payments", header, rows)


def _refunds(orders: Sequence[Order]) -> Section:
    header = ("Payment", "Refund", "Status", "Amount", "Reason", "Answer", "Asked", "Went out")
    rows = [
        (
            payment.public_id, one.public_id, one.status.value, Paise(one.amount), one.reason, one.answer,
            one.requested_at, one.processed_at,
        )
        for order in orders
        for payment in order.payments
        for one in payment.refunds
    ]  # fmt: skip
    return Section("refunds", "Refunds", header, rows)


def _receipts(user: User) -> Section:
    wanted = (
        select(Receipt)
        .join(Order, Receipt.order_id == Order.id)
        .options(joinedload(Receipt.order))
        .where(Order.user_id == user.id)
        .order_by(Receipt.id)
    )
    rows = [
        (one.receipt_number, one.order.public_id, Paise(one.order.amount), one.issued_at)
        for one in db.session.scalars(wanted)
    ]
    return Section("receipts", "Receipts", ("Number", "Order", "Amount", "Issued"), rows)


def _notifications(user: User) -> Section:
    wanted = select(Notification).where(Notification.user_id == user.id).order_by(Notification.id)
    rows = [(one.created_at, one.title, one.body, one.read_at) for one in db.session.scalars(wanted)]
    return Section("notifications", "Inbox", ("When", "Title", "Text", "Read"), rows)


def _preferences(user: User) -> Section:
    wanted = select(NotificationPreference).where(NotificationPreference.user_id == user.id)
    rows = [(one.kind, one.channel, one.enabled) for one in db.session.scalars(wanted)]
    return Section("preferences", "What you are told", ("Kind", "Channel", "Wanted"), rows)


def _mails(user: User) -> Section:
    wanted = select(OutboxMail).where(func.lower(OutboxMail.recipient) == user.email.lower()).order_by(OutboxMail.id)
    rows = [
        (one.created_at, one.channel.value, one.template, one.status.value, one.sent_at)
        for one in db.session.scalars(wanted)
    ]
    return Section("mails", "Mail and messages", ("When", "Channel", "Kind", "State", "Sent"), rows)


def _changes(user: User, zone: str) -> Section:
    lines = history_about(user.id, zone=zone, limit=None)
    rows: list[Sequence[Any]] = [
        (one.at, one.kind or one.who, one.action, one.label, changes_text(_own(one.changes))) for one in lines
    ]
    return Section("changes", "Changes written down", ("When", "By", "What", "Thing", "Changes"), rows)


def _own(changes: Sequence[Any]) -> list[Any]:
    """Without what staff wrote for themselves."""
    return [one for one in changes if one.label not in ("Private notes", "Note", "Moderation note")]
