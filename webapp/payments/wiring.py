"""What payments need at start-up besides pages: meanings of constraints, guards of mails, due work, commands."""

from __future__ import annotations

from flask import Flask

from webapp.config import Settings
from webapp.core.due import register_due_work
from webapp.core.errors import DuplicateEntry, register_constraint
from webapp.notifications.guards import register_guard
from webapp.payments import jobs
from webapp.payments.cli import ledger_group, reconcile_command
from webapp.payments.emails import UNPAID_GUARD, is_still_unpaid
from webapp.payments.errors import CouponUsedUp, RefundNotAllowed
from webapp.payments.table_files import register_table_files

CODE_TAKEN = "There is a coupon with this code already."


def register(app: Flask, settings: Settings) -> None:
    """Register all of it; harmless to repeat."""
    del settings
    register_constraint("ck_coupons_uses", CouponUsedUp)
    register_constraint("uq_coupons_code_upper", lambda: DuplicateEntry(CODE_TAKEN, fields={"code": CODE_TAKEN}))
    register_constraint("ck_payments_refunded", RefundNotAllowed)
    register_guard(UNPAID_GUARD, is_still_unpaid)
    register_due_work("gateway_events", jobs.work_events, order=30)
    register_due_work("reconciled_orders", jobs.reconcile, order=31)
    register_due_work("earnings", jobs.post_due_earnings, order=60)
    register_due_work("refunds", jobs.move_refunds, order=61)
    register_table_files()
    app.cli.add_command(ledger_group)
    app.cli.add_command(reconcile_command)
