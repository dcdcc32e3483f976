"""The second step at sign-in: setting it up, asking for it, turning it off.

It is on for an account that has confirmed an app or has a passkey. Backup codes stand in for both.
The door opens the transaction, also around a check: a code that was taken must stay taken.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import cast

from flask import current_app
from sqlalchemy import delete, exists, func, or_, select, update

from webapp.accounts import codes
from webapp.accounts.errors import (
    ChallengeExpired,
    ChallengeInvalid,
    LinkExpired,
    LinkInvalid,
    TooManyCodes,
    WrongCode,
)
from webapp.accounts.models import BackupCode, Login, Passkey, TwoFactor, User
from webapp.accounts.passwords import password_fits
from webapp.accounts.queries import user_by_public_id
from webapp.accounts.security_mail import Change, tell_change
from webapp.accounts.tokens import Purpose, Ticket, credentials_stamp, make_token, read_token
from webapp.config import Settings
from webapp.core.db import db, lock_for_update
from webapp.core.errors import InvalidState, ValidationFailed
from webapp.core.limits import forget, hit
from webapp.core.sealing import seal, unseal

SEALED_FOR = "accounts.two_factor"
TRIES, TRIES_SECONDS = 5, 15 * 60
WRONG_PASSWORD = "This is not your current password."  # noqa: S105


@dataclass(frozen=True, slots=True)
class Setup:
    """What an app needs to know: the secret in base 32, and the same as an address for the QR code."""

    secret: str
    uri: str


@dataclass(frozen=True, slots=True)
class State:
    """How an account stands. ``app_since`` is None without a confirmed app."""

    app_since: dt.datetime | None
    passkeys: int
    backup_codes_left: int

    @property
    def is_on(self) -> bool:
        """Whether signing in asks for a second step."""
        return self.app_since is not None or self.passkeys > 0

    @property
    def needs_new_codes(self) -> bool:
        """Whether it is time for new backup codes."""
        return self.is_on and self.backup_codes_left < codes.FEW_LEFT


def state_of(user: User) -> State:
    """Return how the account's second step stands, in one query."""
    row = db.session.execute(
        select(
            select(TwoFactor.confirmed_at).where(TwoFactor.user_id == user.id).scalar_subquery(),
            select(func.count()).where(Passkey.user_id == user.id).scalar_subquery(),
            select(func.count()).where(BackupCode.user_id == user.id, BackupCode.used_at.is_(None)).scalar_subquery(),
        )
    ).one()
    return State(*row)


def needs_second_step(user: User) -> bool:
    """Whether signing in to this account asks for a code or a passkey after the password."""
    app = exists().where(TwoFactor.user_id == user.id, TwoFactor.confirmed_at.is_not(None))
    return bool(db.session.scalar(select(or_(app, exists().where(Passkey.user_id == user.id)))))


def begin(*, actor: User, now: dt.datetime) -> Setup:
    """Make a secret for an app; it counts once `confirm` has seen a code of it. One that waited is replaced.

    Raises:
        InvalidState: an app is confirmed already.
    """
    user: User = lock_for_update(db.session(), User, actor.id)
    row = db.session.get(TwoFactor, user.id, populate_existing=True)
    if row is not None and row.confirmed_at is not None:
        raise InvalidState("An app is set up already. Turn two-step sign-in off first.")
    secret = codes.new_secret()
    if row is None:
        row = TwoFactor(user_id=user.id)
        db.session.add(row)
    row.secret, row.created_at, row.last_step = seal(secret, purpose=SEALED_FOR), now, None
    db.session.flush()
    return _setup(user, secret)


def setup_of(user: User) -> Setup | None:
    """Return the secret that waits for its first code, None if none does."""
    row = db.session.get(TwoFactor, user.id)
    if row is None or row.confirmed_at is not None:
        return None
    return _setup(user, unseal(row.secret, purpose=SEALED_FOR))


def confirm(*, actor: User, code: str, now: dt.datetime, login: Login | None = None) -> list[str]:
    """Turn the app's codes on, after one of them; return ten backup codes, the only time they can be read.

    The code is not used up by this: it proved the set-up, it has let nobody in.

    Args:
        login: the one in use; it then counts as having passed the second step.

    Raises:
        InvalidState: no secret waits.
        WrongCode, TooManyCodes: not a code of the app now.
    """
    user: User = lock_for_update(db.session(), User, actor.id)
    row = db.session.get(TwoFactor, user.id, populate_existing=True)
    if row is None or row.confirmed_at is not None:
        raise InvalidState("There is nothing to confirm. Start the set-up again.")
    _count_try(user, now)
    if codes.matching_step(unseal(row.secret, purpose=SEALED_FOR), code, now=now) is None:
        raise WrongCode
    forget(_tries_key(user), TRIES_SECONDS, now=now)
    row.confirmed_at = now
    if login is not None:
        login.second_step_at = now
    tell_change(user, Change.TWO_STEP_ON, now=now)
    return replace_backup_codes(user, now=now)


def new_backup_codes(*, actor: User, code: str, now: dt.datetime) -> list[str]:
    """Make ten backup codes; the older ones stop working. Takes a code, so that an open browser is not enough.

    Raises:
        InvalidState: two-step sign-in is off.
        WrongCode, TooManyCodes: as `check_code`.
    """
    user: User = lock_for_update(db.session(), User, actor.id)
    if not needs_second_step(user):
        raise InvalidState("Two-step sign-in is off.")
    check_code(user, code, now=now)
    tell_change(user, Change.BACKUP_CODES, now=now)
    return replace_backup_codes(user, now=now)


