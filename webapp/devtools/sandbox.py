"""Plays the customer and the courier of the sandbox gateway for programs on this machine."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, Response, current_app, jsonify, request

from webapp.config import Settings
from webapp.core.access import allow
from webapp.devtools.views import only_this_machine
from webapp.payments.gateways import GatewayRefused
from webapp.payments.gateways.sandbox import Checkout
from webapp.payments.gateways.sandbox.account import Account
from webapp.payments.gateways.sandbox.customer import Outcome
from webapp.payments.gateways.sandbox.replay import replay

OUTCOMES = ("success", "failure", "authorized")
MOST_TIMES = 100
LARGEST_PAISE = 10**12
Answer = tuple[Response, int]

blueprint = Blueprint("sandbox_tools", __name__, url_prefix="/dev/sandbox")
blueprint.before_request(only_this_machine)


class Wrong(Exception):
    """A field of the request is wrong; str() says which and why."""


@blueprint.post("/pay")
@allow("public")
def pay() -> Answer:
    """Pay an order at the gateway as its customer would.

    Takes ``{razorpayOrderId, outcome: success|failure|authorized, webhook?: true, amount?}``; ``amount`` is paise, as
    at the gateway, and only given to pay a wrong one on purpose. Answers ``{razorpayPaymentId, razorpaySignature}``;
    a declined payment has no signature.
    """
    try:
        body = _body({"razorpayOrderId", "outcome", "webhook", "amount"})
        outcome = _one_of(body, "outcome", OUTCOMES)
        amount = _whole(body, "amount", 1, LARGEST_PAISE) if body.get("amount") is not None else None
        told = _flag(body, "webhook", default=True)
        paid = Checkout(_account(), _text(body, "razorpayOrderId")).pay(
            cast(Outcome, outcome), amount=amount, webhook=told
        )
    except Wrong as error:
        return _error(422, str(error))
    except GatewayRefused as error:
        return _error(404, str(error))
    answer = {"razorpayPaymentId": paid.payment.id, "razorpaySignature": paid.signature or None}
    return jsonify(answer | {"status": paid.payment.status}), 200


@blueprint.post("/webhook")
@allow("public")
def webhook() -> Answer:
    """Have the gateway send a webhook of an order again.

    Takes ``{razorpayOrderId, event, times?: 1, badSignature?: false}``. All are the same event with the same id;
    they are delivered soon after the answer, ``{eventId, queued}``.
    """
    try:
        body = _body({"razorpayOrderId", "event", "times", "badSignature"})
        times = _whole(body, "times", 1, MOST_TIMES) if body.get("times") is not None else 1
        forged = _flag(body, "badSignature", default=False)
        order_id, event = _text(body, "razorpayOrderId"), _text(body, "event")
        _account_has(order_id)
        event_id = replay(_account(), order_id, event, times=times, forged=forged)
    except Wrong as error:
        return _error(422, str(error))
    except LookupError as error:
        return _error(404, str(error.args[0]))
    except GatewayRefused as error:
        return _error(409, str(error))
    return jsonify({"eventId": event_id, "queued": times}), 200


def _account_has(order_id: str) -> None:
    try:
        Checkout(_account(), order_id).order()
    except GatewayRefused as error:
        raise LookupError(str(error)) from None


def _account() -> Account:
    return Account.of(cast(Settings, current_app.config["SETTINGS"]))


def _body(known: set[str]) -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise Wrong("send a JSON object")
    if unknown := sorted(body.keys() - known):
        raise Wrong(f"unknown: {', '.join(unknown)}; known: {', '.join(sorted(known))}")
    return body


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value or len(value) > 60:
        raise Wrong(f"{name} must be a short text")
    return value


def _one_of(body: dict[str, Any], name: str, known: tuple[str, ...]) -> str:
    value = body.get(name)
    if value not in known:
        raise Wrong(f"{name} must be one of {', '.join(known)}")
    return str(value)


def _whole(body: dict[str, Any], name: str, least: int, most: int) -> int:
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise Wrong(f"{name} must be a whole number from {least} to {most}")
    return value


def _flag(body: dict[str, Any], name: str, *, default: bool) -> bool:
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise Wrong(f"{name} must be true or false")
    return value


def _error(status: int, words: str) -> Answer:
    return jsonify({"error": words}), status
