"""The ledger: every movement of money once, in entries that sum to zero. Paise; a positive entry is a debit.

A deferred trigger in the database refuses, at commit, a transaction whose entries do not sum to zero.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from webapp.accounts.models import Role, User
from webapp.bookings.models import CounsellingSession
from webapp.core.db import db, lock_for_update
from webapp.core.errors import Forbidden, NotFound, ValidationFailed
from webapp.core.money import MAX_PAISE, format_rupees
from webapp.counsellors.models import Counsellor
from webapp.payments.models import Account, LedgerEntry, LedgerTransaction, Match, Payment, Payout, Refund


@dataclass(frozen=True, slots=True)
class Entry:
    """One side of a booking: paise, positive a debit; ``counsellor_id`` with the counsellors' account only."""

    account: Account
    amount: int
    counsellor_id: int | None = None


def post(*, reference: str, description: str, entries: Iterable[Entry], now: dt.datetime) -> bool:
    """Book one fact; False when its ``reference`` is booked already. Entries of zero are left out.

    Raises:
        ValueError: the entries do not sum to zero.
    """
    rows = [entry for entry in entries if entry.amount]
    if sum(entry.amount for entry in rows):
        raise ValueError(f"{reference}: the entries do not sum to zero")
    booked = db.session.scalar(
        upsert(LedgerTransaction)
        .values(reference=reference, description=description[:200], at=now)
        .on_conflict_do_nothing(index_elements=["reference"])
        .returning(LedgerTransaction.id)
    )
    if booked is None:
        return False
    if rows:
        db.session.execute(
            insert(LedgerEntry),
            [
                {
                    "transaction_id": booked,
                    "account": entry.account,
                    "amount": entry.amount,
                    "counsellor_id": entry.counsellor_id,
                }
                for entry in rows
            ],
        )
    return True


def post_payment(payment: Payment, now: dt.datetime) -> bool:
    """Book a captured payment: money at the gateway, owed as sessions where it enrolled, else unmatched."""
    to = Account.UNEARNED if payment.match is Match.ENROLLED else Account.UNMATCHED
    return post(
        reference=payment_reference(payment.id),
        description=f"Payment {payment.gateway_payment_id}",
        entries=[Entry(Account.GATEWAY, payment.amount), Entry(to, -payment.amount)],
        now=now,
    )


def post_settled(payment: Payment, now: dt.datetime) -> bool:
    """Book what an admin settled without a refund: what is left of unmatched money is the house's."""
    left = -_sum_of(Account.UNMATCHED, [payment_reference(payment.id), *_refund_references(payment)])
    return post(
        reference=f"settled:{payment.id}",
        description=f"Settled by hand: {payment.gateway_payment_id}",
        entries=[Entry(Account.UNMATCHED, left), Entry(Account.REVENUE, -left)],
        now=now,
    )


def post_refund(refund: Refund, now: dt.datetime) -> bool:
    """Book money that went back: first from what is unmatched or not yet earned, the rest from the house."""
    payment = refund.payment
    references = [payment_reference(payment.id), f"settled:{payment.id}", *_refund_references(payment)]
    if payment.order is not None and payment.order.enrolment_id is not None:
        references += _session_references(payment.order.enrolment_id)
    unmatched = min(max(-_sum_of(Account.UNMATCHED, references), 0), refund.amount)
    unearned = min(max(-_sum_of(Account.UNEARNED, references), 0), refund.amount - unmatched)
    return post(
        reference=refund_reference(refund.id),
        description=f"Refund {refund.gateway_refund_id or refund.public_id}",
        entries=[
            Entry(Account.GATEWAY, -refund.amount),
            Entry(Account.UNMATCHED, unmatched),
            Entry(Account.UNEARNED, unearned),
            Entry(Account.REVENUE, refund.amount - unmatched - unearned),
        ],
        now=now,
    )


def unearned_of(enrolment_id: int, payment_ids: Iterable[int]) -> int:
    """Return what is still owed as sessions of one enrolment, in paise."""
    references = _session_references(enrolment_id)
    for payment_id in payment_ids:
        references.append(payment_reference(payment_id))
        refunds = db.session.scalars(select(Refund.id).where(Refund.payment_id == payment_id))
        references += [refund_reference(refund_id) for refund_id in refunds]
    return -_sum_of(Account.UNEARNED, references)


def payment_reference(payment_id: int) -> str:
    """Return under which reference a payment is booked."""
    return f"payment:{payment_id}"


