"""The sandbox's checkout page: says what it is, goes each way, leads back with three signed fields. No scripts."""

from __future__ import annotations

import datetime as dt
import html
import re
from types import SimpleNamespace
from typing import Any, cast

import pytest
from flask import Flask, make_response, render_template
from sqlalchemy.orm import Session

from tests.pages import Browser
from webapp.core import clock
from webapp.core.headers import CSP
from webapp.payments.gateways import EXTENSION, Gateway, get_gateway
from webapp.payments.gateways.razorpay import RazorpayGateway
from webapp.payments.gateways.sandbox import SandboxGateway, clear_due
from webapp.payments.views.handover import RAZORPAY_CSP, allow_razorpay, handover

PRICE = 499_900
OURS = "order_Abcdefghij0123456789"


@pytest.fixture
def browser(app: Flask, db_session: Session) -> Browser:
    return Browser(app)


@pytest.fixture
def gateway(app: Flask, db_session: Session) -> SandboxGateway:
    return cast(SandboxGateway, get_gateway())


@pytest.fixture
def page(gateway: SandboxGateway) -> str:
    order = gateway.create_order(amount=PRICE, currency="INR", receipt=OURS, notes={})
    return f"/sandbox/checkout/{order.id}"


def _pay(browser: Browser, page: str, outcome: str) -> str:
    """Press a button; return the text of the page that follows."""
    answer = browser.submit(page, {"outcome": outcome})
    assert answer.status_code == 303
    return browser.get(answer.headers["Location"]).get_data(as_text=True)


def test_it_says_that_no_real_money_moves(browser: Browser, page: str) -> None:
    answer = browser.get(page)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "Test gateway. No real money moves here." in text
    assert "₹4,999" in text
    assert f'href="/orders/{OURS}"' in text
    assert len(re.findall(r"<h1>", text)) == 1
    assert answer.headers["Content-Security-Policy"] == CSP


def test_success_leads_back_with_the_three_signed_fields(browser: Browser, page: str, gateway: SandboxGateway) -> None:
    text = _pay(browser, page, "success")
    fields = dict(re.findall(r'name="(razorpay_\w+)" value="([^"]+)"', html.unescape(text)))
    assert f'action="/orders/{OURS}/verify"' in text
    assert 'name="csrf_token"' in text
    assert gateway.verify_return(
        fields["razorpay_order_id"], fields["razorpay_payment_id"], fields["razorpay_signature"]
    )
    assert gateway.fetch_payment(fields["razorpay_payment_id"]).captured
    assert "is paid already" in browser.get(page).get_data(as_text=True)


def test_a_decline_leads_to_another_try(browser: Browser, page: str, gateway: SandboxGateway) -> None:
    text = _pay(browser, page, "failure")
    assert "declined" in text
    assert f'href="{page}"' in text
    assert f'href="/orders/{OURS}?failed=1"' in text
    assert "razorpay_signature" not in text
    (payment,) = gateway.payments_of(page.rsplit("/", 1)[1])
    assert payment.status == "failed"


def test_late_money_comes_when_the_hold_is_over(
    app: Flask, browser: Browser, page: str, gateway: SandboxGateway
) -> None:
    text = _pay(browser, page, "late")
    assert "about 11 minutes" in text
    assert "razorpay_signature" not in text
    (payment,) = gateway.payments_of(page.rsplit("/", 1)[1])
    assert payment.status == "created"
    hold = dt.timedelta(minutes=app.config["SETTINGS"].hold_minutes)
    clear_due(clock.now() + hold)
    assert not gateway.fetch_payment(payment.id).captured
    clear_due(clock.now() + hold + dt.timedelta(minutes=1))
    assert gateway.fetch_payment(payment.id).captured


@pytest.mark.parametrize("outcome", ["", "steal"])
def test_another_way_does_not_exist(browser: Browser, page: str, gateway: SandboxGateway, outcome: str) -> None:
    answer = browser.submit(page, {"outcome": outcome})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.get_data(as_text=True)
    assert gateway.payments_of(page.rsplit("/", 1)[1]) == []


