"""Statements that take a person's words out of tables.

They bypass the session on purpose: the audit log, which watches it, would write down what is being erased.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from typing import cast as cast_to

from sqlalchemy import ColumnElement, String, cast, func, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import InstrumentedAttribute

from webapp.bookings.models import CounsellingSession, NextStep, SessionChange
from webapp.core.db import Base, db
from webapp.core.pieces import ALL, changed
from webapp.counsellors.models import Counsellor
from webapp.dashboards.people.privacy.letting_go import ERASED, ERASED_NAME, ERASED_PHONE
from webapp.enrolments.models import Enrolment
from webapp.exports.models import ExportFile
from webapp.inquiries.models import Inquiry, InquiryEvent, LeadImport, LeadView
from webapp.notifications.models import DeliveryStatus, Notification, NotificationPreference, OutboxMail
from webapp.payments.models import GatewayEvent, Order, Payment, Refund
from webapp.reviews.models import Review
from webapp.webhooks.models import WebhookDelivery

WAITING = (DeliveryStatus.PENDING, DeliveryStatus.SENDING)


@dataclass(frozen=True, slots=True)
class Words:
    """What finds a person in texts of others: patterns of Postgres; and what stands there afterwards."""

    emails: str
    phones: str
    name: str
    email_now: str

    @property
    def contact(self) -> str:
        """Finds address or number."""
        return f"({self.emails}|{self.phones})"


def put(model: type[Base], where: ColumnElement[bool], **values: Any) -> None:
    """Set columns of rows, past the session; every kept piece is old then."""
    db.session.execute(update(model).where(where).values(**values).execution_options(synchronize_session=False))
    changed(ALL)  # rarely enough: whatever shows it is made anew


def empty_sessions(user_id: int) -> None:
    """Take the texts out of a student's sessions, their steps and their history; times and states stay."""
    mine = select(CounsellingSession.id).where(CounsellingSession.student_id == user_id)
    put(
        CounsellingSession,
        CounsellingSession.student_id == user_id,
        agenda="",
        private_notes="",
        shared_notes="",
        student_notes="",
        reason="",
        meeting_link=None,
        recording_link=None,
        recording_expires_at=None,
    )
    put(NextStep, NextStep.session_id.in_(mine), text=ERASED)
    put(SessionChange, SessionChange.session_id.in_(mine), detail={})


def empty_money(user_id: int) -> None:
    """Take the texts out of orders, payments, refunds and enrolments; sums, dates and numbers stay."""
    orders = select(Order.id).where(Order.user_id == user_id)
    payments = select(Payment.id).where(Payment.order_id.in_(orders))
    put(Enrolment, Enrolment.user_id == user_id, note="")
    put(Order, Order.user_id == user_id, agenda="")
    put(Payment, Payment.order_id.in_(orders), note="")
    put(Refund, Refund.payment_id.in_(payments), reason="", answer="")


def empty_profile(counsellor_id: int, *, email_now: str) -> None:
    """Take the person out of a counsellor's profile; earnings and sessions keep their counsellor."""
    put(
        Counsellor,
        Counsellor.id == counsellor_id,
        name=ERASED_NAME,
        email=email_now,
        phone=None,
        photo=None,
        bio="",
        short_bio="",
        location="",
        social_links={},
        qualifications=[],
        certifications=[],
        application="",
        deactivated_reason=None,
    )


def empty_mail(user_id: int, words: Words) -> None:
    """Empty every mail to the person, and every mail that names their address or number; drop what still waits."""
    theirs = OutboxMail.recipient.regexp_match(f"^{words.emails}$", flags="i")
    told = cast(OutboxMail.context, String).regexp_match(words.contact, flags="i")
    put(OutboxMail, or_(theirs, told) & OutboxMail.status.in_(WAITING), status=DeliveryStatus.DROPPED)
    put(OutboxMail, or_(theirs, told), context={}, attachments=[], unsubscribe_key=None, last_error=None)
    put(OutboxMail, theirs, recipient=words.email_now, recipient_name=ERASED_NAME)
    db.session.execute(
        Notification.__table__.delete().where(Notification.user_id == user_id)  # type: ignore[attr-defined]
    )
    db.session.execute(
        NotificationPreference.__table__.delete().where(  # type: ignore[attr-defined]
            NotificationPreference.user_id == user_id
        )
    )


def name_out(words: Words, *, user_id: int, public_ids: Sequence[str]) -> None:
    """Take the name out of what others were told about the person's things, and out of their reviews."""
    things = "(" + "|".join(public_ids) + ")"
    told = Notification.url.regexp_match(things)
    _replace(Notification.title, words.name, ERASED_NAME, told)
    _replace(Notification.body, words.name, ERASED_NAME, told)
    mine = Review.student_id == user_id
    for column in (Review.text, Review.response, Review.moderation_note):
        _replace(column, words.name, ERASED_NAME, mine)
    sent = cast(OutboxMail.context, String).regexp_match(things)
    put(OutboxMail, sent & OutboxMail.status.not_in(WAITING), context={}, attachments=[])
    theirs = cast(WebhookDelivery.payload, String).regexp_match(things)
    _replace(WebhookDelivery.payload, words.name, ERASED_NAME, theirs)
    put(WebhookDelivery, theirs, request={}, response_body="")


def contact_out(words: Words) -> None:
    """Take address and number out of every text of others where they may have been written."""
    columns: tuple[InstrumentedAttribute[Any], ...] = (
        Notification.title, Notification.body, WebhookDelivery.payload, WebhookDelivery.request,
        WebhookDelivery.response_body, GatewayEvent.payload, ExportFile.params, LeadView.query, LeadImport.problems,
        InquiryEvent.body, InquiryEvent.data, Inquiry.message, CounsellingSession.private_notes,
        CounsellingSession.shared_notes, CounsellingSession.student_notes, CounsellingSession.agenda, NextStep.text,
        SessionChange.detail, Review.text, Review.response, Review.moderation_note, Enrolment.note, Order.agenda,
        Payment.note, Payment.failure, Refund.reason, Refund.answer, Refund.last_error,
    )  # fmt: skip
    for column in columns:
        _replace(column, words.emails, words.email_now)
        _replace(column, words.phones, ERASED_PHONE)


def _replace(column: InstrumentedAttribute[Any], pattern: str, instead: str, where: Any = True) -> None:
    """Replace what a pattern finds in a text or JSON column, whatever its case."""
    as_text = cast(column, String)
    made: ColumnElement[Any] = func.regexp_replace(as_text, pattern, instead, "gi")
    if isinstance(column.type, JSONB):
        made = cast(made, JSONB)
    put(cast_to(type[Base], column.class_), as_text.regexp_match(pattern, flags="i") & where, **{column.key: made})
