"""Signatures of a gateway: hex digests of HMAC-SHA256, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac


def sign(secret: str, message: bytes) -> str:
    """Return the hex digest of HMAC-SHA256(secret, message)."""
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def signed(secret: str, message: bytes, signature: str) -> bool:
    """Tell whether ``signature`` is the message's; an empty secret signs nothing."""
    if not secret:
        return False
    return hmac.compare_digest(sign(secret, message).encode(), signature.encode("utf-8", "replace"))


def return_message(order_id: str, payment_id: str) -> bytes:
    """Return what the gateway signs when it sends the browser back (Razorpay: ``order_id|payment_id``)."""
    return f"{order_id}|{payment_id}".encode()
