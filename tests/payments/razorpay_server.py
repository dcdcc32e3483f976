"""A local HTTP server that speaks Razorpay's protocol, with the field names of its public documentation.

Its state machine is written apart from the sandbox's, so that the two check each other.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import itertools
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY_ID, KEY_SECRET, WEBHOOK_SECRET = "rzp_test_1DP5mmOlF5G5ag", "key-secret-never-shown", "webhook-secret-never-shown"
UNKNOWN = "The id provided does not exist"

PAYMENT: dict[str, Any] = {  # GET /v1/payments/:id, as documented
    "id": "", "entity": "payment", "amount": 0, "currency": "INR", "status": "captured", "order_id": "",
    "invoice_id": None, "international": False, "method": "card", "amount_refunded": 0, "refund_status": None,
    "captured": True, "description": "Purchase", "card_id": "card_DESp9fNnu0RoNc", "bank": None, "wallet": None,
    "vpa": None, "email": "gaurav.kumar@example.com", "contact": "+919999999999", "notes": [], "fee": 23, "tax": 4,
    "error_code": None, "error_description": None, "error_source": None, "error_step": None, "error_reason": None,
    "acquirer_data": {"auth_code": "828553", "rrn": "322206890934"}, "created_at": 1567674599,
}  # fmt: skip
REFUND: dict[str, Any] = {
    "id": "", "entity": "refund", "amount": 0, "currency": "INR", "payment_id": "", "notes": {}, "receipt": None,
    "acquirer_data": {"arn": None}, "created_at": 1597078866, "batch_id": None, "status": "pending",
    "speed_processed": "normal", "speed_requested": "normal",
}  # fmt: skip


class Refused(Exception):
    """A 400 with Razorpay's error body."""


@dataclass
class Sent:
    """A request as the server got it."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Trouble:
    """What the next answers do wrong; ``after_work``: only once the call was carried out."""

    status: int | None = None
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    pause: float = 0.0
    drip: float = 0.0
    hang_up: bool = False
    after_work: bool = False


class RazorpayServer:
    """The account's state, and the requests it got."""

    def __init__(self) -> None:
        self.orders: dict[str, dict[str, Any]] = {}
        self.payments: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.keys: dict[str, tuple[dict[str, Any], str]] = {}
        self.sent: list[Sent] = []
        self.trouble: Trouble | None = None
        self.base_url = ""
        self._numbers = itertools.count(1)

    # What a customer and the banks do

    def pay(self, order_id: str, status: str = "captured", amount: int | None = None) -> str:
        """Pay an order; return the payment's id."""
        order = self.orders[order_id]
        payment = copy.deepcopy(PAYMENT) | {
            "id": self._id("pay"),
            "order_id": order_id,
            "amount": order["amount"] if amount is None else amount,
            "status": status,
            "captured": status == "captured",
        }
        if status == "failed":
            payment |= {"error_code": "BAD_REQUEST_ERROR", "error_description": "Payment failed at the bank"}
        self.payments[payment["id"]] = payment
        order["attempts"] += 1
        order["status"] = "attempted" if order["status"] == "created" else order["status"]
        if status == "captured":
            self._captured(payment)
        return str(payment["id"])

    def process_refund(self, refund_id: str) -> None:
        """Let the bank process a refund."""
        self.refunds[refund_id] |= {"status": "processed", "acquirer_data": {"arn": "10000000000000"}}

    def event(self, name: str, **things: dict[str, Any]) -> tuple[bytes, str]:
        """Return a webhook's body and signature."""
        body = json.dumps(
            {
                "entity": "event",
                "account_id": "acc_BFQ7uQEaa7j2z7",
                "event": name,
                "contains": list(things),
                "payload": {kind: {"entity": thing} for kind, thing in things.items()},
                "created_at": 1567674606,
            }
        ).encode()
        return body, hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()

    # What the API answers

    def answer(self, query: dict[str, list[str]], sent: Sent) -> dict[str, Any]:
        """Do one call and return its entity."""
        routes: list[tuple[str, str, Callable[..., dict[str, Any]]]] = [
            ("POST", r"/v1/orders", lambda: self._create_order(sent.body)),
            ("GET", r"/v1/orders", lambda: self._orders_with(query["receipt"][0])),
            ("GET", r"/v1/orders/(\w+)", lambda key: self._find(self.orders, key)),
            ("GET", r"/v1/orders/(\w+)/payments", self._payments_of),
            ("GET", r"/v1/payments/(\w+)", lambda key: self._find(self.payments, key)),
            ("POST", r"/v1/payments/(\w+)/capture", lambda key: self._capture(key, sent.body)),
            ("POST", r"/v1/payments/(\w+)/refund", lambda key: self._refund(key, sent)),
            ("GET", r"/v1/payments/(\w+)/refunds", self._refunds_of),
            ("GET", r"/v1/payments/(\w+)/refunds/(\w+)", lambda _, key: self._find(self.refunds, key)),
        ]
        for wanted, pattern, work in routes:
            found = re.fullmatch(pattern, sent.path)
            if found and wanted == sent.method:
                return work(*found.groups())
        raise Refused("The requested URL was not found on the server.")

    def _create_order(self, body: dict[str, Any]) -> dict[str, Any]:
        if body["amount"] < 100:
            raise Refused("Order amount less than minimum amount allowed")
        order: dict[str, Any] = {
            "id": self._id("order"), "entity": "order", "amount": body["amount"], "amount_paid": 0,
            "amount_due": body["amount"], "currency": body["currency"], "receipt": body["receipt"], "offer_id": None,
            "status": "created", "attempts": 0, "notes": body["notes"] or [], "created_at": 1582628071,
        }  # fmt: skip
        self.orders[order["id"]] = order
        return order

    def _orders_with(self, receipt: str) -> dict[str, Any]:
        return _collection([order for order in self.orders.values() if receipt in order["receipt"]])

    def _payments_of(self, order_id: str) -> dict[str, Any]:
        self._find(self.orders, order_id)
        return _collection([payment for payment in self.payments.values() if payment["order_id"] == order_id])

    def _refunds_of(self, payment_id: str) -> dict[str, Any]:
        self._find(self.payments, payment_id)
        return _collection([refund for refund in self.refunds.values() if refund["payment_id"] == payment_id])

    def _capture(self, payment_id: str, body: dict[str, Any]) -> dict[str, Any]:
        payment = self._find(self.payments, payment_id)
        if payment["captured"]:
            raise Refused("This payment has already been captured")
        if payment["status"] != "authorized":
            raise Refused("Only payments which have been authorized and not yet captured can be captured")
        if (body["amount"], body["currency"]) != (payment["amount"], payment["currency"]):
            raise Refused("Capture amount must be equal to the amount authorized")
        payment |= {"status": "captured", "captured": True}
        self._captured(payment)
        return payment

    def _captured(self, payment: dict[str, Any]) -> None:
        order = self.orders[payment["order_id"]]
        order["amount_paid"] += payment["amount"]
        order["amount_due"] = max(0, order["amount"] - order["amount_paid"])
        if not order["amount_due"]:
            order["status"] = "paid"

    def _refund(self, payment_id: str, sent: Sent) -> dict[str, Any]:
        payment, body = self._find(self.payments, payment_id), sent.body
        key = sent.headers.get("x-refund-idempotency", "")
        if key in self.keys:
            if self.keys[key][0] != body | {"payment": payment_id}:
                raise Refused("Different request body sent for the same Idempotency Header")
            return self.refunds[self.keys[key][1]]
        if not payment["captured"]:
            raise Refused("The payment status should be captured for action to be taken")
        if body["amount"] < 100:
            raise Refused("The amount must be atleast INR 1.00")
        if payment["amount_refunded"] + body["amount"] > payment["amount"]:
            raise Refused("The total refund amount is greater than the refund payment amount")
        refund = copy.deepcopy(REFUND) | {"id": self._id("rfnd"), "payment_id": payment_id, "amount": body["amount"]}
        refund |= {"notes": body["notes"], "receipt": body["receipt"]}
        payment["amount_refunded"] += body["amount"]
        whole = payment["amount_refunded"] == payment["amount"]
        payment |= {"refund_status": "full" if whole else "partial", "status": "refunded" if whole else "captured"}
        self.refunds[refund["id"]] = refund
        self.keys[key] = (body | {"payment": payment_id}, refund["id"])
        return refund

    def _find(self, things: dict[str, dict[str, Any]], key: str) -> dict[str, Any]:
        if key not in things:
            raise Refused(UNKNOWN)
        return things[key]

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{next(self._numbers):014d}"


