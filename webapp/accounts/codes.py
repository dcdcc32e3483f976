"""Codes of the second step: those of an app (RFC 6238) and backup codes. Pure functions."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
from collections.abc import Collection
from hmac import compare_digest

import pyotp

STEP_SECONDS = 30  # RFC 6238, section 5.2; every app knows these numbers, and many know no others
DIGITS = 6
DRIFT_STEPS = 1  # clocks of phones may be half a minute off
BACKUP_CODES = 10
FEW_LEFT = 3  # fewer than these left: time for new ones
_BACKUP_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # none that is read as another
_BACKUP_LENGTH = 16  # 30^16 ≈ 2^78: a plain hash of it is not to be reversed
_SPACERS = re.compile(r"[\s\u00a0\u2010-\u2015-]+")


def new_secret() -> str:
    """Return a fresh secret for an app, in base 32: 160 bits, as RFC 4226 wants."""
    return pyotp.random_base32()


def secret_in_groups(secret: str) -> str:
    """Return the secret as a person types it: in groups of four."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def app_uri(secret: str, *, account: str, issuer: str) -> str:
    """Return the address that an app reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def step_at(instant: dt.datetime) -> int:
    """Return the number of the time step an instant lies in."""
    return int(instant.timestamp()) // STEP_SECONDS


def code_of_step(secret: str, step: int) -> str:
    """Return the code that an app shows during a step."""
    return pyotp.TOTP(secret).generate_otp(step)


def matching_step(secret: str, typed: str, *, now: dt.datetime) -> int | None:
    """Return the step whose code was typed: the present one or its neighbours, None if it is none of theirs.

    All of them are compared in full, whichever fits.
    """
    wanted = _bytes(typed)
    present = step_at(now)
    found = None
    for step in range(max(0, present - DRIFT_STEPS), present + DRIFT_STEPS + 1):
        if compare_digest(code_of_step(secret, step).encode(), wanted):
            found = step
    return found


def clean_code(typed: str) -> str:
    """Return a code without the spaces and dashes people type, letters in upper case."""
    return _SPACERS.sub("", typed).upper()


def looks_like_app_code(typed: str) -> bool:
    """Whether this can only be a code of an app: six digits."""
    return re.fullmatch(r"[0-9]{6}", clean_code(typed)) is not None


def new_backup_codes() -> list[str]:
    """Return ten fresh codes, written as "ABCD-EFGH-JKMN-PQRS"."""
    made: set[str] = set()
    while len(made) < BACKUP_CODES:
        made.add("".join(secrets.choice(_BACKUP_LETTERS) for _ in range(_BACKUP_LENGTH)))
    return ["-".join(code[at : at + 4] for at in range(0, _BACKUP_LENGTH, 4)) for code in made]


def hash_backup_code(typed: str) -> str:
    """Return what is kept of a backup code: its SHA-256 in hex, whatever its dashes and the case of its letters."""
    return hashlib.sha256(_bytes(typed)).hexdigest()


def matching_hash(kept: Collection[str], typed: str) -> str | None:
    """Return which of the kept hashes a typed backup code has; every one of them is compared in full."""
    wanted = hash_backup_code(typed)
    found = None
    for one in kept:
        if compare_digest(one, wanted):
            found = one
    return found


def _bytes(typed: str) -> bytes:
    return clean_code(typed).encode("utf-8", "replace")  # half a surrogate pair, as JSON may hold, fits nothing
