"""What is sent: a small JSON body, and headers that let the receiver know it is from us.

Source: api.md "Webhooks out". The signature is made over the very bytes that are sent, with the
timestamp before them, so that an old request cannot be sent again by somebody else.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from webapp.core.times import iso_z


def signature_of(secret: str, timestamp: str, body: bytes) -> str:
    """Return the hex HMAC-SHA256 of ``timestamp``, a dot and ``body``, with the endpoint's secret as key."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def body_of(delivery_id: str, event: str, created_at: dt.datetime, data: Mapping[str, Any]) -> bytes:
    """Return the body: what happened and the ids concerned, nothing about people."""
    message = {"id": delivery_id, "event": event, "createdAt": iso_z(created_at), "data": dict(data)}
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def headers_for(  # what a receiver needs, in the order its documentation names it
    *, site: str, event: str, delivery_id: str, secret: str, sent_at: dt.datetime, body: bytes
) -> dict[str, str]:
    """Return the headers of one try; ``sent_at`` becomes a timestamp in whole seconds since 1970."""
    timestamp = str(int(sent_at.timestamp()))
    return {
        "Content-Type": "application/json",
        "User-Agent": f"{site}-Webhooks/1",
        "X-Disha-Event": event,
        "X-Disha-Delivery": delivery_id,
        "X-Disha-Timestamp": timestamp,
        "X-Disha-Signature": signature_of(secret, timestamp, body),
    }
