"""Our script around Razorpay's checkout, with a stand-in for Razorpay's: it opens, posts back, and says what failed."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest
from flask import Flask, render_template
from playwright.sync_api import Browser, Page, Route

from webapp.config import ROOT
from webapp.payments.views.handover import RAZORPAY_CSP, SCRIPT_URL, Handover

pytestmark = pytest.mark.browser
SHOP = "http://shop.test"
STAND_IN = """
window.Razorpay = class {
  constructor(options) { window.given = options; window.heard = {}; }
  on(name, listener) { window.heard[name] = listener; }
  open() { window.opened = (window.opened ?? 0) + 1; }
};
"""
WHAT = Handover(
    gateway="razorpay",
    key_id="rzp_live_1",
    gateway_order_id="order_G1",
    amount=499_900,
    currency="INR",
    merchant="Disha",
    title='JEE "Plus" & more',
    name="Ananya Chatterjee",
    email="student@demo.test",
    verify_url="/orders/order_1/verify",
    back_url="/orders/order_1",
    script_url=SCRIPT_URL,
)


class Shop:
    """Serves the pay page with its own policy, our script, and what stands in for Razorpay's."""

    def __init__(self, page: Page, form: str) -> None:
        self.page, self.form, self.blocked = page, form, False
        self.sent: list[tuple[str, str, dict[str, list[str]]]] = []
        page.route("**/*", self.answer)

    def answer(self, route: Route) -> None:
        url = route.request.url
        if url == SCRIPT_URL:
            if self.blocked:
                route.abort()
            else:
                route.fulfill(body=STAND_IN, content_type="text/javascript")
        elif "/static/" in url:
            route.fulfill(path=ROOT / "static/js/checkout.js", content_type="text/javascript")
        elif url == f"{SHOP}/pay":
            headers = {"Content-Security-Policy": RAZORPAY_CSP, "Content-Type": "text/html; charset=utf-8"}
            route.fulfill(body=f"<!doctype html><main>{self.form}</main>", headers=headers)
        else:
            self.sent.append((route.request.method, url, parse_qs(route.request.post_data or "")))
            route.fulfill(body="<!doctype html><p>arrived</p>", content_type="text/html")


@pytest.fixture
def shop(app: Flask, chromium: Browser) -> Iterator[Shop]:
    with app.test_request_context():
        form = render_template("payments/_gateway.html", handover=WHAT)
    page = chromium.new_page()
    yield Shop(page, form)
    page.close()


def _press_pay(shop: Shop) -> None:
    shop.page.goto(f"{SHOP}/pay")
    shop.page.get_by_role("button", name="Pay ₹4,999").click()


def test_it_opens_with_what_the_page_says(shop: Shop) -> None:
    _press_pay(shop)
    given = shop.page.evaluate("JSON.parse(JSON.stringify(given))")
    assert shop.page.evaluate("opened") == 1
    assert (given["key"], given["order_id"], given["amount"], given["currency"]) == (
        "rzp_live_1",
        "order_G1",
        "499900",
        "INR",
    )
    assert (given["name"], given["description"]) == ("Disha", 'JEE "Plus" & more')
    assert given["prefill"] == {"name": "Ananya Chatterjee", "email": "student@demo.test"}
    assert shop.page.get_by_role("button", name="Pay ₹4,999").is_disabled()


def test_what_it_hands_back_is_posted(shop: Shop) -> None:
    _press_pay(shop)
    shop.page.evaluate(
        "given.handler({razorpay_order_id: 'order_G1', razorpay_payment_id: 'pay_1', razorpay_signature: 'abc'})"
    )
    shop.page.wait_for_url("**/verify")
    (sent,) = shop.sent
    assert sent[:2] == ("POST", f"{SHOP}/orders/order_1/verify")
    assert sent[2].pop("csrf_token")
    assert sent[2] == {
        "razorpay_order_id": ["order_G1"],
        "razorpay_payment_id": ["pay_1"],
        "razorpay_signature": ["abc"],
    }


@pytest.mark.parametrize(("declined", "address"), [(False, "/orders/order_1"), (True, "/orders/order_1?failed=1")])
def test_closing_it_leads_to_the_order(shop: Shop, declined: bool, address: str) -> None:
    _press_pay(shop)
    if declined:
        shop.page.evaluate("heard['payment.failed']({})")
    shop.page.evaluate("given.modal.ondismiss()")
    shop.page.wait_for_url(SHOP + address)


def test_without_the_script_the_page_says_so(shop: Shop) -> None:
    shop.blocked = True
    _press_pay(shop)
    assert "could not be loaded" in shop.page.get_by_role("alert").inner_text()
    assert shop.page.get_by_role("button", name="Pay ₹4,999").is_enabled()
    assert shop.sent == []
