"""A payment gateway of our own that behaves like Razorpay, with no account and no network.

It is another company in one respect that matters: its books (`books`) are a file of its own, never in our
database and never in our transactions. `merchant` is what the shop calls, `customer` what a person does at its
checkout page, `courier` brings its signed webhooks over HTTP, `clearing` is what its banks do with time.
"""

from __future__ import annotations

from webapp.payments.gateways.sandbox.clearing import clear_due
from webapp.payments.gateways.sandbox.customer import Checkout
from webapp.payments.gateways.sandbox.merchant import SandboxGateway, make_gateway
from webapp.payments.gateways.sandbox.past import remember_past_payment

__all__ = ["Checkout", "SandboxGateway", "clear_due", "make_gateway", "remember_past_payment"]
