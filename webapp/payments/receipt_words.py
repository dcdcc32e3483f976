"""A receipt's row in the words that its PDF prints: company, buyer, sums, GST, the amount in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from webapp.config import Settings
from webapp.core.money import format_rupees
from webapp.core.times import DEFAULT_ZONE, format_day, format_when
from webapp.enrolments.models import Enrolment
from webapp.packages.rules import sessions_words
from webapp.payments.bill import taken_off
from webapp.payments.emails import method_words
from webapp.payments.models import Order, Payment, Receipt, RefundStatus
from webapp.payments.rules import amount_in_words, half_up


@dataclass(frozen=True, slots=True)
class ReceiptWords:
    """Everything a receipt says, in words; ``sums`` are (label, amount), the last is the total, ``split`` is in it."""

    company: str
    company_lines: Sequence[str]
    number: str
    issued: str
    issued_at: dt.datetime
    name: str
    email: str
    title: str
    detail: str
    sums: Sequence[tuple[str, str]]
    split: Sequence[tuple[str, str]]
    in_words: str
    facts: Sequence[tuple[str, str]]
    notes: Sequence[str] = ()


def receipt_words(receipt: Receipt, settings: Settings) -> ReceiptWords:
    """Return what the receipt says; times by the clock of India, where the seller is."""
    order, payment = receipt.order, receipt.payment
    lines = [line.strip() for line in settings.company_address.replace("\\n", "\n").splitlines() if line.strip()]
    if settings.company_gstin:
        lines.append(f"GSTIN {settings.company_gstin}")
    return ReceiptWords(
        company=settings.company_name,
        company_lines=lines,
        number=receipt.receipt_number,
        issued=format_day(receipt.issued_at, DEFAULT_ZONE),
        issued_at=receipt.issued_at,
        name=order.user.name,
        email=order.user.email,
        title=order.title,
        detail=_detail(order.enrolment),
        sums=_sums(order),
        split=_split(order),
        in_words=amount_in_words(order.amount),
        facts=_facts(order, payment),
        notes=_notes(payment),
    )


def _detail(enrolment: Enrolment | None) -> str:
    if enrolment is None:
        return ""
    until = format_day(enrolment.expires_at, DEFAULT_ZONE)
    return f"{sessions_words(enrolment.sessions_total, enrolment.session_minutes)}, valid until {until}"


def _sums(order: Order) -> list[tuple[str, str]]:
    lines = [("Price", format_rupees(order.price))]
    if order.discount:
        lines.append(("Discount", taken_off(order.discount)))
    if order.coupon_discount:
        name = f"Coupon {order.coupon.code}" if order.coupon else "Coupon"
        lines.append((name, taken_off(order.coupon_discount)))
    return [*lines, ("Total paid", format_rupees(order.amount))]


def _split(order: Order) -> list[tuple[str, str]]:
    """The total's two parts; the rate is the one of the day of the order, so it follows from its sums."""
    if not order.tax:
        return []
    net = order.amount - order.tax
    return [
        ("Value before GST", format_rupees(net)),
        (f"GST {half_up(order.tax * 100, net)} %, included", format_rupees(order.tax)),
    ]


def _facts(order: Order, payment: Payment | None) -> list[tuple[str, str]]:
    facts = [("Order", order.public_id)]
    if order.paid_at is not None:
        facts.append(("Paid", format_when(order.paid_at, DEFAULT_ZONE)))
    if payment is not None:
        facts += [("Method", method_words(payment.method))] if payment.method else []
        facts.append(("Payment", payment.gateway_payment_id))
    return facts


def _notes(payment: Payment | None) -> list[str]:
    """What went back meanwhile: the receipt stays what it was, and says so."""
    back = [refund for refund in payment.refunds if refund.status is RefundStatus.PROCESSED] if payment else []
    return [
        f"Refunded {format_rupees(refund.amount)} on {format_day(refund.processed_at, DEFAULT_ZONE)}."
        for refund in back
        if refund.processed_at is not None
    ]
