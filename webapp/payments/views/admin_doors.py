"""Opens the admins' money pages and the counsellors' earnings."""

from __future__ import annotations

from flask import Flask

from webapp.payments.views import (
    admin_base,
    admin_coupons,
    admin_enrolments,
    admin_payment,
    admin_payments,
    admin_payouts,
    admin_refunds,
    earnings,
)

PAGES = (admin_payments, admin_payment, admin_refunds, admin_coupons, admin_enrolments, admin_payouts)


def register(app: Flask) -> None:
    """Register the blueprints; importing the pages has filled them."""
    app.register_blueprint(admin_base.blueprint)
    app.register_blueprint(earnings.blueprint)
