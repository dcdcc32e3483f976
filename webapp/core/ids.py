"""Random public ids: what a person or a program sees instead of a primary key."""

from __future__ import annotations

import secrets
import string

_ALPHABET = string.ascii_letters + string.digits
_LENGTH = 20  # 62^20 ≈ 2^119: not to be guessed, still short enough for a URL


def new_public_id(prefix: str) -> str:
    """Return a fresh id such as ``session_k3J…`` (prefix, underscore, 20 random characters)."""
    return f"{prefix}_" + "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
