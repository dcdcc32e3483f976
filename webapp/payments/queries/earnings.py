"""What counsellors earned, got and are owed, from the ledger. Paise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, String, cast, func, or_, select
from sqlalchemy.orm import joinedload

from webapp.bookings.models import CounsellingSession
from webapp.core.db import db
from webapp.core.errors import NotFound
from webapp.core.pagination import DEFAULT_LIMIT, Page, paginate
from webapp.counsellors.models import Counsellor
from webapp.payments.models import Account, LedgerEntry, LedgerTransaction, Payout

AnySelect: TypeAlias = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Balance:
    """One counsellor's money: earned − paid out = owed."""

    counsellor: Counsellor
    earned: int
    paid_out: int

    @property
    def owed(self) -> int:
        """What the house still owes."""
        return self.earned - self.paid_out


@dataclass(frozen=True, slots=True)
class Earning:
    """One booked session: when it was booked, what the counsellor earned of it."""

    at: dt.datetime
    amount: int
    session: CounsellingSession


def balances() -> list[Balance]:
    """Return every counsellor who is active or ever earned or was paid, who is owed most first; one statement."""
    found = _balances(or_(Counsellor.is_active, ENTRY.c.counsellor_id.is_not(None)))
    return sorted(found, key=lambda balance: (-balance.owed, balance.counsellor.name))


def counsellor_by_id(public_id: str) -> Counsellor:
    """Return a counsellor by public id, active or not: for admins; else NotFound."""
    found = db.session.scalar(select(Counsellor).where(Counsellor.public_id == public_id))
    if found is None:
        raise NotFound("We could not find that counsellor.")
    return found


def balance_for(counsellor: Counsellor) -> Balance:
    """Return one counsellor's money, zero where there is none; one statement."""
    return next(iter(_balances(Counsellor.id == counsellor.id)), Balance(counsellor, 0, 0))


ENTRY = (
    select(
        LedgerEntry.counsellor_id,
        func.coalesce(func.sum(-LedgerEntry.amount).filter(LedgerEntry.amount < 0), 0).label("earned"),
        func.coalesce(func.sum(LedgerEntry.amount).filter(LedgerEntry.amount > 0), 0).label("paid_out"),
    )
    .where(LedgerEntry.account == Account.COUNSELLOR)
    .group_by(LedgerEntry.counsellor_id)
    .subquery()
)


def _balances(which: ColumnElement[bool]) -> list[Balance]:
    rows = db.session.execute(
        select(Counsellor, ENTRY.c.earned, ENTRY.c.paid_out)
        .outerjoin(ENTRY, ENTRY.c.counsellor_id == Counsellor.id)
        .where(which)
    )
    return [Balance(row[0], int(row[1] or 0), int(row[2] or 0)) for row in rows]


def earnings_of(
    counsellor_id: int, *, since: dt.datetime | None = None, until: dt.datetime | None = None
) -> list[Earning]:
    """Return what a counsellor earned, session by session, the latest first; of sessions starting in the span."""
    return [_earning(row) for row in db.session.execute(_earnings(counsellor_id, since, until))]


def earnings_page(
    counsellor_id: int,
    page: int = 1,
    *,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    limit: int = DEFAULT_LIMIT,
) -> tuple[Page[Earning], int]:
    """Return one page of `earnings_of` and the sum of all pages in paise; two statements."""
    wanted = _earnings(counsellor_id, since, until)
    entries = wanted.with_only_columns(LedgerEntry.amount.label("amount")).order_by(None).subquery()
    sums: Any = select(func.count(), func.coalesce(func.sum(-entries.c.amount), 0)).select_from(entries)
    found: Any = db.session.execute(sums).one()
    rows = db.session.execute(wanted.limit(limit).offset((page - 1) * limit))
    return Page([_earning(row) for row in rows], int(found[0]), page, limit), int(found[1])


def _earning(row: Any) -> Earning:
    return Earning(row[0], int(row[1]), row[2])


def _earnings(counsellor_id: int, since: dt.datetime | None, until: dt.datetime | None) -> AnySelect:
    reference = func.concat("session:", cast(CounsellingSession.id, String))
    wanted: AnySelect = (
        select(LedgerTransaction.at, -LedgerEntry.amount, CounsellingSession)
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .join(CounsellingSession, reference == LedgerTransaction.reference)
        .where(
            LedgerEntry.account == Account.COUNSELLOR,
            LedgerEntry.counsellor_id == counsellor_id,
            CounsellingSession.counsellor_id == counsellor_id,
        )
        .options(joinedload(CounsellingSession.student), joinedload(CounsellingSession.enrolment))
        .order_by(CounsellingSession.starts_at.desc(), CounsellingSession.id.desc())
    )
    if since is not None:
        wanted = wanted.where(CounsellingSession.starts_at >= since)
    if until is not None:
        wanted = wanted.where(CounsellingSession.starts_at < until)
    return wanted


def every_payout() -> Iterator[Payout]:
    """Yield all payouts with their counsellors, the latest first: for an export."""
    wanted = select(Payout).options(joinedload(Payout.counsellor)).order_by(Payout.paid_at.desc(), Payout.id.desc())
    yield from db.session.scalars(wanted)


def payouts_page(counsellor_id: int | None = None, page: int = 1, *, limit: int = DEFAULT_LIMIT) -> Page[Payout]:
    """Return one page of payouts, the latest first, with their counsellors."""
    wanted = select(Payout).options(joinedload(Payout.counsellor)).order_by(Payout.paid_at.desc(), Payout.id.desc())
    if counsellor_id is not None:
        wanted = wanted.where(Payout.counsellor_id == counsellor_id)
    return paginate(db.session(), wanted, page=page, limit=limit)
