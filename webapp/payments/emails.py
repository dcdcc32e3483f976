"""What people are told about money, in the inbox of the app and by mail, as finished words in their own zone.

It is written in the transaction of what it tells, once per event and person: the key says of what.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from flask import current_app
from sqlalchemy import select

from webapp.accounts.models import Role, User
from webapp.accounts.recipients import recipient_of
from webapp.bookings.models import CounsellingSession
from webapp.config import Settings
from webapp.core.db import db
from webapp.core.money import format_rupees
from webapp.core.times import format_day, format_when, iso_z
from webapp.counsellors.models import Counsellor
from webapp.enrolments.models import Enrolment
from webapp.notifications.messages import MailMessage
from webapp.notifications.models import OutboxMail
from webapp.notifications.services import notify, queue_mail
from webapp.payments.models import Order, OrderStatus, Payment, Receipt, Refund, RefundStatus

UNPAID_GUARD = "order_unpaid"
MONEY = "/payments"  # the page that shows a student everything about money
NUDGE_AFTER = dt.timedelta(minutes=15)  # somebody who is trying again is not interrupted
METHODS = {"upi": "UPI", "card": "card", "netbanking": "net banking", "wallet": "wallet", "emi": "EMI"}


def method_words(method: str) -> str:
    """Return how a payment was made, as people say it: "UPI", "card"."""
    return METHODS.get(method, method)


def order_address(order: Order) -> str:
    """Return the whole address of an order's page."""
    return f"{_settings().base_url}/orders/{order.public_id}"


def receipt_address(receipt: Receipt) -> str:
    """Return the whole address of a receipt's PDF."""
    return f"{_settings().base_url}/receipts/{receipt.public_id}.pdf"


def time_address(counsellor: Counsellor, enrolment: Enrolment, start: dt.datetime) -> str:
    """Return the address of the picker with this time chosen."""
    where = f"{_settings().base_url}/book/{counsellor.public_id}"
    return f"{where}?enrolment={enrolment.public_id}&at={iso_z(start)}"


def tell_paid(
    order: Order, receipt: Receipt, payment: Payment | None, session: CounsellingSession | None, now: dt.datetime
) -> None:
    """Queue the receipt to the student."""
    zone, enrolment = order.user.zone, _enrolment(order)
    words = {
        **_sums(order),
        "number": receipt.receipt_number,
        "receipt_url": receipt_address(receipt),
        "method": method_words(payment.method) if payment else "",
        "paid_on": format_when(now, zone),
        "sessions": enrolment.sessions_total,
        "minutes": enrolment.session_minutes,
        "ends": format_when(enrolment.expires_at, zone),
        "session_when": format_when(session.starts_at, zone) if session else "",
        "book_url": f"{_settings().base_url}/book?enrolment={enrolment.public_id}",
        "late": order.wanted_starts_at is not None and session is None,
    }
    title = f"{words['amount']} received" if order.amount else f"{order.title} is yours"
    _tell(
        f"order:{order.public_id}:receipt",
        order.user,
        _News("payment_received", title, f"{order.title} is active. Receipt {words['number']}.", MONEY),
        MailMessage("receipt", words),
        now,
    )


def tell_late(order: Order, nearest: Sequence[dt.datetime], now: dt.datetime) -> None:
    """Queue "your time is gone, your session is not" with the nearest times."""
    counsellor, wanted = order.wanted_counsellor, order.wanted_starts_at
    if counsellor is None or wanted is None:
        return
    zone, enrolment = order.user.zone, _enrolment(order)
    words = {
        **_sums(order),
        "counsellor": counsellor.name,
        "wanted": format_when(wanted, zone),
        "left": enrolment.sessions_left,
        "times": [
            {"when": format_when(start, zone), "url": time_address(counsellor, enrolment, start)} for start in nearest
        ],
        "book_url": f"{_settings().base_url}/book/{counsellor.public_id}?enrolment={enrolment.public_id}",
        "money_url": f"{_settings().base_url}/payments",
    }
    news = _News(
        "payment_received",
        "Choose another time",
        f"Your payment came after {words['wanted']} had run out. Nothing is lost.",
        f"/book/{counsellor.public_id}?enrolment={enrolment.public_id}",
    )
    _tell(f"order:{order.public_id}:late", order.user, news, MailMessage("late_payment", words), now)


def tell_failed(order: Order, payment: Payment, now: dt.datetime) -> None:
    """Say in the inbox that it did not go through, once an order; and by mail, if unpaid then, in 15 minutes."""
    words = {**_sums(order), "reason": payment.failure, "until": format_when(order.expires_at, order.user.zone)}
    queue_mail(
        dedupe_key=f"order:{order.public_id}:failed",
        recipient=order.user.email,
        recipient_name=order.user.name,
        template="payment_failed",
        context={"first_name": order.user.first_name, **words},
        guard=f"{UNPAID_GUARD}:{order.public_id}",
        due_at=now + NUDGE_AFTER,
        now=now,
    )
    body = f"{payment.failure or 'Nothing was paid.'} The order stays open until {words['until']}."
    news = _News("payment_failed", f"{order.title} is not paid yet", body, f"/orders/{order.public_id}")
    _tell(f"order:{order.public_id}:failed", order.user, news, None, now)


