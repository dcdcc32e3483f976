"""Many threads on one piece of money, on committed data, each with a connection of its own."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import func, select

from tests.crowd import Rush, Work
from tests.factories import NOW, make_package, make_user
from tests.payments.gateway_double import GatewayDouble
from tests.payments.world import (
    SATURDAY_10,
    Shop,
    buy,
    gateway_id,
    make_coupon,
    make_shop,
    pay,
    payment_of,
    place,
    place_timed,
)
from webapp.accounts.models import User
from webapp.core.db import Base, db, transaction
from webapp.enrolments.models import Enrolment
from webapp.notifications.models import OutboxMail
from webapp.packages.models import Package
from webapp.payments import flows
from webapp.payments.gateways import EXTENSION
from webapp.payments.models import Coupon, CouponUse, Order, OrderStatus, Payment, Receipt, Refund
from webapp.payments.services import checkout, coupons, ledger, refunds, settle

pytestmark = pytest.mark.race
THREADS = 12


class Counted:
    """A rush of works that open their own transactions; says how many came back with what."""

    def __init__(self, rush: Rush) -> None:
        self.rush, self.app = rush, rush.app

    def __call__(self, works: list[Work]) -> Counter[str]:
        """Start all; count what became of each: "done" or the name of its refusal."""
        return Counter(outcome.answer for outcome in self.rush(works, own_transactions=True))


def inside(work: Work) -> Work:
    """Return the work as a door does it: in a transaction."""

    def run() -> None:
        with transaction():
            work()

    return run


@pytest.fixture(name="rush")
def counted(rush: Rush) -> Counted:
    """Work on committed rows; afterwards every table is empty again."""
    return Counted(rush)


@pytest.fixture
def busy_shop(rush: Counted) -> Shop:
    """A shop on committed rows."""
    double = rush.app.extensions[EXTENSION] = GatewayDouble()
    return make_shop(double)


def count(model: type[Base]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def user(user_id: int) -> User:
    return db.session.get_one(User, user_id)


def test_the_last_use_of_a_coupon_is_used_once(rush: Counted, busy_shop: Shop) -> None:
    make_coupon(usage_limit=1)
    package = busy_shop.package.public_id
    ids = [make_user().id for _ in range(THREADS)]
    db.session.commit()

    def placing(user_id: int) -> Work:
        return inside(
            lambda: checkout.place_order(student=user(user_id), package_id=package, coupon_code="EARLY10", now=NOW)
        )

    assert rush([placing(one) for one in ids]) == {"done": 1, "CouponUsedUp": THREADS - 1}
    assert db.session.scalars(select(Coupon.used)).one() == 1 == count(Order) == count(CouponUse)


def test_one_students_own_limit_holds_against_a_dozen_tabs(rush: Counted, busy_shop: Shop) -> None:
    make_coupon(per_user_limit=1)
    package, student = busy_shop.package.public_id, busy_shop.student.id
    work = inside(
        lambda: checkout.place_order(student=user(student), package_id=package, coupon_code="EARLY10", now=NOW)
    )
    assert rush([work] * THREADS) == {"done": 1, "CouponUsedUp": THREADS - 1}


@pytest.mark.parametrize("timed", [False, True])
def test_return_webhooks_and_reconciler_at_once_enrol_once(rush: Counted, busy_shop: Shop, timed: bool) -> None:
    order = place_timed(busy_shop) if timed else place(busy_shop)
    report = pay(busy_shop, order)
    pk, student, at_gateway = order.id, busy_shop.student.id, gateway_id(order)
    signature = busy_shop.gateway.sign_return(at_gateway, report.id)

    def back() -> None:
        flows.verify_return(
            user=user(student),
            gateway_order_id=at_gateway,
            gateway_payment_id=report.id,
            signature=signature,
            now=NOW,
        )

    def hook() -> None:
        body, event_id = busy_shop.gateway.events[0]
        flows.receive_event(raw_body=body, signature=busy_shop.gateway.sign_webhook(body), event_id=event_id, now=NOW)
        flows.process_due_events(NOW)

    works: list[Work] = [back, hook, lambda: flows.reconcile_order(pk, NOW)]
    assert rush(works * 4) == {"done": THREADS}
    assert count(Enrolment) == count(Payment) == count(Receipt) == 1
    told = Counter(db.session.scalars(select(OutboxMail.template)))
    assert told["receipt"] == 1
    assert told["session_confirmed"] == timed
    assert ledger.check().is_sound


def test_two_payments_of_one_order_at_once(rush: Counted, busy_shop: Shop) -> None:
    order = place(busy_shop)
    reports = [pay(busy_shop, order) for _ in range(THREADS)]
    works = [inside(lambda one=one: settle.record_payment(one, source="webhook", now=NOW)) for one in reports]  # type: ignore[misc]
    assert rush(works) == {"done": THREADS}
    assert (count(Enrolment), count(Payment), count(Refund)) == (1, THREADS, THREADS - 1)
    assert ledger.check().is_sound


def test_many_orders_at_once_number_receipts_without_a_gap_and_are_counted(rush: Counted, busy_shop: Shop) -> None:
    cheap = make_package(price=100)
    people = [make_user() for _ in range(THREADS)]
    db.session.commit()
    reports = [
        pay(
            busy_shop,
            place(busy_shop, student=one, package_id=cheap.public_id if n % 2 else busy_shop.package.public_id),
        )
        for n, one in enumerate(people)
    ]
    works = [inside(lambda one=one: settle.record_payment(one, source="webhook", now=NOW)) for one in reports]  # type: ignore[misc]
    assert rush(works) == {"done": THREADS}
    numbers = db.session.scalars(select(Receipt.number).order_by(Receipt.number)).all()
    assert numbers == list(range(1, THREADS + 1))
    assert db.session.scalar(select(func.sum(Package.total_enrolments))) == THREADS


def test_refunds_at_once_never_pass_what_was_paid(rush: Counted, busy_shop: Shop) -> None:
    payment = payment_of(buy(busy_shop)).public_id
    admin = busy_shop.admin.id
    work = inside(
        lambda: refunds.refund_payment(actor=user(admin), payment_id=payment, reason="Goodwill", amount=200000, now=NOW)
    )
    assert rush([work] * THREADS) == {"done": 2, "RefundNotAllowed": THREADS - 2}
    assert db.session.scalars(select(Payment.refunded)).one() == 400000


def test_the_end_of_an_order_and_its_money_meet(rush: Counted, busy_shop: Shop) -> None:
    make_coupon(usage_limit=1)
    order = place(busy_shop, coupon_code="EARLY10", counsellor_id=busy_shop.counsellor.public_id, starts_at=SATURDAY_10)
    report, pk, ends = pay(busy_shop, order), order.id, order.expires_at
    money = inside(lambda: settle.record_payment(report, source="webhook", now=ends))
    over = inside(lambda: checkout.end_unpaid(pk, now=ends))
    assert rush([money, over] * (THREADS // 2)) == {"done": THREADS}
    db.session.expire_all()
    assert db.session.get_one(Order, pk).status is OrderStatus.PAID
    assert db.session.scalars(select(Coupon.used)).one() == 1
    assert count(Enrolment) == 1


def test_students_who_change_coupons_crosswise_never_wait_in_a_circle(rush: Counted, busy_shop: Shop) -> None:
    make_coupon("FIRST")
    make_coupon("SECOND")
    orders = []
    for n in range(THREADS):
        student = make_user()
        db.session.commit()
        placed = place(busy_shop, student=student, coupon_code="FIRST" if n % 2 else "SECOND")
        orders.append((student.id, placed.public_id, "SECOND" if n % 2 else "FIRST"))

    def changing(student: int, order: str, code: str) -> Work:
        return inside(lambda: checkout.change_coupon(student=user(student), order_id=order, coupon_code=code, now=NOW))

    assert rush([changing(*one) for one in orders]) == {"done": THREADS}
    assert sorted(db.session.scalars(select(Coupon.used))) == [THREADS // 2, THREADS // 2]


def test_a_coupon_is_changed_while_it_is_used(rush: Counted, busy_shop: Shop) -> None:
    coupon = make_coupon().public_id
    package, admin = busy_shop.package.public_id, busy_shop.admin.id
    ids = [make_user().id for _ in range(THREADS - 1)]
    db.session.commit()

    def placing(one: int) -> Work:
        return inside(
            lambda: checkout.place_order(student=user(one), package_id=package, coupon_code="EARLY10", now=NOW)
        )

    limit = inside(lambda: coupons.update_coupon(actor=user(admin), coupon_id=coupon, usage_limit=4))
    outcome = rush([limit, *(placing(one) for one in ids)])
    used = db.session.scalars(select(Coupon.used)).one()
    assert used == count(CouponUse) <= max(4, outcome["done"])
    assert set(outcome) <= {"done", "CouponUsedUp", "ValidationFailed"}
