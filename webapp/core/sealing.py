"""Sealing: small secrets that lie in the database so that the database alone does not give them away.

AES-256-GCM under a key of its own for each purpose, derived from ENCRYPTION_KEY by HKDF-SHA256 (RFC 5869). A sealed
text says which key closed it: ``s1.<key's name>.<nonce and ciphertext>``. What ENCRYPTION_KEY_FALLBACKS closed still
opens; what is sealed now is sealed by ENCRYPTION_KEY.
"""

from __future__ import annotations

import base64
import binascii
import functools
import re
import secrets
from collections.abc import Sequence
from typing import cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app

from webapp.config import Settings

NONCE_BYTES = 12  # what GCM is made for; random, so one key closes far fewer than 2^32 texts
_SEALED = re.compile(r"s1\.([0-9a-f]{8})\.([A-Za-z0-9_-]+)")


class SealBroken(Exception):
    """A sealed text cannot be opened: changed, cut, of another purpose, or its key is no longer configured."""


class Sealer:
    """Closes with the first of its keys, opens with any of them."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Take the keys, the newest first; each at least 32 random characters."""
        if not keys or not all(keys):
            raise SealBroken("ENCRYPTION_KEY is not set: nothing can be sealed or opened.")
        self._keys = list(keys)

    def seal(self, text: str, *, purpose: str) -> str:
        """Return the sealed text; it opens for the same purpose only. Sealing twice gives two different texts."""
        key = self._keys[0]
        nonce = secrets.token_bytes(NONCE_BYTES)
        closed = nonce + _cipher(key, purpose).encrypt(nonce, text.encode(), None)
        return f"s1.{_name(key)}.{base64.urlsafe_b64encode(closed).rstrip(b'=').decode()}"

    def unseal(self, sealed: str, *, purpose: str) -> str:
        """Return the text that was sealed for this purpose.

        Raises:
            SealBroken: it was changed, is of another purpose, or none of the keys closed it.
        """
        name, closed = _parts(sealed)
        known = [key for key in self._keys if _name(key) == name]
        if not known:
            raise SealBroken(f"Sealed with the key {name}, which is in neither ENCRYPTION_KEY nor its fallbacks.")
        for key in known:
            try:
                return _cipher(key, purpose).decrypt(closed[:NONCE_BYTES], closed[NONCE_BYTES:], None).decode()
            except (InvalidTag, ValueError):
                continue
        raise SealBroken(f"The sealed text was changed, or was not sealed for {purpose!r}.")

    def is_newest(self, sealed: str) -> bool:
        """Whether a sealed text names the key that seals now. It may still be broken."""
        found = _SEALED.fullmatch(sealed)
        return found is not None and found.group(1) == _name(self._keys[0])


def seal(text: str, *, purpose: str) -> str:
    """Return ``text`` sealed with ENCRYPTION_KEY for a purpose such as "webhooks.secret".

    About 4/3 of the text's bytes and 50 characters: make room in the column.

    Raises:
        SealBroken: no key is configured.
    """
    return current_sealer().seal(text, purpose=purpose)


def unseal(sealed: str, *, purpose: str) -> str:
    """Return the text that was sealed for this purpose, with ENCRYPTION_KEY or one of its fallbacks.

    Raises:
        SealBroken: it was changed, is of another purpose, or its key is no longer configured.
    """
    return current_sealer().unseal(sealed, purpose=purpose)


def is_sealed(text: str) -> bool:
    """Whether a text looks like a sealed one."""
    return _SEALED.fullmatch(text) is not None


def current_sealer() -> Sealer:
    """Return the sealer of the running app's settings."""
    return Sealer(cast(Settings, current_app.config["SETTINGS"]).encryption_keys)


def _parts(sealed: str) -> tuple[str, bytes]:
    found = _SEALED.fullmatch(sealed)
    if found is None:
        raise SealBroken("This is not a sealed text.")
    body = found.group(2)
    try:
        closed = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise SealBroken("This is not a sealed text.") from None
    if base64.urlsafe_b64encode(closed).rstrip(b"=").decode() != body:
        raise SealBroken("This is not a sealed text.")  # one text, one writing: no second spelling opens
    return found.group(1), closed


@functools.lru_cache(maxsize=64)
def _cipher(key: str, purpose: str) -> AESGCM:
    return AESGCM(_derive(key, f"disha sealing 1: {purpose}", 32))


@functools.lru_cache(maxsize=16)
def _name(key: str) -> str:
    """Return the public name of a key, from which nothing about the key follows."""
    return _derive(key, "disha sealing 1, name of the key", 4).hex()


def _derive(key: str, info: str, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info.encode()).derive(key.encode())
