"""Random public ids, seen instead of primary keys, and fingerprints, kept instead of keys and codes."""

from __future__ import annotations

import hashlib
import secrets
import string

_ALPHABET = string.ascii_letters + string.digits
_BYTES = 24  # so many more than 20 letters hold that none is likelier than another
_LENGTH = 20  # 62^20 ≈ 2^119: not to be guessed, still short enough for a URL


def new_public_id(prefix: str) -> str:
    """Return a fresh id such as ``session_k3J…`` (prefix, underscore, 20 random characters)."""
    number, letters = int.from_bytes(secrets.token_bytes(_BYTES)), []
    for _ in range(_LENGTH):
        number, letter = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[letter])
    return f"{prefix}_" + "".join(letters)


def fingerprint(secret: str) -> str:
    """Return what is kept of a random secret: its SHA-256 in hex. Whatever was typed has one, lone surrogates too."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
