"""Receipts: a running number within the financial year, without gaps."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from webapp.core.db import db
from webapp.payments.models import Order, Payment, Receipt, ReceiptCounter
from webapp.payments.rules import financial_year


def issue(order: Order, payment: Payment | None, *, now: dt.datetime) -> Receipt:
    """Issue the receipt of a (locked) paid order; called again it returns the same one.

    The counter's row stays locked until the transaction ends, and a rollback gives the number back:
    so there is never a gap. It is the last lock a transaction takes.
    """
    known = db.session.scalar(select(Receipt).where(Receipt.order_id == order.id))
    if known is not None:
        return known
    year = financial_year(now)
    counter = insert(ReceiptCounter).values(financial_year=year, last_number=1)
    number = db.session.scalar(
        counter.on_conflict_do_update(
            index_elements=["financial_year"], set_={"last_number": ReceiptCounter.last_number + 1}
        ).returning(ReceiptCounter.last_number)
    )
    receipt = Receipt(financial_year=year, number=number, issued_at=now)
    receipt.order, receipt.payment = order, payment
    db.session.add(receipt)
    db.session.flush()  # the mail wants its number and id
    return receipt