def refund_reference(refund_id: int) -> str:
    """Return under which reference a refund is booked."""
    return f"refund:{refund_id}"


def session_reference(session_id: int) -> str:
    """Return under which reference a session's value is booked."""
    return f"session:{session_id}"


def _session_references(enrolment_id: int) -> list[str]:
    ids = db.session.scalars(select(CounsellingSession.id).where(CounsellingSession.enrolment_id == enrolment_id))
    return [session_reference(session_id) for session_id in ids]


def booked_sessions(enrolment_id: int) -> int:
    """Return how many sessions of an enrolment have been booked as earned."""
    booked = LedgerTransaction.reference.in_(_session_references(enrolment_id))
    return db.session.scalar(select(func.count()).where(booked)) or 0


def _refund_references(payment: Payment) -> list[str]:
    return [refund_reference(refund.id) for refund in payment.refunds]


def _sum_of(account: Account, references: list[str]) -> int:
    total = db.session.scalar(
        select(func.coalesce(func.sum(LedgerEntry.amount), 0))
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(LedgerEntry.account == account, LedgerTransaction.reference.in_(references))
    )
    return int(total or 0)


def balance_of(counsellor_id: int) -> int:
    """Return what the house owes a counsellor, in paise (below zero: paid ahead)."""
    total = db.session.scalar(
        select(func.coalesce(func.sum(LedgerEntry.amount), 0)).where(
            LedgerEntry.account == Account.COUNSELLOR, LedgerEntry.counsellor_id == counsellor_id
        )
    )
    return -int(total or 0)


def record_payout(
    *,
    actor: User,
    counsellor_id: str,
    amount: int,
    bank_reference: str,
    paid_at: dt.datetime,
    now: dt.datetime,
    note: str = "",
) -> Payout:
    """Record money (paise) that an admin paid to a counsellor outside; at most what is owed.

    Raises:
        Forbidden: not an admin. NotFound: no such counsellor. ValidationFailed: every wrong field at once.
    """
    if actor.role is not Role.ADMIN:
        raise Forbidden
    found = db.session.scalar(select(Counsellor.id).where(Counsellor.public_id == counsellor_id))
    if found is None:
        raise NotFound("We could not find that counsellor.")
    lock_for_update(db.session(), Counsellor, found)  # two payouts at once: the second sees the first
    payout = Payout(
        counsellor_id=found,
        amount=amount,
        bank_reference=bank_reference.strip(),
        note=note.strip(),
        paid_at=paid_at,
        recorded_by_id=actor.id,
    )
    if problems := _payout_problems(payout, balance_of(found), now):
        raise ValidationFailed(fields=problems)
    db.session.add(payout)
    db.session.flush()  # its public id is the ledger's reference
    post(
        reference=f"payout:{payout.public_id}",
        description=f"Payout {payout.bank_reference}",
        entries=[Entry(Account.COUNSELLOR, amount, found), Entry(Account.BANK, -amount)],
        now=now,
    )
    return payout


def _payout_problems(payout: Payout, owed: int, now: dt.datetime) -> dict[str, str]:
    problems = {}
    if not 0 < payout.amount <= MAX_PAISE:
        problems["amount"] = "Enter an amount above zero."
    elif payout.amount > owed:
        problems["amount"] = f"This is more than the {format_rupees(max(owed, 0))} that are owed."
    if not 1 <= len(payout.bank_reference) <= 80:
        problems["bank_reference"] = "Enter the bank's reference, at most 80 characters."
    if len(payout.note) > 300:
        problems["note"] = "Keep this within 300 characters."
    if payout.paid_at > now:
        problems["paid_at"] = "This day is still to come."
    return problems


@dataclass(frozen=True, slots=True)
class Audit:
    """What `check` found: sums by account, and every transaction that does not sum to zero."""

    total: int
    by_account: dict[Account, int]
    crooked: list[str]

    @property
    def is_sound(self) -> bool:
        """Whether everything sums to zero."""
        return self.total == 0 and not self.crooked


def check() -> Audit:
    """Add the whole ledger up."""
    rows = db.session.execute(select(LedgerEntry.account, func.sum(LedgerEntry.amount)).group_by(LedgerEntry.account))
    by_account = {account: int(total) for account, total in rows}
    crooked = db.session.scalars(
        select(LedgerTransaction.reference)
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .group_by(LedgerTransaction.id)
        .having(func.sum(LedgerEntry.amount) != 0)
        .order_by(LedgerTransaction.id)
    )
    return Audit(sum(by_account.values()), by_account, list(crooked))
