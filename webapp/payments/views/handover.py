"""Handing a person over to the gateway: what its checkout needs, and the one page where its script may run."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, current_app, url_for

from webapp.accounts.models import User
from webapp.core.headers import CSP
from webapp.payments.gateways import get_gateway
from webapp.payments.models import Order

SCRIPT_ORIGIN = "https://checkout.razorpay.com"
SCRIPT_URL = f"{SCRIPT_ORIGIN}/v1/checkout.js"
FRAME_ORIGIN = "https://api.razorpay.com"  # the script opens its form in a frame from here
RAZORPAY_CSP = (
    CSP.replace("script-src 'self'", f"script-src 'self' {SCRIPT_ORIGIN}").replace(
        "connect-src 'self'", f"connect-src 'self' {SCRIPT_ORIGIN} {FRAME_ORIGIN}"
    )
    + f"; frame-src {SCRIPT_ORIGIN} {FRAME_ORIGIN}"
)


@dataclass(frozen=True, slots=True)
class Handover:
    """What `payments/_gateway.html` shows; ``amount`` is paise, ``checkout_url`` is empty for a script's checkout."""

    gateway: str
    key_id: str
    gateway_order_id: str
    amount: int
    currency: str
    merchant: str
    title: str
    name: str
    email: str
    verify_url: str
    back_url: str
    checkout_url: str = ""
    script_url: str = ""


def handover(order: Order, user: User) -> Handover:
    """Return what the gateway's checkout of this order needs; the order has its ``gateway_order_id`` already."""
    gateway = get_gateway()
    gateway_order_id = order.gateway_order_id or ""
    sandbox = gateway.name == "sandbox"
    return Handover(
        gateway=gateway.name,
        key_id=gateway.key_id,
        gateway_order_id=gateway_order_id,
        amount=order.amount,
        currency=order.currency,
        merchant=current_app.config["SETTINGS"].site_name,
        title=order.title,
        name=user.name,
        email=user.email,
        verify_url=return_url(order.public_id),
        back_url=order_url(order.public_id),
        checkout_url=url_for("sandbox.checkout", order_id=gateway_order_id) if sandbox else "",
        script_url="" if sandbox else SCRIPT_URL,
    )


def allow_razorpay(response: Response) -> Response:
    """Let Razorpay's checkout run on this one page, when Razorpay is the gateway; other pages stay strict.

    Its script may load and open its frame, and its frame may open a bank's window.
    """
    if get_gateway().name == "razorpay":
        response.headers["Content-Security-Policy"] = RAZORPAY_CSP
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin-allow-popups"
        response.headers["Permissions-Policy"] = f'camera=(), geolocation=(), microphone=(), payment=("{FRAME_ORIGIN}")'
    return response


def order_url(order_public_id: str) -> str:
    """Return the address of an order's page, as the gateway was told it."""
    return f"/orders/{order_public_id}"


def return_url(order_public_id: str) -> str:
    """Return the address a gateway sends the browser to with its three signed fields."""
    return f"/orders/{order_public_id}/verify"
