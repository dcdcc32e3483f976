"""The door for the gateway's webhooks: verify the raw body, store it, answer. The work is done by a job.

Razorpay gives us five seconds and takes any answer but 2xx for a failure, which it repeats for a day. So a
webhook that is genuine is always taken, known or not, and one that is not is refused with a reason.
"""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, g, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge

from webapp.core.access import allow
from webapp.core.throttle import limited
from webapp.payments.errors import WebhookRefused
from webapp.payments.flows import receive_event

LARGEST_BODY = 1024 * 1024
SIGNATURE_HEADER = "X-Razorpay-Signature"
EVENT_ID_HEADER = "X-Razorpay-Event-Id"

log = structlog.get_logger(__name__)
blueprint = Blueprint("payment_webhook", __name__)


@blueprint.post("/webhooks/razorpay", endpoint="razorpay")
@blueprint.post("/api/v1/payments/webhook", endpoint="razorpay_api")
@allow("public")
@limited("gateway")
def receive() -> tuple[Response, int]:
    """Take one webhook."""
    if request.mimetype != "application/json":
        return _refuse(415, "The body must be application/json.")
    body = _body()
    if body is None:
        return _refuse(413, "The body is larger than 1 MB.")
    try:
        receive_event(
            raw_body=body,
            signature=request.headers.get(SIGNATURE_HEADER, ""),
            event_id=request.headers.get(EVENT_ID_HEADER, ""),
            now=g.now,
        )
    except WebhookRefused as error:  # logged where it was judged
        return _answer(400, error.message)
    return jsonify({"received": True}), 200


def _body() -> bytes | None:
    """Return the raw body, None when it is too large; one without a length is read just far enough to tell."""
    request.max_content_length = LARGEST_BODY + 1
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        return None
    return body if len(body) <= LARGEST_BODY else None


def _refuse(status: int, reason: str) -> tuple[Response, int]:
    log.warning("webhook_refused", status=status, reason=reason, address=request.remote_addr)
    return _answer(status, reason)


def _answer(status: int, reason: str) -> tuple[Response, int]:
    return jsonify({"received": False, "error": reason}), status
