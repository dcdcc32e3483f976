"""Browsers in front of the shop, as the tests of its pages need them."""

from __future__ import annotations

import html
import re
from typing import Any

from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.pages import Browser
from tests.payments.world import Shop, gateway_id
from webapp.core.db import db
from webapp.core.times import iso_z
from webapp.payments.gateways import GatewayPayment
from webapp.payments.models import Order


class Visitor(Browser):
    """A browser that finds everything the test made committed, so that a refusal rolls back nothing of it."""

    def submit(self, *args: Any, **kwargs: Any) -> TestResponse:
        db.session.commit()
        return super().submit(*args, **kwargs)


class Desk:
    """The student's browser and the outsider's, with the addresses they use."""

    def __init__(self, app: Flask, shop: Shop) -> None:
        shop.gateway.name = "sandbox"  # a checkout page of its own, as people of the demo meet it
        self.app, self.shop = app, shop
        self.student = Visitor(app, shop.student)
        self.outsider = Visitor(app, shop.outsider)
        self.checkout = f"/checkout/{shop.package.slug}"
        self.picker = f"/book/{shop.counsellor.public_id}"

    def order(self) -> Order:
        """The latest order."""
        return db.session.scalars(select(Order).order_by(Order.id.desc()).limit(1)).one()

    def orders(self) -> int:
        return len(db.session.scalars(select(Order.id)).all())

    def come_back(self, order: Order, report: GatewayPayment, **changes: str) -> TestResponse:
        """Return from the gateway with the three signed fields."""
        known = gateway_id(order)
        fields = {
            "razorpay_order_id": known,
            "razorpay_payment_id": report.id,
            "razorpay_signature": self.shop.gateway.sign_return(known, report.id),
            **changes,
        }
        return self.student.submit(f"{page_of(order)}/verify", fields, page="/payments")


def page_of(order: Order) -> str:
    return f"/orders/{order.public_id}"


def instant(at: Any) -> str:
    """An instant as pages send it."""
    return iso_z(at).replace(":00.000Z", "Z")


def plain(response: TestResponse) -> str:
    """The page as it is read: no tags, single blanks."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.get_data(as_text=True))).split())
