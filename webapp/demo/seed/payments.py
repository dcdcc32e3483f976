"""The money behind the demo's packages: an order, a payment, a receipt and a ledger entry for each that was bought.

Figures agree: what an enrolment says was paid is what its order asked for and its receipt states. Only
purchases without an order get one, so a second run writes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.accounts.models import User
from webapp.config import Settings
from webapp.demo.seed.coupons import make_coupons
from webapp.enrolments.models import Enrolment, EnrolmentSource
from webapp.packages.models import Package
from webapp.payments.models import (
    Coupon,
    CouponUse,
    Match,
    Order,
    OrderStatus,
    Payment,
    PaymentStatus,
    Refund,
    RefundStatus,
)
from webapp.payments.rules import price_of
from webapp.payments.services import ledger, receipts

METHODS = ("upi", "upi", "card", "upi", "netbanking")
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
FIRST_TRY = dt.timedelta(minutes=4)  # so long before the one that went through
WITH_COUPON = {("ananya", "jee-complete"): "JEE10"}
FAILED_FIRST = ("ananya", "jee-complete")
DECLINED = "Your bank declined the payment."


@dataclass(frozen=True, slots=True)
class Back:
    """A refund: whose purchase, paise (0: all), why, how many days after paying it was asked for, and how it stands."""

    who: str
    package: str
    amount: int
    reason: str
    days: int
    status: RefundStatus
    answer: str = ""


REFUNDS = (
    Back(
        "ananya", "one-hour-of-clarity", 500_00, "We could only begin twenty minutes late.", 5, RefundStatus.PROCESSED,
        "You are right, and we are sorry. A fifth of the price goes back.",
    ),
    Back(
        "kabir", "neet-deemed-abroad", 0, "He got a seat at home in the second round, so we do not need it any more.",
        5, RefundStatus.REQUESTED,
    ),
)  # fmt: skip
LEFT_UNPAID = ("tanvi", "jee-private-engineering", 12)  # began to buy so many days ago and left


def make_payments(session: Session, users: Mapping[str, User], packages: Mapping[str, Package], now: dt.datetime,
    settings: Settings) -> None:  # fmt: skip
    """Add the coupons and the money of purchases that have none yet, in the order they were paid."""
    coupons = make_coupons(session, packages, now)
    till = Till(session, users, packages, coupons, settings)
    fresh = till.without_order()
    if not fresh:
        return
    first = session.scalar(select(Order.id).limit(1)) is None
    for enrolment in fresh:
        till.sell(enrolment)
    if first:
        till.leave_unpaid(now)
        for back in REFUNDS:
            till.give_back(back, now)
    session.flush()  # what follows reads it


class Till:
    """Writes what the checkout and the gateway would have written."""

    def __init__(
        self,
        session: Session,
        users: Mapping[str, User],
        packages: Mapping[str, Package],
        coupons: Mapping[str, Coupon],
        settings: Settings,
    ) -> None:
        """Take who is who by id."""
        self._session = session
        self._users = users
        self._keys = {user.id: key for key, user in users.items()}
        self._packages = packages
        self._by_id = {package.id: package for package in packages.values()}
        self._coupons = coupons
        self._settings = settings

    def without_order(self) -> list[Enrolment]:
        """Return bought enrolments that no order stands behind, the earliest first."""
        wanted = select(Enrolment).where(
            Enrolment.user_id.in_(self._keys),
            Enrolment.package_id.in_(self._by_id),
            Enrolment.source == EnrolmentSource.PURCHASE,
            ~select(Order.id).where(Order.enrolment_id == Enrolment.id).exists(),
        )
        return list(self._session.scalars(wanted.order_by(Enrolment.enrolled_at, Enrolment.id)))

    def sell(self, enrolment: Enrolment) -> None:
        """Write order, payment, receipt and ledger of one purchase."""
        package, paid_at = self._by_id[enrolment.package_id or 0], enrolment.enrolled_at
        name = (self._keys[enrolment.user_id], package.slug)
        coupon = self._coupons.get(WITH_COUPON.get(name, ""))
        order = self._order(enrolment.user_id, package, coupon, paid_at - 2 * FIRST_TRY)
        order.status, order.paid_at = OrderStatus.PAID, paid_at
        order.enrolment = enrolment
        enrolment.amount_paid = order.amount
        self._session.flush()  # payments want its id
        if coupon is not None:
            coupon.used += 1
            self._session.add(
                CouponUse(coupon_id=coupon.id, user_id=order.user_id, order_id=order.id, taken_at=order.placed_at)
            )
        if name == FAILED_FIRST:
            failed = self._payment(order, PaymentStatus.FAILED, "card", paid_at - FIRST_TRY, "f")
            failed.failure = DECLINED
        payment = self._payment(order, PaymentStatus.SUCCEEDED, METHODS[order.id % len(METHODS)], paid_at, "")
        payment.match, payment.captured_at = Match.ENROLLED, paid_at
        self._session.flush()  # the ledger and the receipt want its id
        ledger.post_payment(payment, paid_at)
        receipts.issue(order, payment, now=paid_at)

    def leave_unpaid(self, now: dt.datetime) -> None:
        """Write an order that somebody began and left."""
        who, slug, days = LEFT_UNPAID
        order = self._order(self._users[who].id, self._packages[slug], None, now - days * DAY)
        order.status, order.gateway_order_id = OrderStatus.EXPIRED, None

    def give_back(self, back: Back, now: dt.datetime) -> None:
        """Write a refund of one purchase, as far as it has come."""
        payment = self._session.scalar(
            select(Payment)
            .join(Order, Order.id == Payment.order_id)
            .where(
                Order.user_id == self._users[back.who].id,
                Order.package_id == self._packages[back.package].id,
                Payment.status == PaymentStatus.SUCCEEDED,
            )
        )
        if payment is None or payment.captured_at is None:
            return
        at = min(payment.captured_at + back.days * DAY, now - HOUR)
        refund = Refund(
            payment=payment,
            amount=back.amount or payment.amount,
            status=back.status,
            reason=back.reason,
            answer=back.answer,
            requested_by_id=self._users[back.who].id,
            idempotency_key=f"rfnd_demo_{payment.public_id}",
            requested_at=at,
        )
        self._session.add(refund)
        if back.status is RefundStatus.REQUESTED:
            payment.status = PaymentStatus.REFUND_PENDING
            return
        refund.decided_by_id = self._users["admin"].id
        refund.gateway_refund_id = f"rfnd_{payment.gateway_payment_id.removeprefix('pay_')}"
        refund.decided_at, refund.estimated_at, refund.processed_at = at + 5 * HOUR, at + 8 * DAY, at + 3 * DAY
        payment.refunded += refund.amount
        payment.status = PaymentStatus.PARTIALLY_REFUNDED
        self._session.flush()  # the ledger wants its id
        ledger.post_refund(refund, refund.processed_at)

    def _order(self, user_id: int, package: Package, coupon: Coupon | None, at: dt.datetime) -> Order:
        cut = (coupon.discount_type, coupon.discount_value) if coupon else None
        sums = price_of(package.price, package.selling_price, gst_percent=self._settings.gst_percent, coupon=cut)
        order = Order(
            user_id=user_id,
            package_id=package.id,
            coupon=coupon,
            title=package.name,
            price=sums.price,
            discount=sums.discount,
            coupon_discount=sums.coupon_discount,
            amount=sums.amount,
            tax=sums.tax,
            gateway=self._settings.payment_gateway,
            placed_at=at,
            expires_at=at + dt.timedelta(hours=self._settings.order_hours),
            last_checked_at=at + DAY,
            created_at=at,
        )
        self._session.add(order)
        self._session.flush()  # its public id names it at the gateway
        order.gateway_order_id = f"order_{order.public_id.removeprefix('order_')[:14]}"
        return order

    def _payment(self, order: Order, status: PaymentStatus, method: str, at: dt.datetime, mark: str) -> Payment:
        payment = Payment(
            order_id=order.id,
            gateway=order.gateway,
            gateway_payment_id=f"pay_{mark}{order.public_id.removeprefix('order_')[:14]}",
            status=status,
            amount=order.amount,
            currency=order.currency,
            method=method,
            created_at=at,
            updated_at=at,
        )
        self._session.add(payment)
        return payment


def remember_at_sandbox(session: Session, emails: Iterable[str], settings: Settings) -> None:
    """Write the demo's payments into the sandbox gateway's own books, so that they can be refunded there.

    Outside any transaction: those books are another company's. Harmless to repeat.
    """
    if settings.payment_gateway != "sandbox":
        return
    from webapp.payments.gateways.sandbox import remember_past_payment  # not loaded where money is real

    wanted = (
        select(Order.gateway_order_id, Payment.gateway_payment_id, Order.public_id, Payment.amount, Payment.captured_at)
        .join(Payment, Payment.order_id == Order.id)
        .join(User, User.id == Order.user_id)
        .where(User.email.in_(list(emails)), Payment.match == Match.ENROLLED, Order.gateway_order_id.is_not(None))
    )
    for order_id, payment_id, receipt, amount, paid_at in session.execute(wanted).all():
        if order_id is None or paid_at is None:
            continue
        remember_past_payment(
            settings,
            order_id=order_id,
            payment_id=payment_id,
            receipt=receipt,
            amount=amount,
            currency="INR",
            paid_at=paid_at,
        )
