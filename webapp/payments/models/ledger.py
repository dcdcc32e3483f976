"""The ledger: double-entry rows that always sum to zero; receipts and payouts beside it."""

from __future__ import annotations

import datetime as dt
import enum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.core.db import Base, IdMixin, public_id_column, str_enum
from webapp.counsellors.models import Counsellor
from webapp.payments.models.orders import Order, Payment


class Account(enum.StrEnum):
    """Where money stands. A positive entry is a debit, a negative one a credit."""

    GATEWAY = "gateway"  # money at the gateway: in with a payment, out with a refund
    UNEARNED = "unearned"  # paid by students, sessions still owed
    UNMATCHED = "unmatched"  # captured, but belongs to no order of ours
    REVENUE = "revenue"  # the house's share of what was held
    COUNSELLOR = "counsellor"  # owed to a counsellor
    BANK = "bank"  # paid out to counsellors


class LedgerTransaction(IdMixin, Base):
    """A group of entries that sums to zero (checked at commit by a deferred trigger).

    ``reference`` is unique, e.g. "payment:12" or "session:99", so the same fact is booked once.
    """

    __tablename__ = "ledger_transactions"

    reference: Mapped[str] = mapped_column(String(80), unique=True)
    description: Mapped[str] = mapped_column(String(200))
    at: Mapped[dt.datetime]

    entries: Mapped[list[LedgerEntry]] = relationship(back_populates="transaction", cascade="all")


class LedgerEntry(IdMixin, Base):
    """One side of a booking, in paise."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount"),
        CheckConstraint("(account = 'counsellor') = (counsellor_id is not null)", name="whose"),
        Index("ix_ledger_entries_counsellor", "counsellor_id", "transaction_id"),
        Index("ix_ledger_entries_account", "account"),
    )

    transaction_id: Mapped[int] = mapped_column(ForeignKey("ledger_transactions.id"), index=True)
    account: Mapped[Account] = mapped_column(str_enum(Account, "account"))
    counsellor_id: Mapped[int | None] = mapped_column(ForeignKey("counsellors.id"))
    amount: Mapped[int] = mapped_column(BigInteger)

    transaction: Mapped[LedgerTransaction] = relationship(back_populates="entries")


class Payout(IdMixin, Base):
    """Money an admin has paid to a counsellor outside, recorded here."""

    __tablename__ = "payouts"
    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)

    public_id: Mapped[str] = public_id_column("payout")
    counsellor_id: Mapped[int] = mapped_column(ForeignKey("counsellors.id"), index=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    bank_reference: Mapped[str] = mapped_column(String(80))
    note: Mapped[str] = mapped_column(String(300), default="", server_default="")
    paid_at: Mapped[dt.datetime]
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))

    counsellor: Mapped[Counsellor] = relationship()


class ReceiptCounter(Base):
    """The last receipt number of a financial year; its row lock makes the run gapless."""

    __tablename__ = "receipt_counters"

    financial_year: Mapped[str] = mapped_column(String(7), primary_key=True)  # "2026-27"
    last_number: Mapped[int]


class Receipt(IdMixin, Base):
    """The receipt of one order: number within the financial year, issued once."""

    __tablename__ = "receipts"
    __table_args__ = (UniqueConstraint("financial_year", "number", name="uq_receipts_running_number"),)

    public_id: Mapped[str] = public_id_column("receipt")
    financial_year: Mapped[str] = mapped_column(String(7))
    number: Mapped[int]
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), unique=True)
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payments.id"), unique=True)
    issued_at: Mapped[dt.datetime]

    order: Mapped[Order] = relationship()
    payment: Mapped[Payment | None] = relationship()

    @property
    def receipt_number(self) -> str:
        """The number people see: "2026-27/000123"."""
        return f"{self.financial_year}/{self.number:06d}"
