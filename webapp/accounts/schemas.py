"""Accounts as the JSON door writes and reads them (api.md "auth")."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import g
from marshmallow import ValidationError, fields

from webapp.accounts.models import Login, LoginKind, Role
from webapp.accounts.models.logins import LONGEST_KEY_NAME
from webapp.accounts.partners import SCOPES, api_key_works
from webapp.accounts.rules import (
    LONGEST_EMAIL,
    LONGEST_NAME,
    LONGEST_PASSWORD,
    SHORTEST_PASSWORD,
    clean_email,
    clean_name,
    clean_phone,
    password_problem,
)
from webapp.core.jsonapi import fields as f
from webapp.core.jsonapi.examples import API_KEY, LOGIN, STUDENT
from webapp.core.jsonapi.schemas import In, Out

LONGEST_TOKEN = 2000


def _by(rule: Callable[[str], object]) -> Callable[[str], None]:
    """Return a rule of the services as a check of a field, so that every wrong field is named at once."""

    def check(value: str) -> None:
        try:
            rule(value)
        except ValueError as error:
            raise ValidationError(str(error)) from None

    return check


def _address(value: str) -> str:
    return clean_email(value, allow_test=True)  # which domains are taken, the service says


def _new_password(value: str) -> None:
    if problem := password_problem(value):
        raise ValueError(problem)


def _password(*, new: bool = False) -> f.Text:
    """Return the field of a password, which is kept as it was typed."""
    about: dict[str, Any] = {"format": "password"}
    if new:
        about |= {"minLength": SHORTEST_PASSWORD, "description": "Upper and lower case and a digit; not a common one."}
    return f.Text(
        longest=LONGEST_PASSWORD,
        trim=False,
        required=True,
        validate=[_by(_new_password)] if new else [],
        metadata=about,
    )


def _email() -> f.Text:
    return f.Text(
        required=True, longest=LONGEST_EMAIL, validate=_by(_address), metadata={"format": "email", "pattern": "@"}
    )


class SignupIn(In):
    """A new student."""

    name = f.Text(required=True, longest=LONGEST_NAME, validate=_by(clean_name))
    email = _email()
    password = _password(new=True)
    phone = f.Text(longest=24, load_default="", allow_none=True, validate=_by(clean_phone))
    timezone = f.Zone()


class LoginIn(In):
    """Address and password."""

    email = f.Text(required=True, longest=LONGEST_EMAIL)
    password = _password()


class TwoFactorLoginIn(In):
    """The challenge of a login, and a code of the app or a backup code."""

    challenge = f.Text(required=True, longest=LONGEST_TOKEN)
    code = f.Text(required=True, longest=40)


class RefreshIn(In):
    """The newest refresh token; it works once."""

    refresh_token = f.Text(required=True, longest=LONGEST_TOKEN)


class LogoutIn(In):
    """The refresh token of the login that ends."""

    refresh_token = f.Text(longest=LONGEST_TOKEN)


class MeIn(In):
    """What a person may change of the own account; what is left out stays."""

    name = f.Text(longest=LONGEST_NAME, shortest=1, validate=_by(clean_name))
    phone = f.Text(longest=24, allow_none=True, validate=_by(clean_phone))
    timezone = f.Zone()


class PasswordIn(In):
    """A new password, by someone who knows the old one."""

    current_password = _password()
    new_password = _password(new=True)


class RevokeAllIn(In):
    """Whether the login in use ends, too."""

    include_current = f.Flag(load_default=False)


class ForgotIn(In):
    """Who wants a reset link."""

    email = _email()


class ResetIn(In):
    """The token of a reset link, and the new password."""

    token = f.Text(required=True, longest=LONGEST_TOKEN)
    password = _password(new=True)


class EmailVerifyIn(In):
    """The token of a verification link."""

    token = f.Text(required=True, longest=LONGEST_TOKEN)


class CodeIn(In):
    """A code of the app."""

    code = f.Text(required=True, longest=40)


class TurnOffIn(In):
    """What turns the second step off."""

    password = _password()
    code = f.Text(required=True, longest=40)


class UserOut(Out):
    """An account."""

    public_id = f.Id(data_key="_id", required=True, metadata={"example": STUDENT})
    name = fields.String(required=True)
    email = fields.String(required=True)
    role = f.Choice(Role, required=True)
    phone = fields.String()
    zone = fields.String(data_key="timezone", required=True)
    is_verified = fields.Boolean(data_key="emailVerified", required=True)
    active = fields.Boolean(data_key="isActive", required=True)
    created_at = f.Instant(required=True)


class TokensOut(Out):
    """What a program keeps after signing in: 15 minutes of access, and what renews it once within 7 days."""

    access_token = fields.String(required=True)
    refresh_token = fields.String(required=True)
    user = fields.Nested(UserOut, required=True)


class LoginOut(Out):
    """A device somebody is signed in on."""

    public_id = f.Id(data_key="_id", required=True, metadata={"example": LOGIN})
    device_id = fields.String()
    kind = f.Choice(LoginKind, required=True)
    address = fields.String(data_key="ipAddress", required=True)
    place = fields.String(required=True)
    user_agent = fields.String(required=True)
    last_seen_at = f.Instant(data_key="lastActivity", required=True)
    created_at = f.Instant(required=True)
    is_current = fields.Method("_is_current", required=True, metadata={"type": "boolean"})

    def _is_current(self, login: Login) -> bool:
        in_use: Login | None = g.get("login")
        return in_use is not None and in_use.id == login.id


class RevokedOut(Out):
    """How many logins ended."""

    revoked_count = fields.Integer(required=True)


class SetupOut(Out):
    """What an app needs to know."""

    secret = fields.String(required=True)
    uri = fields.String(data_key="otpauthUri", required=True)


class BackupCodesOut(Out):
    """Codes that stand in for the app, each once; the only time they can be read."""

    backup_codes = fields.List(fields.String(), required=True)


class ApiKeyIn(In):
    """A partner's key: for whom, and what it may do. The right to write an area holds the right to read it."""

    name = f.Text(required=True, longest=LONGEST_KEY_NAME)
    scopes = f.Listed(f.Choice(SCOPES), least=1, most=len(SCOPES), required=True)


class ApiKeyOut(Out):
    """A partner's key, told by its last four characters."""

    public_id = f.Id(data_key="_id", required=True, metadata={"example": API_KEY})
    name = fields.String(required=True)
    ending = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    made_by = fields.String(attribute="made_by.name", required=True)
    works = fields.Method("_works", data_key="isActive", required=True, metadata={"type": "boolean"})
    created_at = f.Instant(required=True)
    last_used_at = f.Instant()
    revoked_at = f.Instant()

    def _works(self, key: Any) -> bool:
        return api_key_works(key)


class NewApiKeyOut(ApiKeyOut):
    """A new key. ``key`` itself is kept nowhere and is in no other answer."""

    key = fields.String(required=True)

    def _works(self, key: Any) -> bool:
        del key
        return True
