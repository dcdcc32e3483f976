"""Razorpay through its SDK. Keys never appear in messages, logs or representations.

The SDK knows paths, authentication and certificates, but waits for ever, prints, and tells errors by their code
alone (its 429 says BAD_REQUEST_ERROR). So its HTTP session is ours: it sets time limits and sorts the answers.
"""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import razorpay
import requests
import urllib3

from webapp.config import Settings
from webapp.payments.gateways.base import (
    Gateway,
    GatewayOrder,
    GatewayPayment,
    GatewayRefund,
    GatewayRefused,
    GatewayTimeout,
    WebhookEvent,
)
from webapp.payments.gateways.entities import read_event, read_list, read_order, read_payment, read_refund
from webapp.payments.gateways.signatures import return_message, signed

T = TypeVar("T")
CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 8.0  # of silence
ANSWER_SECONDS: Final = 15.0  # for a whole answer that drips
LARGEST_ANSWER: Final = 4 * 1024 * 1024
ASK_AGAIN: Final = frozenset({408, 409, 425, 429})  # 409: the same refund is still being worked on
MOST_REFUNDS: Final = 100
_ID = re.compile(r"[A-Za-z0-9_]{4,60}")
_KEY = re.compile(r"[A-Za-z0-9_-]{10,60}")
_FURTHEST = ("created", "attempted", "paid")


def make_gateway(settings: Settings) -> Gateway:
    """Return the gateway for these settings."""
    return RazorpayGateway(
        key_id=settings.razorpay_key_id,
        key_secret=settings.razorpay_key_secret.get_secret_value(),
        webhook_secret=settings.razorpay_webhook_secret.get_secret_value(),
        base_url=settings.razorpay_base_url,
    )


class Line(requests.Session):
    """The SDK's HTTP session: returns only a 2xx JSON object, raises GatewayTimeout or GatewayRefused otherwise."""

    def __init__(self, *, connect: float = CONNECT_SECONDS, read: float = READ_SECONDS) -> None:
        super().__init__()
        self.limits = (connect, read)

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request; the answer's body is read whole, within its time."""
        kwargs |= {"timeout": self.limits, "allow_redirects": False, "stream": True}
        try:
            response = super().request(*args, **kwargs)
            body = _read(response)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise GatewayTimeout(f"no answer ({type(error).__name__})") from error
        status, answer = response.status_code, _json_object(body)
        if status in ASK_AGAIN or status >= 500 or status < 200:
            raise GatewayTimeout(f"answered {status}")
        if 400 <= status < 500:
            raise GatewayRefused(_description(answer) or f"answered {status}")
        if status >= 300 or answer is None:
            raise GatewayTimeout(f"answered {status}, which we cannot read")
        response.raw = io.BytesIO(body)  # the SDK reads it again
        response.headers.pop("Content-Encoding", None)
        return response


def _read(response: requests.Response) -> bytes:
    deadline, parts, size = time.monotonic() + ANSWER_SECONDS, [], 0
    with response:
        while chunk := response.raw.read1(64 * 1024, decode_content=True):
            parts.append(chunk)
            size += len(chunk)
            if size > LARGEST_ANSWER or time.monotonic() > deadline:
                raise requests.Timeout("too long an answer")
    return b"".join(parts)


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _description(answer: Mapping[str, Any] | None) -> str:
    error = (answer or {}).get("error")
    text = error.get("description") if isinstance(error, dict) else None
    return text[:300] if isinstance(text, str) else ""


