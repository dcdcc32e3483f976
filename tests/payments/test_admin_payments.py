"""The admins' lists of money: filters, sums, file, tabs, the banner, asking the gateway about everything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from flask import Flask
from redis.exceptions import ConnectionError as RedisAway
from sqlalchemy import select

from tests.factories import NOW, make_user
from tests.payments.desk import ask, at_desk, many_payments, many_refunds, rows, statements, words
from tests.payments.world import DAY, HOUR, Shop, buy, deliver_all, make_coupon, pay, payment_of, place, record
from webapp.core import clock
from webapp.core.db import db
from webapp.core.jobs import queue
from webapp.payments import reconcile_run
from webapp.payments.models import Match, Order, OrderStatus, Payment, PaymentStatus, Receipt, RefundStatus
from webapp.payments.queries import PaymentFilter, payment_totals


@pytest.fixture(autouse=True)
def nine_thirty() -> Iterator[None]:
    with clock.frozen(NOW):  # Wed, 9 Dec 2026, 9:30 AM IST
        yield


LIST = "/admin/payments"
FILE = "payments"


def test_an_empty_house(app: Flask, shop: Shop) -> None:
    admin = at_desk(app, shop)
    assert "No payments yet" in words(admin.get(LIST))
    assert "Everything matches" in words(admin.get(f"{LIST}/unmatched"))
    assert "No orders yet" in words(admin.get(f"{LIST}/orders"))
    assert rows(admin.export(FILE)) == []


def test_a_payment_with_what_became_of_it(app: Flask, shop: Shop) -> None:
    buy(shop)
    page = words(at_desk(app, shop).get(LIST))
    assert "Ananya Chatterjee" in page
    assert "₹4,999" in page
    assert "2026-27/000001" in page
    assert "Enrolled" in page
    assert "Wed, 9 Dec 2026, 9:30 AM IST" in page


@pytest.mark.parametrize(
    "what", ["name", "mail", "order", "payment", "gateway's payment", "gateway's order", "receipt"]
)
def test_a_payment_is_found_by_whatever_names_it(app: Flask, shop: Shop, what: str) -> None:
    order = buy(shop)
    other = make_user(name="Zoya Khan", email="zoya@example.com")
    shop.student, mine = other, shop.student
    buy(shop)
    payment, receipt = payment_of(order), db.session.scalars(select(Receipt).where(Receipt.order_id == order.id)).one()
    asked = {
        "name": "ananya chat",
        "mail": mine.email.upper(),
        "order": order.public_id,
        "payment": payment.public_id,
        "gateway's payment": payment.gateway_payment_id,
        "gateway's order": str(order.gateway_order_id),
        "receipt": receipt.receipt_number,
    }[what]
    admin = at_desk(app, shop)
    page = words(admin.get(LIST, search=f" {asked} "))
    assert "Ananya Chatterjee" in page
    assert "Zoya Khan" not in page
    assert [row["Student"] for row in rows(admin.export(FILE, search=asked))] == ["Ananya Chatterjee"]
    assert "Ananya Chatterjee" in words(admin.get(f"{LIST}/orders", search=asked)) or "payment" in what


def test_a_refund_is_found_by_its_ids(app: Flask, shop: Shop) -> None:
    buy(shop)
    ids = many_payments(shop, 2)
    many_refunds(ids[:1], RefundStatus.PENDING)
    page = words(at_desk(app, shop).get(LIST, search=f"refund_many{ids[0]}"))
    assert page.count("<tr>") == 2


@pytest.mark.parametrize("text", ["%", "_", "\\", "'; drop table payments --", "\x00", "x" * 5000, "2026-27/x"])
def test_odd_searches_find_nothing_and_break_nothing(app: Flask, shop: Shop, text: str) -> None:
    buy(shop)
    answer = at_desk(app, shop).get(LIST, search=text)
    page = words(answer)
    assert ("Ananya Chatterjee" in page) == (text == "\x00")  # nothing is left of it, so it asks for nothing


def test_filters_narrow_list_sums_and_file_alike(app: Flask, shop: Shop) -> None:
    buy(shop)
    many_payments(shop, 3, at=NOW - 3 * DAY, amount=100000, refunded=25000, match=Match.WRONG_AMOUNT)
    many_payments(shop, 2, at=NOW - 5 * DAY, status=PaymentStatus.FAILED, match=Match.OPEN)
    admin = at_desk(app, shop)
    cases = [
        ({}, 6),
        ({"status": "failed"}, 2),
        ({"match": "wrong_amount"}, 3),
        ({"from": "2026-12-06", "to": "2026-12-06"}, 3),
        ({"from": "2026-12-07"}, 1),
        ({"to": "2026-12-05"}, 2),
        ({"status": "failed", "match": "wrong_amount"}, 0),
        ({"status": "nonsense", "match": "nonsense"}, 6),
    ]
    for asked, number in cases:
        assert len(rows(admin.export(FILE, **asked))) == number, asked
        page = words(ask(admin, LIST, asked))
        assert (f"<dt>Payments</dt><dd>{number}</dd>" in page) == bool(number), asked
    totals = payment_totals(PaymentFilter(match=Match.WRONG_AMOUNT))
    assert (totals.payments, totals.taken, totals.refunded, totals.kept) == (3, 300000, 75000, 225000)


def test_a_day_is_the_readers_own(app: Flask, shop: Shop) -> None:
    many_payments(shop, 1, at=dt.datetime(2026, 12, 5, 19, 0, tzinfo=dt.UTC))  # 12:30 AM of the 6th in India
    admin = at_desk(app, shop)
    assert len(rows(admin.export(FILE, **{"from": "2026-12-06", "to": "2026-12-06"}))) == 1
    assert len(rows(admin.export(FILE, to="2026-12-05"))) == 0


@pytest.mark.parametrize(
    "asked",
    [
        {"from": "yesterday"},
        {"to": "2026-13-01"},
        {"from": "9999-12-31"},
        {"to": "0001-01-01"},
        {"from": "2026-12-09", "to": "2026-12-01"},
    ],
)
def test_a_day_that_is_none_is_said_and_no_file_pretends(app: Flask, shop: Shop, asked: dict[str, str]) -> None:
    buy(shop)
    admin = at_desk(app, shop)
    page = words(ask(admin, LIST, asked), 422)
    assert "is not a day" in page or "before the first" in page
    assert 'aria-invalid="true"' in page
    assert "is not a day" in words(ask(admin, LIST, asked, htmx=True), 422) or len(asked) == 2
    assert admin.export(FILE, **asked).status_code == 422


def test_htmx_gets_the_list_alone_with_the_file_of_the_same_filter(app: Flask, shop: Shop) -> None:
    buy(shop)
    answer = at_desk(app, shop).get(LIST, htmx=True, status="succeeded")
    page = words(answer)
    assert page.startswith('<div id="payment-list">')
    assert 'action="/admin/exports/new/payments?status=succeeded"' in page
    assert "HX-Request" in answer.headers["Vary"]


def test_pages_keep_the_filter(app: Flask, shop: Shop) -> None:
    many_payments(shop, 45)
    page = words(at_desk(app, shop).get(LIST, match="settled", page="2"))
    assert "21–40 of 45" in page
    assert "/admin/payments?match=settled&amp;page=3" in page


def test_the_file_holds_plain_numbers_and_no_formula(app: Flask, shop: Shop) -> None:
    shop.student.name = '=HYPERLINK("http://x")'
    make_coupon()
    order = buy(shop, coupon_code="EARLY10")
    row = rows(at_desk(app, shop).export(FILE))[0]
    assert row["Student"] == '\'=HYPERLINK("http://x")'
    assert row["Amount"] == "4499.10"
    assert row["Coupon"] == "EARLY10"
    assert row["Receipt"] == "2026-27/000001"
    assert row["Arrived"] == "2026-12-09 09:30"
    assert row["Order"] == order.public_id


def test_a_long_file_has_every_row(app: Flask, shop: Shop) -> None:
    many_payments(shop, 1203)
    found = rows(at_desk(app, shop).export(FILE))
    assert len({row["Payment"] for row in found}) == len(found) == 1203


@pytest.mark.parametrize("url", [LIST, f"{LIST}/unmatched", f"{LIST}/orders"])
def test_ten_rows_cost_what_five_hundred_cost(app: Flask, shop: Shop, url: str) -> None:
    admin = at_desk(app, shop)
    match = Match.WRONG_AMOUNT if url.endswith("unmatched") else Match.SETTLED
    many_payments(shop, 10, match=match)
    before = statements(admin, url)
    many_refunds(many_payments(shop, 500, match=match), RefundStatus.PENDING)
    assert statements(admin, url) == before <= 12


def test_unmatched_money_says_what_to_do(app: Flask, shop: Shop) -> None:
    order = place(shop)
    record(pay(shop, order, amount=400000))
    record(pay(shop, order, amount=300000))
    page = words(at_desk(app, shop).get(f"{LIST}/unmatched"))
    assert "₹4,000 of a wrong amount" in page
    assert "₹3,000 of a wrong amount" in page
    assert page.count("Refund it and let the student pay again, or grant the package") == 2
    for payment in db.session.scalars(select(Payment)):
        assert f"/admin/payments/{payment.public_id}/refund" in page
        assert f"/admin/payments/{payment.public_id}/settle" in page


def test_orders_that_nobody_paid(app: Flask, shop: Shop) -> None:
    place(shop)
    shop.student = make_user(name="Zoya Khan")
    ended = place(shop)
    ended.status = OrderStatus.EXPIRED
    shop.student = make_user(name="Kabir Sethi")
    make_coupon("ALL", discount_value=100)
    place(shop, coupon_code="ALL")
    shop.student = make_user(name="Riya Malhotra")
    buy(shop)
    admin = at_desk(app, shop)
    names = {"Ananya Chatterjee", "Zoya Khan", "Kabir Sethi", "Riya Malhotra"}
    expected = {"open": "Ananya Chatterjee", "ended": "Zoya Khan", "free": "Kabir Sethi", "paid": "Riya Malhotra"}
    for part, name in expected.items():
        page = words(admin.get(f"{LIST}/orders", part=part))
        assert {one for one in names if one in page} == {name}
    assert all(name in words(admin.get(f"{LIST}/orders")) for name in names)


def test_a_banner_when_no_webhook_came_for_hours(app: Flask, shop: Shop) -> None:
    admin = at_desk(app, shop)
    place(shop, now=NOW - 2 * HOUR)
    assert "No message from the gateway" not in words(admin.get(LIST))
    place(shop, now=NOW - 4 * HOUR)
    assert "No message from the gateway so far." in words(admin.get(LIST))
    order = place(shop, now=NOW - 5 * HOUR)
    pay(shop, order)
    deliver_all(shop, now=NOW - 4 * HOUR)
    assert "No message from the gateway for 4 hours." in words(admin.get(LIST))
    deliver_all(shop, now=NOW - HOUR)
    order = place(shop, now=NOW - 5 * HOUR)
    pay(shop, order)
    deliver_all(shop, now=NOW - HOUR)
    assert "No message from the gateway" not in words(admin.get(LIST))


# ── reconcile now ──────────────────────────────────────────────────────────────────────────────


def _start(app: Flask, shop: Shop) -> reconcile_run.Run:
    answer = at_desk(app, shop).submit(f"{LIST}/reconcile", page=LIST)
    assert answer.status_code == 303
    found = reconcile_run.read_run(answer.headers["Location"].partition("run=")[2])
    assert found is not None
    return found


def test_reconcile_now_runs_as_a_job_and_says_what_it_found(app: Flask, shop: Shop) -> None:
    paid, ended = place(shop), place(shop, now=NOW - 2 * DAY)
    place(shop)
    pay(shop, paid)
    run = _start(app, shop)
    assert (run.total, run.asked, run.done) == (3, 0, False)
    assert [job.func_name for job in queue().jobs if "reconcile_run" in str(job.func_name)] == [reconcile_run.JOB]
    admin = at_desk(app, shop)
    page = words(admin.get(f"{LIST}/reconcile/{run.token}", htmx=True))
    assert "0 of 3 orders" in page
    assert 'hx-trigger="every 2s"' in page
    reconcile_run.run_job(run.token)
    page = words(admin.get(f"{LIST}/reconcile/{run.token}", htmx=True))
    assert "3 orders asked about." in page
    assert "1 paid, 1 ended unpaid." in page
    assert "every 2s" not in page
    assert "3 orders asked about." in words(admin.get(LIST, run=run.token))
    db.session.expire_all()
    assert db.session.get_one(Order, paid.id).status is OrderStatus.PAID
    assert db.session.get_one(Order, ended.id).status is OrderStatus.EXPIRED


def test_htmx_sees_the_run_in_place(app: Flask, shop: Shop) -> None:
    place(shop)
    page = words(at_desk(app, shop).submit(f"{LIST}/reconcile", page=LIST, htmx=True))
    assert page.startswith('<div id="reconcile"')
    assert "0 of 1 order." in page


def test_pressing_twice_starts_one_run(app: Flask, shop: Shop) -> None:
    place(shop)
    assert _start(app, shop).token == _start(app, shop).token


def test_a_long_run_goes_on_in_the_next_job(app: Flask, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile_run, "ORDERS_A_JOB", 2)
    for _ in range(3):
        place(shop)
    run = _start(app, shop)
    reconcile_run.run_job(run.token)
    half = reconcile_run.read_run(run.token)
    assert half is not None
    assert (half.asked, half.done) == (2, False)
    reconcile_run.run_job(run.token)
    whole = reconcile_run.read_run(run.token)
    assert whole is not None
    assert (whole.asked, whole.done) == (3, True)


def test_a_gateway_that_is_away_stops_the_run_and_says_so(app: Flask, shop: Shop) -> None:
    place(shop)
    shop.gateway.away = 1
    run = _start(app, shop)
    reconcile_run.run_job(run.token)
    page = words(at_desk(app, shop).get(f"{LIST}/reconcile/{run.token}", htmx=True))
    assert "The payment gateway is not answering." in page
    assert "Reconcile now" in page


def test_a_run_that_fell_silent_can_be_started_again(app: Flask, shop: Shop) -> None:
    place(shop)
    run = _start(app, shop)
    with clock.frozen(NOW + dt.timedelta(minutes=5)):
        page = words(at_desk(app, shop).get(f"{LIST}/reconcile/{run.token}", htmx=True))
        assert "The run stopped." in page
        assert _start(app, shop).token != run.token


def test_an_unknown_run_is_not_found(app: Flask, shop: Shop) -> None:
    assert at_desk(app, shop).get(f"{LIST}/reconcile/run_unknown", htmx=True).status_code == 404


def test_without_a_queue_nothing_starts_and_it_is_said(app: Flask, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    class Away:
        def __getattr__(self, name: str) -> object:
            raise RedisAway("away")

    monkeypatch.setattr(reconcile_run, "get_redis", Away)
    answer = at_desk(app, shop).submit(f"{LIST}/reconcile", page=LIST)
    assert "The queue is not answering" in words(answer, 503)