def test_paying_needs_the_token_of_the_page(app: Flask, browser: Browser, page: str, gateway: SandboxGateway) -> None:
    assert app.test_client().post(page, data={"outcome": "success"}).status_code == 400
    assert gateway.payments_of(page.rsplit("/", 1)[1]) == []


def test_unknown_things_are_not_found(browser: Browser, page: str, gateway: SandboxGateway) -> None:
    assert browser.get("/sandbox/checkout/order_nothing").status_code == 404
    assert browser.get(f"{page}/pay_nothing").status_code == 404
    other = gateway.create_order(amount=PRICE, currency="INR", receipt="order_other", notes={})
    answer = browser.submit(f"/sandbox/checkout/{other.id}", {"outcome": "success"})
    payment_id = answer.headers["Location"].rsplit("/", 1)[1]
    assert browser.get(f"{page}/{payment_id}").status_code == 404


# ── handing over ───────────────────────────────────────────────────────────────────────────────


def _order(gateway_order_id: str) -> Any:
    return SimpleNamespace(
        public_id=OURS, gateway_order_id=gateway_order_id, amount=PRICE, currency="INR", title='JEE "Plus" & more'
    )


USER: Any = SimpleNamespace(name="Ananya Chatterjee", email="student@demo.test")


@pytest.fixture
def razorpay(app: Flask, db_session: Session, monkeypatch: pytest.MonkeyPatch) -> Gateway:
    gateway = RazorpayGateway(
        key_id="rzp_live_1", key_secret="never-shown", webhook_secret="never-shown", base_url="http://127.0.0.1:9"
    )
    monkeypatch.setitem(app.extensions, EXTENSION, gateway)
    return gateway


def test_the_sandbox_is_reached_by_a_link(app: Flask, gateway: SandboxGateway) -> None:
    with app.test_request_context():
        text = render_template("payments/_gateway.html", handover=handover(_order("order_G1"), USER))
        answer = allow_razorpay(make_response(text))
    assert 'href="/sandbox/checkout/order_G1"' in text
    assert "<script" not in text
    assert "Content-Security-Policy" not in answer.headers


def test_razorpay_opens_from_data_and_posts_back(app: Flask, razorpay: Gateway) -> None:
    with app.test_request_context():
        text = html.unescape(render_template("payments/_gateway.html", handover=handover(_order("order_G1"), USER)))
    assert f'action="/orders/{OURS}/verify"' in text
    for name, value in {"key": "rzp_live_1", "order": "order_G1", "amount": PRICE, "currency": "INR"}.items():
        assert f'data-{name}="{value}"' in text
    for field in ("razorpay_order_id", "razorpay_payment_id", "razorpay_signature", "csrf_token"):
        assert f'name="{field}"' in text
    assert '<script src="https://checkout.razorpay.com/v1/checkout.js" defer>' in text
    assert "never-shown" not in text
    assert 'title="' not in text.replace("data-title", "")


def test_its_script_is_let_in_on_this_answer_only(app: Flask, razorpay: Gateway, browser: Browser) -> None:
    with app.test_request_context():
        answer = allow_razorpay(make_response("page"))
    rules = dict(rule.strip().split(" ", 1) for rule in answer.headers["Content-Security-Policy"].split(";"))
    assert rules["script-src"] == "'self' https://checkout.razorpay.com"
    assert rules["frame-src"] == "https://checkout.razorpay.com https://api.razorpay.com"
    assert rules["connect-src"] == "'self' https://checkout.razorpay.com https://api.razorpay.com"
    for name in ("default-src", "style-src", "img-src", "form-action", "frame-ancestors", "base-uri", "object-src"):
        assert f"{name} {rules[name]}" in CSP
    assert "unsafe" not in RAZORPAY_CSP
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"
    other = browser.get("/login")
    assert other.headers["Content-Security-Policy"] == CSP
    assert other.headers["Cross-Origin-Opener-Policy"] == "same-origin"
