"""The admins' tables of money as files: what their filters mean, and their columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import Select

from webapp.core.csv_export import Cell, moment_cell, rupees_cell
from webapp.core.errors import ValidationFailed
from webapp.enrolments.models import EnrolmentStatus
from webapp.enrolments.rules import status_at
from webapp.exports.reading import count_rows, stream_rows
from webapp.exports.registry import Params, register_export
from webapp.packages.models import ExamType
from webapp.payments.emails import method_words
from webapp.payments.models import DiscountType, Match, Order, Payment, PaymentStatus, RefundStatus
from webapp.payments.queries import (
    CouponPart,
    Earning,
    EnrolmentFilter,
    OrderPart,
    PaymentFilter,
    coupons_page,
    earnings_of,
    earnings_page,
    enrolments_page,
    every_enrolment,
    every_payment,
    part_of,
    payment_totals,
    payouts_page,
    receipt_numbers,
    refunds_page,
    unmatched_count,
    unmatched_payments,
)
from webapp.payments.queries.admin import EXPORT_BATCH, every_refund, shown_orders
from webapp.payments.queries.coupons import every_coupon
from webapp.payments.queries.earnings import counsellor_by_id, every_payout
from webapp.payments.rules.periods import Period, period_span
from webapp.payments.views.admin_base import read_span

Rows = Iterator[tuple[Cell, ...]]
PAYMENT_NAMES = ("status", "match", "from", "to", "search")
ENROLMENT_NAMES = ("status", "package", "exam", "search")
PAYMENT_HEADER = (
    "Arrived", "Student", "Mail", "For", "Order", "Payment", "Gateway's payment", "Gateway", "Method", "Status",
    "Match", "Currency", "Amount", "Refunded", "Coupon", "Receipt", "Note",
)  # fmt: skip
REFUND_HEADER = (
    "Asked or made", "Student", "Mail", "For", "Order", "Payment", "Refund", "Gateway's refund", "Status", "Currency",
    "Amount", "Decided", "Expected by", "Went out", "Reason", "Answer", "Error",
)  # fmt: skip
ORDER_HEADER = (
    "Ordered", "Student", "Mail", "For", "Order", "Gateway's order", "State", "Price", "Discount", "Coupon", "Amount",
    "Tax in it", "Currency", "Tries", "Ends", "Paid",
)  # fmt: skip
COUPON_HEADER = (
    "Code", "Description", "Kind", "Per cent", "Rupees", "Smallest purchase", "Valid from", "Valid until", "Packages",
    "Uses in all", "Uses per student", "Used", "State",
)  # fmt: skip
ENROLMENT_HEADER = (
    "Enrolled", "Student", "Mail", "Package", "Exam", "Enrolment", "Status", "How", "Sessions", "Used", "Ends",
    "Counsellor", "Paid", "Note",
)  # fmt: skip
PAYOUT_HEADER = ("Paid on", "Counsellor", "Mail", "Amount", "Bank reference", "Note", "Payout")
EARNING_HEADER = ("Session", "Booked", "Student", "Package", "Minutes", "Share")


def register_table_files() -> None:
    """Offer all tables of money; harmless to repeat."""
    register_export(
        "payments",
        title="Payments",
        filename="payments.csv",
        header=PAYMENT_HEADER,
        count=lambda params: payment_totals(_payments(params)).payments,
        rows=_payment_rows,
    )
    register_export(
        "refunds",
        title="Refunds",
        filename="refunds.csv",
        header=REFUND_HEADER,
        count=lambda params: refunds_page(refund_status(params), limit=1).total,
        rows=_refund_rows,
    )
    register_export(
        "orders",
        title="Orders",
        filename="orders.csv",
        header=ORDER_HEADER,
        count=lambda params: count_rows(_orders(params)),
        rows=_order_rows,
    )
    register_export(
        "unmatched",
        title="Captured but unmatched",
        filename="unmatched.csv",
        header=PAYMENT_HEADER,
        count=lambda _params: unmatched_count(),
        rows=lambda _params, zone: _payment_cells(unmatched_payments(), zone),
    )
    register_export(
        "coupons",
        title="Coupons",
        filename="coupons.csv",
        header=COUPON_HEADER,
        count=lambda params: (
            coupons_page(params.get("search", ""), part=coupon_part(params), now=params.now, limit=1).total
        ),
        rows=_coupon_rows,
    )
    register_export(
        "enrolments",
        title="Enrolments",
        filename="enrolments.csv",
        header=ENROLMENT_HEADER,
        count=lambda params: enrolments_page(enrolment_filter(params), now=params.now, limit=1).total,
        rows=_enrolment_rows,
    )
    register_export(
        "payouts",
        title="Payouts",
        filename="payouts.csv",
        header=PAYOUT_HEADER,
        count=lambda _params: payouts_page(limit=1).total,
        rows=_payout_rows,
    )
    register_export(
        "earnings",
        title="A counsellor's earnings",
        filename="earnings.csv",
        header=EARNING_HEADER,
        count=_count_earnings,
        rows=_earning_rows,
    )


def read_payments(asked: Mapping[str, str], zone: str) -> tuple[PaymentFilter, dict[str, str]]:
    """Return what a list of payments is asked for, and what in it is wrong; an unknown word narrows nothing."""
    span = read_span(asked, zone)
    status, match = asked.get("status"), asked.get("match")
    filters = PaymentFilter(
        status=PaymentStatus(status) if status in list(PaymentStatus) else None,
        match=Match(match) if match in list(Match) else None,
        search=asked.get("search", ""),
        since=span.since,
        until=span.until,
    )
    return filters, span.wrong


def _payments(params: Params) -> PaymentFilter:
    """Return the filter of a file.

    Raises:
        ValidationFailed: a day is none; a file of other rows than asked for would mislead.
    """
    filters, wrong = read_payments(params.asked(*PAYMENT_NAMES), params.zone)
    if wrong:
        raise ValidationFailed(next(iter(wrong.values())), fields=wrong)
    return filters


def _payment_rows(params: Params, zone: str) -> Rows:
    batch: list[Payment] = []
    for payment in every_payment(_payments(params)):
        batch.append(payment)
        if len(batch) == EXPORT_BATCH:
            yield from _payment_cells(batch, zone)
            batch = []
    yield from _payment_cells(batch, zone)


def _payment_cells(batch: list[Payment], zone: str) -> Rows:
    receipts = receipt_numbers(batch) if batch else {}
    for one in batch:
        order = one.order
        yield (
            moment_cell(one.captured_at or one.created_at, zone),
            order.user.name if order else "",
            order.user.email if order else "",
            order.title if order else "",
            order.public_id if order else "",
            one.public_id,
            one.gateway_payment_id,
            one.gateway,
            method_words(one.method),
            one.status.value,
            one.match.value,
            one.currency,
            rupees_cell(one.amount),
            rupees_cell(one.refunded),
            order.coupon.code if order and order.coupon else "",
            receipts.get(one.id, ""),
            one.note,
        )


def refund_status(asked: Mapping[str, str]) -> RefundStatus | None:
    """Return the status that refunds are narrowed to."""
    text = asked.get("status")
    return RefundStatus(text) if text in list(RefundStatus) else None


def _refund_rows(params: Params, zone: str) -> Rows:
    for one in every_refund(refund_status(params)):
        order = one.payment.order
        yield (
            moment_cell(one.requested_at, zone),
            order.user.name if order else "",
            order.user.email if order else "",
            order.title if order else "",
            order.public_id if order else "",
            one.payment.gateway_payment_id,
            one.public_id,
            one.gateway_refund_id,
            one.status.value,
            one.payment.currency,
            rupees_cell(one.amount),
            moment_cell(one.decided_at, zone),
            moment_cell(one.estimated_at, zone)[:10],
            moment_cell(one.processed_at, zone),
            one.reason,
            one.answer,
            one.last_error,
        )


def order_part(asked: Mapping[str, str]) -> OrderPart | None:
    """Return the part of all orders that is asked for."""
    part = asked.get("part")
    return OrderPart(part) if part in list(OrderPart) else None


def _orders(params: Params) -> Select[Order]:
    return shown_orders(order_part(params), params.get("search", ""))


def _order_rows(params: Params, zone: str) -> Rows:
    for one in stream_rows(_orders(params)):
        yield (
            moment_cell(one.placed_at, zone),
            one.user.name,
            one.user.email,
            one.title,
            one.public_id,
            one.gateway_order_id,
            one.status.value,
            rupees_cell(one.price),
            rupees_cell(one.discount + one.coupon_discount),
            one.coupon.code if one.coupon else "",
            rupees_cell(one.amount),
            rupees_cell(one.tax),
            one.currency,
            len(one.payments),
            moment_cell(one.expires_at, zone),
            moment_cell(one.paid_at, zone),
        )


def coupon_part(asked: Mapping[str, str]) -> CouponPart | None:
    """Return the part of all coupons that is asked for."""
    state = asked.get("state")
    return CouponPart(state) if state in list(CouponPart) else None


def _coupon_rows(params: Params, zone: str) -> Rows:
    for one in every_coupon(params.get("search", ""), part=coupon_part(params), now=params.now):
        percent = one.discount_type is DiscountType.PERCENT
        yield (
            one.code,
            one.description,
            one.discount_type.value,
            one.discount_value if percent else None,
            None if percent else rupees_cell(one.discount_value),
            rupees_cell(one.min_amount),
            moment_cell(one.valid_from, zone),
            moment_cell(one.valid_until, zone),
            ", ".join(package.name for package in one.packages),
            one.usage_limit,
            one.per_user_limit,
            one.used,
            part_of(one, params.now).value,
        )


def enrolment_filter(asked: Mapping[str, str]) -> EnrolmentFilter:
    """Return what a list of enrolments is narrowed to; an unknown word narrows nothing."""
    status, exam = asked.get("status"), asked.get("exam")
    return EnrolmentFilter(
        status=EnrolmentStatus(status) if status in list(EnrolmentStatus) else None,
        package=asked.get("package", ""),
        exam=ExamType(exam) if exam in list(ExamType) else None,
        search=asked.get("search", ""),
    )


def _enrolment_rows(params: Params, zone: str) -> Rows:
    for one in every_enrolment(enrolment_filter(params), now=params.now):
        yield (
            moment_cell(one.enrolled_at, zone),
            one.user.name,
            one.user.email,
            one.title,
            one.package.exam_type.value if one.package else "",
            one.public_id,
            status_at(one, params.now).value,
            one.source.value,
            one.sessions_total,
            one.sessions_used,
            moment_cell(one.expires_at, zone),
            one.assigned_counsellor.name if one.assigned_counsellor else "",
            rupees_cell(one.amount_paid),
            one.note,
        )


def _payout_rows(_params: Params, zone: str) -> Rows:
    for one in every_payout():
        yield (
            moment_cell(one.paid_at, zone)[:10],
            one.counsellor.name,
            one.counsellor.email,
            rupees_cell(one.amount),
            one.bank_reference,
            one.note,
            one.public_id,
        )


def _earning_span(params: Params) -> tuple[int, dt.datetime | None, dt.datetime | None]:
    text = params.get("period", "")
    period = Period(text) if text in list(Period) else Period.ALL
    since, until = period_span(period, params.zone, params.now)
    return counsellor_by_id(params.get("counsellor", "")).id, since, until


def _count_earnings(params: Params) -> int:
    counsellor, since, until = _earning_span(params)
    return earnings_page(counsellor, limit=1, since=since, until=until)[0].total


def _earning_rows(params: Params, zone: str) -> Rows:
    counsellor, since, until = _earning_span(params)
    yield from _earning_cells(earnings_of(counsellor, since=since, until=until), zone)


def _earning_cells(rows: Iterable[Earning], zone: str) -> Rows:
    for one in rows:
        session = one.session
        yield (
            moment_cell(session.starts_at, zone),
            moment_cell(one.at, zone),
            session.student.name,
            session.enrolment.title if session.enrolment else "",
            session.minutes,
            rupees_cell(one.amount),
        )
