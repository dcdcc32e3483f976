"""What the sandbox's banks do with time: slow payments arrive, refunds are processed, webhooks go out again."""

from __future__ import annotations

import datetime as dt
from typing import cast

from flask import current_app

from webapp.config import Settings
from webapp.core import clock
from webapp.payments.gateways.sandbox import courier
from webapp.payments.gateways.sandbox.account import Account
from webapp.payments.gateways.sandbox.books import Page
from webapp.payments.gateways.sandbox.merchant import capture_payment, must_find
from webapp.payments.gateways.sandbox.things import Thing, finish_refund


def clear_due(now: dt.datetime) -> int:
    """Do all that is due as of ``now`` and have waiting webhooks delivered; return how many things moved."""
    account = Account.of(cast(Settings, current_app.config["SETTINGS"]))
    as_of, at = now.timestamp(), clock.now().timestamp()
    with account.books.open() as page:
        late = page.due("payment", as_of)
        for payment in late:
            capture_payment(page, account, payment)
        refunds = page.due("refund", as_of)
        for refund in refunds:
            settle_refund(page, account, refund, fine=True)
        waiting = page.hurry(as_of, at)
    if waiting:
        courier.wake()
    return len(late) + len(refunds)


def settle_refund(page: Page, account: Account, refund: Thing, *, fine: bool, tell: bool = True) -> None:
    """Let a pending refund be processed or fail, and tell the shop."""
    payment = must_find(page, "payment", refund["payment_id"])
    finish_refund(page, payment, refund, fine=fine)
    if tell:
        at = int(clock.now().timestamp())
        event = f"refund.{refund['status']}"
        courier.post(page, account, event, at, refund=refund, payment=payment)
