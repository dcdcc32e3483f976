"""The shop's account at the sandbox: its keys, its webhook address, its books."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from webapp.config import Settings
from webapp.payments.gateways.sandbox.books import Books
from webapp.payments.gateways.signatures import return_message, sign

WEBHOOK_PATH = "/webhooks/razorpay"
ACCOUNT_ID = "acc_DishaSandbox01"
KEY_ID = "rzp_sandbox_DishaDemoKey01"


@dataclass(frozen=True, slots=True)
class Account:
    """What the sandbox knows of the shop. Secrets that are not given are made from SECRET_KEY."""

    key_id: str
    key_secret: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    webhook_url: str
    books: Books

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the account for these settings."""
        seed = settings.secret_key.get_secret_value()
        return cls(
            key_id=settings.razorpay_key_id or KEY_ID,
            key_secret=settings.razorpay_key_secret.get_secret_value() or sign(seed, b"sandbox: key secret"),
            webhook_secret=settings.razorpay_webhook_secret.get_secret_value() or sign(seed, b"sandbox: webhooks"),
            webhook_url=settings.base_url + WEBHOOK_PATH,
            books=Books(settings.data_dir),
        )

    def sign_return(self, order_id: str, payment_id: str) -> str:
        """Return the signature the browser carries back."""
        return sign(self.key_secret, return_message(order_id, payment_id))

    def sign_webhook(self, body: bytes) -> str:
        """Return the signature of a webhook's raw body."""
        return sign(self.webhook_secret, body)