class RazorpayGateway:
    """A merchant's account at Razorpay."""

    name = "razorpay"

    def __init__(
        self,
        *,
        key_id: str,
        key_secret: str,
        webhook_secret: str,
        base_url: str,
        make_line: Callable[[], Line] = Line,
    ) -> None:
        self.key_id = key_id
        self._key_secret = key_secret
        self._webhook_secret = webhook_secret
        self._base_url = base_url
        self._make_line = make_line

    def __repr__(self) -> str:
        return f"RazorpayGateway({self.key_id!r})"

    def create_order(self, *, amount: int, currency: str, receipt: str, notes: Mapping[str, str]) -> GatewayOrder:
        """Make an order whose payments are captured by themselves."""
        wanted = {
            "amount": amount,
            "currency": currency,
            "receipt": receipt,
            "notes": dict(notes),
            "payment_capture": 1,
        }
        return self._ask(lambda client: client.order.create(wanted), read_order)

    def fetch_order(self, order_id: str) -> GatewayOrder:
        """Return an order."""
        return self._ask(lambda client: client.order.fetch(_known(order_id)), read_order)

    def find_order(self, receipt: str) -> GatewayOrder | None:
        """Return the order made for ``receipt``, the furthest one of several."""
        found = self._ask(
            lambda client: client.order.all({"receipt": receipt}), lambda answer: read_list(answer, read_order)
        )
        ours = [order for order in found if order.receipt == receipt]  # Razorpay looks for receipts that contain it
        return max(ours, key=lambda order: _FURTHEST.index(order.status), default=None)

    def payments_of(self, order_id: str) -> list[GatewayPayment]:
        """Return every payment tried on an order."""
        return self._ask(
            lambda client: client.order.payments(_known(order_id)), lambda answer: read_list(answer, read_payment)
        )

    def fetch_payment(self, payment_id: str) -> GatewayPayment:
        """Return a payment."""
        return self._ask(lambda client: client.payment.fetch(_known(payment_id)), read_payment)

    def capture(self, payment_id: str, amount: int, currency: str) -> GatewayPayment:
        """Take the money of an authorized payment; one captured in the meantime is returned as it is."""
        data = {"currency": currency}  # never the SDK's default: all its calls share that one dict
        try:
            return self._ask(lambda client: client.payment.capture(_known(payment_id), amount, data), read_payment)
        except GatewayRefused:
            payment = self.fetch_payment(payment_id)
            if not payment.captured or payment.amount != amount:
                raise
            return payment

    def refund(self, payment_id: str, amount: int, *, idempotency_key: str, notes: Mapping[str, str]) -> GatewayRefund:
        """Send ``amount`` paise back; the same key again returns the same refund."""
        if not _KEY.fullmatch(idempotency_key):
            raise ValueError("an idempotency key has 10 to 60 letters, digits, hyphens and underscores")
        data = {"amount": amount, "speed": "normal", "receipt": idempotency_key, "notes": dict(notes)}
        headers = {"X-Refund-Idempotency": idempotency_key}
        return self._ask(lambda client: client.payment.refund(_known(payment_id), data, headers=headers), read_refund)

    def fetch_refund(self, payment_id: str, refund_id: str) -> GatewayRefund:
        """Return a refund."""
        return self._ask(
            lambda client: client.payment.fetch_refund_id(_known(payment_id), _known(refund_id)), read_refund
        )

    def refunds_of(self, payment_id: str) -> list[GatewayRefund]:
        """Return every refund of a payment."""
        return self._ask(
            lambda client: client.payment.fetch_multiple_refund(_known(payment_id), {"count": MOST_REFUNDS}),
            lambda answer: read_list(answer, read_refund),
        )

    def verify_return(self, order_id: str, payment_id: str, signature: str) -> bool:
        """Whether the browser's return carries Razorpay's signature."""
        return signed(self._key_secret, return_message(order_id, payment_id), signature)

    def verify_webhook(self, raw_body: bytes, signature: str) -> bool:
        """Whether a webhook's raw body carries Razorpay's signature."""
        return signed(self._webhook_secret, raw_body, signature)

    def parse_event(self, raw_body: bytes, event_id: str) -> WebhookEvent:
        """Read a verified webhook; ValueError when it is not one."""
        return read_event(raw_body, event_id)

    def _ask(self, call: Callable[[Any], Any], read: Callable[[object], T]) -> T:
        with self._make_line() as line:
            client = razorpay.Client(session=line, auth=(self.key_id, self._key_secret), base_url=self._base_url)
            answer = call(client)
        try:
            return read(answer)
        except ValueError as error:
            raise GatewayTimeout(f"answered something we cannot read ({error})") from error


def _known(gateway_id: str) -> str:
    """Return an id that is safe in a path; anything else exists nowhere."""
    if not _ID.fullmatch(gateway_id):
        raise GatewayRefused("The id provided does not exist")
    return gateway_id
