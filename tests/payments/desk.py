"""Short ways for the tests of the admins' money pages: reading answers, many rows at once."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import insert
from werkzeug.test import TestResponse

from tests.factories import NOW, make_user
from tests.pages import Browser
from tests.payments.world import Shop
from tests.queries import count_queries
from webapp.accounts.models import User
from webapp.core.csv_export import BYTE_ORDER_MARK
from webapp.core.db import db
from webapp.enrolments.models import Enrolment
from webapp.payments.models import Match, Order, OrderStatus, Payment, PaymentStatus, Refund, RefundStatus


def words(answer: TestResponse, status: int = 200) -> str:
    """Return a page as one line of text with its tags."""
    assert answer.status_code == status, answer.get_data(as_text=True)[:2000]
    return " ".join(answer.get_data(as_text=True).split())


def rows(answer: TestResponse) -> list[dict[str, str]]:
    """Return a CSV file's rows by their heads."""
    assert answer.status_code == 200
    assert answer.content_type == "text/csv; charset=utf-8"
    text = answer.get_data(as_text=True)
    assert text.startswith(BYTE_ORDER_MARK)
    return list(csv.DictReader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK), newline="")))


def statements(browser: Browser, url: str) -> int:
    """Count the statements of a page, once it is warm."""
    assert browser.get(url).status_code == 200
    db.session.expire_all()
    with count_queries() as seen:
        assert browser.get(url).status_code == 200
    return len(seen)


def ask(browser: Browser, url: str, asked: Mapping[str, str], *, htmx: bool = False) -> TestResponse:
    """Open a list as its filters ask for it."""
    return browser.get(f"{url}?{urlencode(asked)}" if asked else url, htmx=htmx)


def at_desk(app: Flask, shop: Shop) -> Browser:
    """Return the admin's browser."""
    return Browser(app, shop.admin)


def many_payments(shop: Shop, number: int, *, at: dt.datetime = NOW, **columns: Any) -> list[int]:
    """Add payments of ended orders, each of a student of its own; the columns are the payments'."""
    orders = [
        {
            "public_id": f"order_many{number}x{index}",
            "user_id": make_user().id,
            "package_id": shop.package.id,
            "title": shop.package.name,
            "status": OrderStatus.EXPIRED,
            "price": 499900,
            "amount": 499900,
            "gateway": "double",
            "placed_at": at,
            "expires_at": at + dt.timedelta(hours=index % 24 + 1),
        }
        for index in range(number)
    ]
    ids = list(db.session.scalars(insert(Order).returning(Order.id), orders))
    defaults: dict[str, Any] = {
        "gateway": "double",
        "status": PaymentStatus.SUCCEEDED,
        "match": Match.SETTLED,
        "amount": 499900,
        "currency": "INR",
        "captured_at": at,
    }
    payments = [
        {
            **defaults,
            "order_id": pk,
            "public_id": f"pay_many{number}x{pk}",
            "gateway_payment_id": f"gw_many{number}x{pk}",
            **columns,
        }
        for pk in ids
    ]
    return list(db.session.scalars(insert(Payment).returning(Payment.id), payments))


def many_refunds(payment_ids: list[int], status: RefundStatus) -> None:
    """Add a refund of ₹10 to each of these payments."""
    db.session.execute(
        insert(Refund),
        [
            {
                "public_id": f"refund_many{pk}",
                "payment_id": pk,
                "amount": 1000,
                "status": status,
                "idempotency_key": f"key_{pk}",
                "requested_at": NOW,
            }
            for pk in payment_ids
        ],
    )


def many_enrolments(shop: Shop, number: int, user: User | None = None) -> None:
    """Add granted enrolments of the shop's package."""
    db.session.execute(
        insert(Enrolment),
        [
            {
                "public_id": f"enroll_many{number}x{index}",
                "user_id": (user or make_user()).id,
                "package_id": shop.package.id,
                "title": shop.package.name,
                "status": "active",
                "source": "grant",
                "sessions_total": 4,
                "session_minutes": 30,
                "enrolled_at": NOW,
                "expires_at": NOW + dt.timedelta(days=100),
                "assigned_counsellor_id": shop.counsellor.id,
            }
            for index in range(number)
        ],
    )
