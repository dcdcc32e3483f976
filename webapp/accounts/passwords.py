"""Passwords as Argon2id hashes."""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# RFC 9106 leaves the numbers to the machine: about 50 ms and 32 MiB, one lane, so that many sign-ins share few cores.
_hasher = PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)

# Made with the same numbers from a password nobody has; verifying against it costs what a real one costs.
NOBODY = "$argon2id$v=19$m=32768,t=3,p=1$RIQthL8858351t0hS+ivDA$Idwl+c+R0QD+4siZzLlgLYIu5RnQZWWYhv4MJq/K63Y"


def hash_password(password: str) -> str:
    """Return the hash to store."""
    return _hasher.hash(password)


def unusable_password() -> str:
    """Return the hash of a password that nobody knows: its owner chooses one through the reset link."""
    return _hasher.hash(secrets.token_urlsafe(32))


def password_fits(password_hash: str | None, password: str) -> bool:
    """Tell whether the password is right; without an account (None) it takes as long and is never right."""
    try:
        _hasher.verify(password_hash or NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def wants_rehash(password_hash: str) -> bool:
    """Tell whether the hash was made with other numbers than today's."""
    return _hasher.check_needs_rehash(password_hash)
