"""A process killed at each marked place of money's way; started again, nothing is lost and nothing happens twice."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.crowd import empty_all_tables
from tests.factories import make_package, make_user
from tests.forks import Forks
from tests.reliability.money_driver import HOUR, NOW, SCENARIOS, Ids, come_back, deliver, pay
from webapp import create_app
from webapp.accounts.models import Role
from webapp.config import ROOT, Settings
from webapp.core.crashpoints import KILLED, VARIABLE
from webapp.core.db import db
from webapp.enrolments.models import Enrolment
from webapp.notifications.models import OutboxMail
from webapp.packages.models import Package
from webapp.payments import flows
from webapp.payments.gateways import get_gateway
from webapp.payments.gateways.sandbox import clear_due
from webapp.payments.models import Coupon, GatewayEvent, LedgerEntry, Order, OrderStatus, Payment, Receipt, Refund
from webapp.payments.services import ledger

pytestmark = pytest.mark.reliability
YEAR = dt.timedelta(days=365)
PLACES = {
    "buy_and_return": (
        "checkout.placed",
        "checkout.gateway_order_made",
        "return.verified",
        "return.captured",
        "settle.captured",
        "settle.enrolled",
        "settle.before_commit",
    ),
    "buy_by_webhook": ("webhook.stored", "webhook.captured", "settle.enrolled", "webhook.before_commit"),
    "buy_unseen": ("settle.before_commit", "reconcile.asked"),
    "pay_twice": ("settle.duplicate",),
    "leave": ("reconcile.asked", "expire.before_commit"),
    "refund": ("refund.before_sending", "refund.sent", "refund.before_commit"),
}


@contextmanager
def fresh(settings: Settings, folder: Path) -> Iterator[Flask]:
    """Give an app on committed rows with sandbox books of its own; afterwards every table is empty again."""
    app = create_app(settings.model_copy(update={"data_dir": folder}))
    with app.app_context():
        try:
            yield app
        finally:
            db.session.remove()
            empty_all_tables()
            db.engine.dispose()


def people() -> Ids:
    """Make and commit who and what the scenarios need."""
    coupon = Coupon(code="EARLY10", discount_type="percent", discount_value=10, valid_from=NOW, usage_limit=1)
    db.session.add(coupon)
    package, student, admin = make_package(), make_user(), make_user(role=Role.ADMIN)
    ids = {"student": student.id, "package": package.public_id, "coupon": "EARLY10", "admin": admin.id}
    db.session.commit()
    return ids


def recover(scenario: str, ids: Ids) -> None:
    """What happens after a restart: the student looks again, the gateway tells again, the sweeps run."""
    order = db.session.scalar(select(Order))
    if order is not None and scenario != "leave":
        order = flows.ensure_gateway_order(order.public_id)
        payments = get_gateway().payments_of(str(order.gateway_order_id))
        if not payments:
            payments = [pay(order, authorized=scenario == "buy_by_webhook", webhook=scenario == "buy_by_webhook")]
        if scenario == "pay_twice" and len(payments) < 2:
            payments = [*payments, pay(order)]
        for payment in payments:
            if scenario == "buy_by_webhook":
                deliver(payment, "payment.authorized")
            elif scenario != "buy_unseen":
                come_back(ids, order, payment)
    flows.process_due_events(NOW)
    flows.reconcile_due(NOW + (25 if scenario == "leave" else 2) * HOUR)
    for _ in range(2):
        flows.send_refunds(dt.datetime.now(dt.UTC) + YEAR)
        clear_due(NOW + YEAR)
        flows.follow_refunds(dt.datetime.now(dt.UTC) + YEAR)


def picture() -> dict[str, Any]:
    """Everything that matters, without ids and instants."""
    db.session.expire_all()
    sums = db.session.execute(select(LedgerEntry.account, func.sum(LedgerEntry.amount)).group_by(LedgerEntry.account))
    return {
        "orders": [(row.status, row.amount) for row in db.session.scalars(select(Order))],
        "payments": sorted((row.match, row.status, row.refunded) for row in db.session.scalars(select(Payment))),
        "enrolments": [(row.status, row.amount_paid) for row in db.session.scalars(select(Enrolment))],
        "receipts": list(db.session.scalars(select(Receipt.number))),
        "refunds": [(row.status, row.amount) for row in db.session.scalars(select(Refund))],
        "coupon": db.session.scalars(select(Coupon.used)).one(),
        "counted": db.session.scalars(select(Package.total_enrolments)).one(),
        "ledger": {account: int(total) for account, total in sums},
        "mails": Counter(db.session.scalars(select(OutboxMail.template))),
        "unworked": db.session.scalar(select(func.count()).where(GatewayEvent.processed_at.is_(None))),
    }


@pytest.mark.parametrize("scenario", PLACES)
def test_killed_anywhere_it_ends_as_if_nothing_had_happened(
    forks: Forks, settings: Settings, tmp_path_factory: pytest.TempPathFactory, scenario: str
) -> None:
    pictures = {}
    for place in ("", *PLACES[scenario]):
        with fresh(settings, tmp_path_factory.mktemp("data")) as app:
            ids = people()
            process = forks.start(app.config["SETTINGS"], SCENARIOS[scenario], ids, **{VARIABLE: place})
            assert process.wait() == (KILLED if place else 0), place
            recover(scenario, ids)
            assert ledger.check().is_sound
            pictures[place] = picture()
    calm = pictures.pop("")
    assert calm["orders"][0][0] is (OrderStatus.EXPIRED if scenario == "leave" else OrderStatus.PAID)
    for place, after in pictures.items():
        assert after == calm, place


def test_every_marked_place_is_killed_at() -> None:
    marked = {
        name
        for file in (ROOT / "webapp" / "payments").rglob("*.py")
        for name in re.findall(r"crash_point\(\"([a-z_.]+)\"\)", file.read_text())
    }
    assert marked == {place for places in PLACES.values() for place in places}
