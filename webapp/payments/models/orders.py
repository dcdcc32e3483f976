"""Orders (what we ask for), payments (what the gateway took), refunds (what went back). Paise, UTC."""

from __future__ import annotations

import datetime as dt
import enum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.models import User
from webapp.bookings.models import CounsellingSession
from webapp.core.db import Base, IdMixin, TimesMixin, public_id_column, str_enum
from webapp.counsellors.models import Counsellor, Service
from webapp.enrolments.models import Enrolment
from webapp.packages.models import Package
from webapp.payments.models.coupons import Coupon

ZERO = text("0")


class OrderStatus(enum.StrEnum):
    """Forward only: created → pending → paid; created/pending → expired, and expired → paid when money is late."""

    CREATED = "created"
    PENDING = "pending"
    PAID = "paid"
    EXPIRED = "expired"


class PaymentStatus(enum.StrEnum):
    """What a student reads of one payment (api.md, history); `rules` holds the only legal steps."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REFUND_PENDING = "refund_pending"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"


class Match(enum.StrEnum):
    """What became of captured money."""

    OPEN = "open"  # not captured (yet)
    ENROLLED = "enrolled"
    DUPLICATE = "duplicate"  # the order was paid already: goes back by itself
    WRONG_AMOUNT = "wrong_amount"
    UNKNOWN_ORDER = "unknown_order"
    SETTLED = "settled"  # an admin dealt with it


class RefundStatus(enum.StrEnum):
    """A request waits for an admin; what is approved goes to the gateway, which takes its days."""

    REQUESTED = "requested"
    DECLINED = "declined"
    APPROVED = "approved"  # to be sent to the gateway
    PENDING = "pending"  # the gateway has it
    PROCESSED = "processed"
    FAILED = "failed"


class Order(IdMixin, TimesMixin, Base):
    """What one student is asked to pay for one package or service, with the time kept for it, if any.

    ``amount`` = ``price`` − ``discount`` − ``coupon_discount``; GST is inside it (``tax`` of it).
    ``wanted_*`` survive the hold: after a late payment the nearest times are offered from them. ``hold_id``
    is no foreign key: who deletes a hold that ran out must not wait for its order.
    """

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint("(package_id is null) <> (service_id is null)", name="one_thing"),
        CheckConstraint("amount >= 0 and amount = price - discount - coupon_discount", name="amount"),
        CheckConstraint("discount >= 0 and coupon_discount >= 0 and tax >= 0", name="parts"),
        CheckConstraint("(status = 'paid') = (paid_at is not null)", name="paid_at"),
        CheckConstraint("(status = 'paid') = (enrolment_id is not null)", name="enrolled_when_paid"),
        Index("ix_orders_user", "user_id", "id"),
        Index("ix_orders_open", "created_at", postgresql_where=text("status in ('created', 'pending')")),
        Index("ix_orders_placed", "placed_at"),
    )

    public_id: Mapped[str] = public_id_column("order")
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    package_id: Mapped[int | None] = mapped_column(ForeignKey("packages.id"), index=True)
    service_id: Mapped[int | None] = mapped_column(ForeignKey("services.id"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    status: Mapped[OrderStatus] = mapped_column(str_enum(OrderStatus, "status"), default=OrderStatus.CREATED)
    currency: Mapped[str] = mapped_column(String(3), default="INR", server_default="INR")
    price: Mapped[int] = mapped_column(BigInteger)
    discount: Mapped[int] = mapped_column(BigInteger, default=0, server_default=ZERO)
    coupon_discount: Mapped[int] = mapped_column(BigInteger, default=0, server_default=ZERO)
    amount: Mapped[int] = mapped_column(BigInteger)
    tax: Mapped[int] = mapped_column(BigInteger, default=0, server_default=ZERO)
    coupon_id: Mapped[int | None] = mapped_column(ForeignKey("coupons.id"), index=True)
    gateway: Mapped[str] = mapped_column(String(20))  # razorpay, sandbox, or none for an order of 0
    gateway_order_id: Mapped[str | None] = mapped_column(String(60), unique=True)
    wanted_counsellor_id: Mapped[int | None] = mapped_column(ForeignKey("counsellors.id"))
    wanted_starts_at: Mapped[dt.datetime | None]
    wanted_minutes: Mapped[int | None]
    agenda: Mapped[str] = mapped_column(String(1000), default="", server_default="")
    meeting_mode: Mapped[str] = mapped_column(String(32), default="video", server_default="video")
    hold_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    session_id: Mapped[int | None] = mapped_column(
        ForeignKey("counselling_sessions.id", name="fk_orders_session_id"), unique=True
    )
    enrolment_id: Mapped[int | None] = mapped_column(ForeignKey("enrolments.id"), unique=True)
    placed_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    paid_at: Mapped[dt.datetime | None]
    last_checked_at: Mapped[dt.datetime | None]

    user: Mapped[User] = relationship()
    package: Mapped[Package | None] = relationship()
    service: Mapped[Service | None] = relationship()
    coupon: Mapped[Coupon | None] = relationship()
    enrolment: Mapped[Enrolment | None] = relationship()
    wanted_counsellor: Mapped[Counsellor | None] = relationship()
    session: Mapped[CounsellingSession | None] = relationship(foreign_keys=[session_id])
    payments: Mapped[list[Payment]] = relationship(back_populates="order", order_by="Payment.id")


class Payment(IdMixin, TimesMixin, Base):
    """One payment at the gateway. ``order_id`` is empty only for money we cannot match."""

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint("amount >= 0", name="amount"),
        CheckConstraint("refunded >= 0 and refunded <= amount", name="refunded"),
        Index("ix_payments_status", "status", "id"),
        Index(
            "ix_payments_unmatched",
            "id",
            postgresql_where=text("match in ('duplicate', 'wrong_amount', 'unknown_order')"),
        ),
    )

    public_id: Mapped[str] = public_id_column("pay")
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"), index=True)
    gateway: Mapped[str] = mapped_column(String(20))
    gateway_payment_id: Mapped[str] = mapped_column(String(60), unique=True)
    status: Mapped[PaymentStatus] = mapped_column(str_enum(PaymentStatus, "status"))
    match: Mapped[Match] = mapped_column(str_enum(Match, "match"), default=Match.OPEN)
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    refunded: Mapped[int] = mapped_column(BigInteger, default=0, server_default=ZERO)
    method: Mapped[str] = mapped_column(String(30), default="", server_default="")
    failure: Mapped[str] = mapped_column(String(300), default="", server_default="")
    captured_at: Mapped[dt.datetime | None]
    note: Mapped[str] = mapped_column(String(500), default="", server_default="")

    order: Mapped[Order | None] = relationship(back_populates="payments")
    refunds: Mapped[list[Refund]] = relationship(back_populates="payment", order_by="Refund.id")


class Refund(IdMixin, TimesMixin, Base):
    """Money going back on one payment. ``idempotency_key`` travels to the gateway, so a retry pays once."""

    __tablename__ = "refunds"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        Index("ix_refunds_status", "status", "id"),
    )

    public_id: Mapped[str] = public_id_column("refund")
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"), index=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[RefundStatus] = mapped_column(str_enum(RefundStatus, "status"))
    reason: Mapped[str] = mapped_column(String(500), default="", server_default="")
    answer: Mapped[str] = mapped_column(String(500), default="", server_default="")
    requested_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    idempotency_key: Mapped[str] = mapped_column(String(60), unique=True)
    gateway_refund_id: Mapped[str | None] = mapped_column(String(60), unique=True)
    requested_at: Mapped[dt.datetime]
    decided_at: Mapped[dt.datetime | None]
    estimated_at: Mapped[dt.datetime | None]
    processed_at: Mapped[dt.datetime | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    last_error: Mapped[str] = mapped_column(String(300), default="", server_default="")

    payment: Mapped[Payment] = relationship(back_populates="refunds")
    requested_by: Mapped[User | None] = relationship(foreign_keys=[requested_by_id])