def _collection(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"entity": "collection", "count": len(items), "items": items}


def _error(words: str, code: str = "BAD_REQUEST_ERROR") -> dict[str, Any]:
    return {"error": {"code": code, "description": words, "source": "business", "step": "payment_initiation",
                      "reason": "input_validation_failed", "metadata": {}}}  # fmt: skip


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    state: RazorpayServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    login = "Basic " + base64.b64encode(f"{KEY_ID}:{KEY_SECRET}".encode()).decode()
    server: _Server

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def log_message(self, *args: object) -> None:
        pass

    def _serve(self, method: str) -> None:
        state, parts = self.server.state, urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        sent = Sent(method, parts.path, headers, json.loads(raw) if raw else None)
        state.sent.append(sent)
        trouble = state.trouble
        status, body = 200, b"{}"
        if trouble is None or trouble.after_work:
            status, body = self._work(parse_qs(parts.query), sent)
        self._write(status, body, trouble or Trouble())

    def _work(self, query: dict[str, list[str]], sent: Sent) -> tuple[int, bytes]:
        if sent.headers.get("authorization") != self.login:
            return 401, json.dumps(_error("Authentication failed")).encode()
        try:
            return 200, json.dumps(self.server.state.answer(query, sent)).encode()
        except Refused as error:
            return 400, json.dumps(_error(str(error))).encode()

    def _write(self, status: int, body: bytes, trouble: Trouble) -> None:
        time.sleep(trouble.pause)
        if trouble.hang_up:
            self.close_connection = True
            return
        body = body if trouble.body is None else trouble.body
        try:
            self.send_response(trouble.status or status)
            for name, value in {"Content-Type": "application/json", **trouble.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            for byte in body if trouble.drip else ():
                self.wfile.write(bytes([byte]))
                time.sleep(trouble.drip)
            self.wfile.write(b"" if trouble.drip else body)
        except OSError:  # the caller has hung up
            self.close_connection = True


@contextmanager
def running() -> Iterator[RazorpayServer]:
    """Serve on a free port of this machine while the block runs."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.state = RazorpayServer()
    server.state.base_url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
