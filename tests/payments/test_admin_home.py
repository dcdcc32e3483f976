"""The admin's home names the money that waits, each with its one action, and what came in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.factories import NOW, make_user
from tests.payments.desk import at_desk, many_payments, many_refunds, statements, words
from tests.payments.world import DAY, HOUR, Shop, buy, pay, payment_of, place, record
from webapp.core import clock
from webapp.core.db import transaction
from webapp.payments import flows
from webapp.payments.gateways import GatewayPayment
from webapp.payments.models import Match, RefundStatus
from webapp.payments.queries import revenue
from webapp.payments.services import refunds


@pytest.fixture(autouse=True)
def nine_thirty() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


def test_nothing_of_money_waits(app: Flask, shop: Shop) -> None:
    page = words(at_desk(app, shop).get("/admin"))
    assert "Refund asked by" not in page
    assert "captured" not in page
    assert "<dt>Revenue, 30 days</dt><dd>₹0</dd>" in page


def test_unmatched_money_stands_first(app: Flask, shop: Shop) -> None:
    lost = record(GatewayPayment("gw_lost", "order_elsewhere", 1749900, "INR", "captured", "upi", "", 0)).payment
    wrong = record(pay(shop, place(shop), amount=400000), now=NOW - 2 * HOUR).payment
    assert lost is not None
    assert wrong is not None
    page = words(at_desk(app, shop).get("/admin"))
    assert "₹17,499 captured, no order matches" in page
    assert "gw_lost · UPI" in page
    assert "₹4,000 captured, a wrong amount" in page
    assert f"Ananya Chatterjee, JEE Complete · {wrong.gateway_payment_id} · UPI" in page
    assert '<span class="age">2 h</span>' in page
    for payment in (lost, wrong):
        assert f'href="/admin/payments/{payment.public_id}">Match payment' in page


def test_many_unmatched_are_counted(app: Flask, shop: Shop) -> None:
    many_payments(shop, 9, match=Match.WRONG_AMOUNT)
    page = words(at_desk(app, shop).get("/admin"))
    assert page.count(">Match payment<") == 6
    assert "3 more payments without a match" in page
    assert 'href="/admin/payments/unmatched"' in page


def test_requests_and_failed_refunds(app: Flask, shop: Shop) -> None:
    payment = payment_of(buy(shop))
    with transaction():
        asked = refunds.request_refund(
            student=shop.student, payment_id=payment.public_id, reason="Moved", now=NOW - 3 * HOUR
        )
    shop.student = make_user(name="Zoya Khan")
    other = payment_of(buy(shop))
    with transaction():
        failed = refunds.refund_payment(
            actor=shop.admin, payment_id=other.public_id, amount=100000, reason="Part", now=NOW
        )
    with transaction():
        refunds.fail_refund(failed.id, error="Account closed.", now=NOW)
    admin = at_desk(app, shop)
    page = words(admin.get("/admin"))
    assert "Refund asked by Ananya Chatterjee" in page
    assert "₹4,999, JEE Complete, no session used" in page
    assert f'href="/admin/refunds/{asked.public_id}">Decide' in page
    assert "Refund of ₹1,000 failed at the gateway" in page
    assert "Zoya Khan · Account closed." in page
    assert f'action="/admin/refunds/{failed.public_id}/retry"' in page
    assert admin.submit(f"/admin/refunds/{failed.public_id}/retry", page="/admin").status_code == 303
    assert "failed at the gateway" not in words(admin.get("/admin"))


def test_quiet_webhooks(app: Flask, shop: Shop) -> None:
    place(shop, now=NOW - 5 * HOUR)
    page = words(at_desk(app, shop).get("/admin"))
    assert "No message from the payment gateway" in page
    assert "1 order may have been paid without our knowing" in page


def test_revenue_is_what_came_in_for_orders_less_what_went_back(app: Flask, shop: Shop) -> None:
    record(pay(shop, place(shop, now=NOW - 40 * DAY)), now=NOW - 40 * DAY)
    order = buy(shop)
    buy(shop)
    record(pay(shop, place(shop), amount=400000))  # unmatched money is nobody's revenue
    with transaction():
        refunds.refund_payment(
            actor=shop.admin, payment_id=payment_of(order).public_id, amount=99900, reason="Part", now=NOW
        )
    found = revenue(NOW)
    assert (found.now, found.before) == (999800, 499900)
    assert found.change == 100
    page = words(at_desk(app, shop).get("/admin"))
    assert '<dt>Revenue, 30 days</dt><dd>₹9,998 <small class="ok">100 % above the 30 days before</small></dd>' in page
    flows.send_refunds(NOW)
    for report in list(shop.gateway.refunds):
        shop.gateway.finish_refund(report)
    flows.follow_refunds(NOW + 2 * DAY)
    assert revenue(NOW + 2 * DAY).now == 899900


def test_more_money_costs_no_more_statements(app: Flask, shop: Shop) -> None:
    admin = at_desk(app, shop)
    many_refunds(many_payments(shop, 10, match=Match.WRONG_AMOUNT), RefundStatus.REQUESTED)
    before = statements(admin, "/admin")
    many_refunds(many_payments(shop, 300, match=Match.WRONG_AMOUNT), RefundStatus.REQUESTED)
    assert statements(admin, "/admin") == before
