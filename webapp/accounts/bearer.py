"""Tokens of the JSON door: a short-lived access token, and refresh tokens that work once (api.md "Auth")."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

import jwt
from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from webapp.accounts.devices import API_LASTS, end_login_row, find_login, holds
from webapp.accounts.models import Login, RefreshToken, User
from webapp.core.db import db
from webapp.core.errors import DomainError
from webapp.core.ids import fingerprint

ACCESS_LASTS = dt.timedelta(minutes=15)
ALGORITHM = "HS256"
AUDIENCE = "disha-api"
_CLAIMS = ["exp", "iat", "sub", "sid", "aud"]


class TokenRefused(DomainError):
    """A token that opens nothing."""

    code = "INVALID_TOKEN"
    http_status = 401
    message = "This token is not valid. Sign in again."


class TokenTooOld(TokenRefused):
    """A token past its time."""

    code = "TOKEN_EXPIRED"
    message = "This token has expired."


class LoginEnded(TokenRefused):
    """A token whose login was revoked or signed out."""

    code = "SESSION_REVOKED"
    message = "This login has ended. Sign in again."


class AccountClosed(DomainError):
    """The account is deactivated."""

    code = "ACCOUNT_DISABLED"
    http_status = 403
    message = "This account is deactivated. Write to us if that is a mistake."


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a program keeps after signing in."""

    access_token: str
    refresh_token: str
    login: Login
    user: User


def issue_tokens(login: Login, user: User, *, now: dt.datetime) -> Tokens:
    """Make a pair of tokens for a login; the refresh token itself is kept nowhere."""
    refresh = secrets.token_urlsafe(48)
    ends = now + API_LASTS
    login.expires_at = ends
    db.session.add(RefreshToken(login_id=login.id, token_hash=fingerprint(refresh), issued_at=now, expires_at=ends))
    db.session.flush()
    return Tokens(make_access_token(login, user, now=now), refresh, login, user)


def make_access_token(login: Login, user: User, *, now: dt.datetime) -> str:
    """Return an access token, good for 15 minutes while its login holds."""
    claims = {
        "sub": user.public_id,
        "sid": login.public_id,
        "aud": AUDIENCE,
        "iat": int(now.timestamp()),
        "exp": int((now + ACCESS_LASTS).timestamp()),
        "jti": secrets.token_hex(8),
    }
    return jwt.encode(claims, _keys()[0], algorithm=ALGORITHM)


def login_of_access_token(token: str, *, now: dt.datetime) -> Login:
    """Return the login of an access token, its user loaded.

    Raises:
        TokenRefused: not made here, or changed (``alg: none`` is not made here).
        TokenTooOld: older than 15 minutes.
        LoginEnded: revoked, signed out, or the password has changed.
        AccountClosed: the account is deactivated.
    """
    claims = _claims(token)
    if int(claims["exp"]) <= now.timestamp():
        raise TokenTooOld
    login = find_login(str(claims["sid"]))
    if login is None or login.user.public_id != claims["sub"]:
        raise LoginEnded
    if not login.user.active:
        raise AccountClosed
    if not holds(login, now=now):
        raise LoginEnded
    return login


def _claims(token: str) -> dict[str, Any]:
    for key in _keys():
        try:
            # Time is ours to judge, by the clock that was read at the door.
            checks = {"require": _CLAIMS, "verify_exp": False, "verify_iat": False}
            found: dict[str, Any] = jwt.decode(token, key, [ALGORITHM], options=checks, audience=AUDIENCE)  # type: ignore[arg-type]
        except jwt.InvalidSignatureError:
            continue
        except jwt.InvalidTokenError:
            break
        if isinstance(found["exp"], int) and isinstance(found["sid"], str) and isinstance(found["sub"], str):
            return found
    raise TokenRefused


def rotate(refresh_token: str, *, now: dt.datetime) -> Tokens | DomainError:
    """Take a refresh token and give the next pair; a used one ends its login, for one of the two is a thief.

    A refusal is returned, not raised: the end of the login must be committed by the door, which then raises it.
    """
    row = db.session.scalar(
        select(RefreshToken)
        .join(Login, RefreshToken.login_id == Login.id)
        .join(User, Login.user_id == User.id)
        .options(contains_eager(RefreshToken.login).contains_eager(Login.user))
        .where(RefreshToken.token_hash == fingerprint(refresh_token))
        .with_for_update(of=(Login, RefreshToken))
        .execution_options(populate_existing=True)
    )
    if row is None:
        return TokenRefused()
    login, user = row.login, row.login.user
    if row.used_at is not None:
        end_login_row(login, now=now, why="reuse")
        return LoginEnded("This refresh token was used before. For safety its login has ended; sign in again.")
    if not user.active:
        return AccountClosed()
    if login.revoked_at is not None or login.auth_version != user.auth_version:
        return LoginEnded()
    if row.expires_at <= now:
        return TokenTooOld()
    row.used_at, login.last_seen_at = now, now
    return issue_tokens(login, user, now=now)


def login_of_refresh_token(refresh_token: str) -> Login | None:
    """Return the login of a refresh token, whatever became of either."""
    return db.session.scalar(
        select(Login)
        .join(RefreshToken, RefreshToken.login_id == Login.id)
        .where(RefreshToken.token_hash == fingerprint(refresh_token))
    )


def _keys() -> list[str]:
    """Return keys for this purpose alone, the signing one first."""
    config = current_app.config
    secrets_known = [config["SECRET_KEY"], *config["SECRET_KEY_FALLBACKS"]]
    return [hashlib.sha256(f"accounts.bearer:{secret}".encode()).hexdigest() for secret in secrets_known]