def tell_duplicate(order: Order, payment: Payment, refund: Refund, now: dt.datetime) -> None:
    """Queue "you paid twice, the second goes back by itself"."""
    words = {**_sums(order), "paid": format_rupees(payment.amount), **_refund_words(refund, order.user)}
    news = _News("refund", f"{words['refund']} goes back to you", f"{order.title} was paid twice.", MONEY)
    _tell(f"payment:{payment.public_id}:duplicate", order.user, news, MailMessage("duplicate_payment", words), now)


def tell_refund_requested(refund: Refund, order: Order, now: dt.datetime) -> None:
    """Queue "we have your request" to the student, and the request to the admins."""
    words = {**_sums(order), **_refund_words(refund, order.user)}
    news = _News("refund", "We have your refund request", f"{words['refund']} for {order.title}.", MONEY)
    _tell(f"refund:{refund.public_id}:requested", order.user, news, MailMessage("refund_requested", words), now)
    alert_admins(
        key=f"refund:{refund.public_id}:requested",
        headline=f"{order.user.name} asks for {format_rupees(refund.amount)} back",
        lines=[f"For {order.title}.", f"Reason: {refund.reason}"],
        path="/admin/refunds",
        now=now,
    )


def tell_refund_decided(refund: Refund, order: Order, now: dt.datetime, *, ended: bool = False) -> None:
    """Queue the answer to the student; ``ended``: the whole of it goes back, so the package has ended."""
    words = {**_sums(order), **_refund_words(refund, order.user), "ended": ended}
    title = f"{words['refund']} goes back to you" if words["approved"] else "Your refund request was declined"
    news = _News("refund", title, refund.answer or f"For {order.title}.", MONEY)
    _tell(f"refund:{refund.public_id}:decided", order.user, news, MailMessage("refund_decided", words), now)


def tell_refund_processed(refund: Refund, order: Order, now: dt.datetime) -> None:
    """Queue "the gateway has sent it" to the student."""
    words = {**_sums(order), **_refund_words(refund, order.user)}
    news = _News("refund", f"{words['refund']} has been sent back", f"For {order.title}.", MONEY)
    _tell(f"refund:{refund.public_id}:processed", order.user, news, MailMessage("refund_processed", words), now)


def tell_enrolment_cancelled(enrolment: Enrolment, reason: str, freed: int, now: dt.datetime) -> None:
    """Queue "your package was cancelled" to the student; the sessions' own mails go beside it."""
    words = {
        "package": enrolment.title,
        "reason": reason,
        "freed": freed,
        "money_url": f"{_settings().base_url}/payments",
    }
    news = _News("enrolment_cancelled", f"{enrolment.title} was cancelled", reason, MONEY)
    key = f"enrolment:{enrolment.public_id}:cancelled"
    _tell(key, enrolment.user, news, MailMessage("enrolment_cancelled", words), now)


def alert_admins(*, key: str, headline: str, lines: Sequence[str], path: str, now: dt.datetime) -> None:
    """Tell the admins about money: one mail to their address, a line in each one's inbox; never twice for a ``key``."""
    settings = _settings()
    queue_mail(
        dedupe_key=f"money_alert:{key}",
        recipient=settings.admin_mail,
        recipient_name=f"{settings.site_name} admins",
        template="money_alert",
        context={"headline": headline, "lines": list(lines), "url": settings.base_url + path},
        now=now,
    )
    for admin in db.session.scalars(select(User).where(User.role == Role.ADMIN, User.active).order_by(User.id)):
        news = _News("money_alert", headline, " ".join(lines), path)
        _tell(f"money_alert:{key}:{admin.public_id}", admin, news, None, now)


def is_still_unpaid(argument: str, mail: OutboxMail) -> bool:
    """Guard: the order can still be paid and has not been."""
    found = db.session.execute(select(Order.status, Order.expires_at).where(Order.public_id == argument)).one_or_none()
    if found is None:
        return False
    return found.status in (OrderStatus.CREATED, OrderStatus.PENDING) and found.expires_at > mail.due_at


@dataclass(frozen=True, slots=True)
class _News:
    """The line in the inbox: kind, words, and the page that shows it."""

    kind: str
    title: str
    body: str
    url: str


def _tell(key: str, user: User, news: _News, mail: MailMessage | None, now: dt.datetime) -> None:
    if mail is not None:
        mail = replace(mail, context={"first_name": user.first_name, **mail.context})
    notify(
        user=recipient_of(user),
        kind=news.kind,
        title=news.title,
        body=news.body,
        url=news.url,
        dedupe_key=key,
        mail=mail,
        now=now,
    )


def _sums(order: Order) -> dict[str, Any]:
    return {
        "title": order.title,
        "amount": format_rupees(order.amount),
        "price": format_rupees(order.price),
        "discount": format_rupees(order.discount) if order.discount else "",
        "coupon": order.coupon.code if order.coupon else "",
        "coupon_discount": format_rupees(order.coupon_discount) if order.coupon_discount else "",
        "tax": format_rupees(order.tax) if order.tax else "",
        "order_url": order_address(order),
        "money_url": f"{_settings().base_url}/payments",
    }


def _refund_words(refund: Refund, user: User) -> dict[str, Any]:
    return {
        "refund": format_rupees(refund.amount),
        "reason": refund.reason,
        "answer": refund.answer,
        "approved": refund.status is not RefundStatus.DECLINED,
        "by_day": format_day(refund.estimated_at, user.zone) if refund.estimated_at else "",
    }


def _enrolment(order: Order) -> Enrolment:
    if order.enrolment is None:
        raise LookupError(f"{order.public_id} has no enrolment")
    return order.enrolment


def _settings() -> Settings:
    return cast(Settings, current_app.config["SETTINGS"])
