"""The sandbox's own checkout page, hosted by us only where the sandbox is the gateway.

It stands where Razorpay's checkout would: it knows the gateway's order and the shop's return address, and nothing
else of the shop.
"""

from __future__ import annotations

import datetime as dt
from typing import cast

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.config import Settings
from webapp.core.access import allow
from webapp.core.errors import NotFound
from webapp.payments.gateways import GatewayRefused
from webapp.payments.gateways.sandbox import Checkout
from webapp.payments.gateways.sandbox.account import Account
from webapp.payments.views.handover import order_url, return_url

blueprint = Blueprint("sandbox", __name__, url_prefix="/sandbox/checkout")


@blueprint.get("/<order_id>")
@allow("public")
def checkout(order_id: str) -> Response:
    """Show the order and the ways it can go."""
    return _page(_checkout(order_id), 200)


@blueprint.post("/<order_id>")
@allow("public")
def pay(order_id: str) -> BaseResponse:
    """Go the chosen way; the next page leads back to the shop."""
    desk, outcome = _checkout(order_id), request.form.get("outcome", "")
    if outcome == "late":
        payment = desk.pay_late(_after_the_hold())
    elif outcome in {"success", "failure"}:
        payment = desk.pay("success" if outcome == "success" else "failure").payment
    else:
        return _page(desk, 422)
    return redirect(url_for("sandbox.result", order_id=order_id, payment_id=payment.id), 303)


@blueprint.get("/<order_id>/<payment_id>")
@allow("public")
def result(order_id: str, payment_id: str) -> Response:
    """Tell how it went and carry the signed fields back to the shop."""
    desk = _checkout(order_id)
    try:
        paid = desk.result(payment_id)
    except GatewayRefused:
        raise NotFound from None
    order = desk.order()
    return Response(
        render_template(
            "sandbox/result.html",
            order=order,
            paid=paid,
            return_url=return_url(order.receipt),
            back_url=order_url(order.receipt),
            minutes=int(_after_the_hold().total_seconds()) // 60,
        )
    )


def _page(desk: Checkout, status: int) -> Response:
    order = desk.order()
    page = render_template(
        "sandbox/checkout.html",
        order=order,
        back_url=order_url(order.receipt),
        wrong=status != 200,
        minutes=int(_after_the_hold().total_seconds()) // 60,
    )
    return Response(page, status)


def _checkout(order_id: str) -> Checkout:
    desk = Checkout(Account.of(_settings()), order_id)
    try:
        desk.order()
    except GatewayRefused:
        raise NotFound from None
    return desk


def _after_the_hold() -> dt.timedelta:
    return dt.timedelta(minutes=_settings().hold_minutes + 1)


def _settings() -> Settings:
    return cast(Settings, current_app.config["SETTINGS"])
