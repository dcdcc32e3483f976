"""People, things on sale and short ways to call the services, shared by the tests of money."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from tests.factories import NOW, make_counsellor, make_package, make_service, make_user
from tests.payments.gateway_double import GatewayDouble
from webapp.accounts.models import Role, User
from webapp.core.db import db, transaction
from webapp.counsellors.models import Counsellor, Service
from webapp.notifications.models import OutboxMail
from webapp.packages.models import Package
from webapp.payments import flows
from webapp.payments.gateways import GatewayPayment
from webapp.payments.models import Coupon, DiscountType, Order, Payment
from webapp.payments.services import checkout, settle
from webapp.payments.services.settle import Settlement, Source

SATURDAY_10 = dt.datetime(2026, 12, 12, 4, 30, tzinfo=dt.UTC)  # Sat, 12 Dec 2026, 10:00 AM IST
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)


@dataclass(slots=True)
class Shop:
    """A student, what is on sale, an admin, and somebody else."""

    student: User
    counsellor: Counsellor
    package: Package
    service: Service
    admin: User
    outsider: User
    gateway: GatewayDouble


def make_shop(gateway: GatewayDouble, **package: Any) -> Shop:
    """Make and commit it; arguments override the package's columns."""
    counsellor = make_counsellor(name="Dr. Meera Krishnan")
    shop = Shop(
        student=make_user(name="Ananya Chatterjee"),
        counsellor=counsellor,
        package=make_package(**{"name": "JEE Complete", **package}),
        service=make_service(counsellor, duration=30),
        admin=make_user(role=Role.ADMIN, name="Rohan Mehta"),
        outsider=make_user(name="Charlie Outsider"),
        gateway=gateway,
    )
    db.session.commit()
    return shop


def make_coupon(code: str = "EARLY10", **columns: Any) -> Coupon:
    """Make a coupon of ten per cent, without limits."""
    defaults: dict[str, Any] = {
        "discount_type": DiscountType.PERCENT,
        "discount_value": 10,
        "valid_from": NOW - DAY,
    }
    coupon = Coupon(code=code, **{**defaults, **columns})
    db.session.add(coupon)
    db.session.commit()
    return coupon


def place(shop: Shop, *, now: dt.datetime = NOW, gateway: bool = True, **changes: Any) -> Order:
    """Place an order as the door does: a package unless said otherwise, known to the gateway."""
    arguments: dict[str, Any] = {"student": shop.student, "now": now}
    if "service_id" not in changes:
        arguments["package_id"] = shop.package.public_id
    with transaction():
        order = checkout.place_order(**{**arguments, **changes})
    return flows.ensure_gateway_order(order.public_id) if gateway else order


def place_timed(shop: Shop, starts_at: dt.datetime = SATURDAY_10, **changes: Any) -> Order:
    """Place an order of the package with a time held for it."""
    return place(shop, counsellor_id=shop.counsellor.public_id, starts_at=starts_at, **changes)


def gateway_id(order: Order) -> str:
    """Return the gateway's id of an order that has one."""
    assert order.gateway_order_id is not None
    return order.gateway_order_id


def pay(shop: Shop, order: Order, **changes: Any) -> GatewayPayment:
    """Pay an order at the gateway."""
    return shop.gateway.pay(gateway_id(order), **changes)


def come_back(
    shop: Shop, order: Order, report: GatewayPayment, *, now: dt.datetime = NOW, **changes: Any
) -> Settlement:
    """Return from the gateway as the browser does."""
    arguments: dict[str, Any] = {
        "user": shop.student,
        "gateway_order_id": gateway_id(order),
        "gateway_payment_id": report.id,
        "signature": shop.gateway.sign_return(gateway_id(order), report.id),
        "now": now,
    }
    return flows.verify_return(**{**arguments, **changes})


def record(report: GatewayPayment, *, source: Source = "webhook", now: dt.datetime = NOW) -> Settlement:
    """Take in what the gateway says."""
    with transaction():
        return settle.record_payment(report, source=source, now=now)


def deliver(shop: Shop, event: tuple[bytes, str], *, now: dt.datetime = NOW) -> bool:
    """Deliver one webhook to the door."""
    body, event_id = event
    return flows.receive_event(raw_body=body, signature=shop.gateway.sign_webhook(body), event_id=event_id, now=now)


def deliver_all(shop: Shop, *, now: dt.datetime = NOW) -> None:
    """Deliver every webhook so far and work on them."""
    for event in shop.gateway.events:
        deliver(shop, event, now=now)
    flows.process_due_events(now)


def buy(shop: Shop, **changes: Any) -> Order:
    """Place an order and pay it."""
    order = place(shop, **changes)
    record(pay(shop, order))
    return order


def payment_of(order: Order) -> Payment:
    """Return the only payment of an order."""
    return db.session.scalars(select(Payment).where(Payment.order_id == order.id)).one()


def mails(template: str) -> list[OutboxMail]:
    """Return the outbox's mails of one template, in the order they were queued."""
    return list(db.session.scalars(select(OutboxMail).where(OutboxMail.template == template).order_by(OutboxMail.id)))