def turn_off(*, actor: User, password: str, code: str, now: dt.datetime) -> None:
    """End the second step: the app's secret, the backup codes and all passkeys go.

    Raises:
        InvalidState: it is off already.
        ValidationFailed: the password is wrong.
        WrongCode, TooManyCodes: as `check_code`.
    """
    user: User = lock_for_update(db.session(), User, actor.id)
    if not needs_second_step(user):
        raise InvalidState("Two-step sign-in is off already.")
    if not password_fits(user.password_hash, password):
        _count_try(user, now)
        raise ValidationFailed(fields={"password": WRONG_PASSWORD})
    check_code(user, code, now=now)
    clear(user, now=now)


def clear(user: User, *, now: dt.datetime, reason: str = "") -> None:
    """Take everything of the second step away, and say so by mail; open logins no longer count as having passed it."""
    for table in (TwoFactor, BackupCode, Passkey):
        db.session.execute(delete(table).where(table.user_id == user.id))
    passed = update(Login).where(Login.user_id == user.id, Login.second_step_at.is_not(None))
    db.session.execute(passed.values(second_step_at=None))
    tell_change(user, Change.TWO_STEP_OFF, now=now, reason=reason)


def check_code(user: User, code: str, *, now: dt.datetime) -> None:
    """Take one code, of the app or a backup code. Each is good once; 5 tries in 15 minutes, then none is.

    Raises:
        WrongCode: it is none of this account's, or was used.
        TooManyCodes: too many were tried; this one was not looked at.
    """
    _count_try(user, now)
    take = _take_app_code if codes.looks_like_app_code(code) else _take_backup_code
    take(user, code, now)
    forget(_tries_key(user), TRIES_SECONDS, now=now)


def start_challenge(user: User, *, now: dt.datetime) -> str:
    """Return what says for five minutes that this account's password was right. Write nothing."""
    return make_token(Purpose.TWO_STEP, Ticket(user.public_id, credentials_stamp(user), now))


def find_challenged(challenge: str, *, now: dt.datetime) -> User:
    """Return whose password was right.

    Raises:
        ChallengeExpired: longer than five minutes ago.
        ChallengeInvalid: forged, or the account was closed or its password changed since.
    """
    try:
        ticket = read_token(Purpose.TWO_STEP, challenge, now=now)
    except LinkExpired:
        raise ChallengeExpired from None
    except LinkInvalid:
        raise ChallengeInvalid from None
    user = user_by_public_id(ticket.user_id)
    if user is None or not user.active or credentials_stamp(user) != ticket.stamp:
        raise ChallengeInvalid
    return user


def finish_challenge(challenge: str, code: str, *, now: dt.datetime) -> User:
    """Return who signs in by password and this code; the login is the door's to open, with ``second_step_at=now``.

    Raises:
        ChallengeInvalid, ChallengeExpired: as `find_challenged`.
        WrongCode, TooManyCodes: as `check_code`.
    """
    user = find_challenged(challenge, now=now)
    check_code(user, code, now=now)
    return user


def replace_backup_codes(user: User, *, now: dt.datetime) -> list[str]:
    """Make ten codes in place of those there are; the caller has locked the account."""
    db.session.execute(delete(BackupCode).where(BackupCode.user_id == user.id))
    fresh = codes.new_backup_codes()
    db.session.add_all(
        BackupCode(user_id=user.id, code_hash=codes.hash_backup_code(code), created_at=now) for code in fresh
    )
    db.session.flush()
    return fresh


def _take_app_code(user: User, code: str, now: dt.datetime) -> None:
    row = db.session.get(TwoFactor, user.id)
    if row is None or row.confirmed_at is None:
        raise WrongCode
    step = codes.matching_step(unseal(row.secret, purpose=SEALED_FOR), code, now=now)
    if step is None:
        raise WrongCode
    unused = or_(TwoFactor.last_step.is_(None), TwoFactor.last_step < step)
    taken = update(TwoFactor).where(TwoFactor.user_id == user.id, unused).values(last_step=step)
    if not db.session.execute(taken.returning(TwoFactor.user_id)).first():  # also of two at once the second
        raise WrongCode("This code was used already. Wait for the next one.")


def _take_backup_code(user: User, code: str, now: dt.datetime) -> None:
    kept = db.session.scalars(
        select(BackupCode.code_hash).where(BackupCode.user_id == user.id, BackupCode.used_at.is_(None))
    ).all()
    fits = codes.matching_hash(kept, code)
    if fits is None:
        raise WrongCode
    unused = BackupCode.user_id == user.id, BackupCode.code_hash == fits, BackupCode.used_at.is_(None)
    taken = update(BackupCode).where(*unused).values(used_at=now).returning(BackupCode.id)
    if not db.session.execute(taken).first():
        raise WrongCode


def _count_try(user: User, now: dt.datetime) -> None:
    verdict = hit(_tries_key(user), TRIES, TRIES_SECONDS, now=now)
    if not verdict.allowed:
        raise TooManyCodes(verdict.retry_after)


def _tries_key(user: User) -> str:
    return f"two-step:{user.public_id}"


def _setup(user: User, secret: str) -> Setup:
    issuer = cast(Settings, current_app.config["SETTINGS"]).site_name
    return Setup(secret, codes.app_uri(secret, account=user.email, issuer=issuer))
