"""`/api/v1/auth`: signing up, in and out; tokens, and links by mail. The account itself is in `api_me`."""

from __future__ import annotations

from typing import Any

from flask import g

from webapp.accounts import second_step, services
from webapp.accounts.bearer import AccountClosed, Tokens, issue_tokens, login_of_refresh_token, rotate
from webapp.accounts.devices import end_login_row, open_login
from webapp.accounts.errors import AccountNotOpen, SecondStepNeeded
from webapp.accounts.gate import before_second_step
from webapp.accounts.logins import device_of_request, login_in_use
from webapp.accounts.models import LoginKind, User
from webapp.accounts.schemas import (
    EmailVerifyIn,
    ForgotIn,
    LoginIn,
    LogoutIn,
    RefreshIn,
    ResetIn,
    SignupIn,
    TokensOut,
    TwoFactorLoginIn,
)
from webapp.core.db import transaction
from webapp.core.errors import DomainError, ValidationFailed
from webapp.core.jsonapi.door import Door
from webapp.core.jsonapi.examples import CHALLENGE, REFRESH_TOKEN, RESET_TOKEN, STUDENT_EMAIL, VERIFY_TOKEN
from webapp.core.jsonapi.examples import PASSWORD as EXAMPLE_PASSWORD

door = Door("auth", __name__, about="Signing in, and the account of who is signed in.", area=None)
NAMES = {"zone": "timezone"}


@door.endpoint(
    "POST",
    "/signup",
    who=["public"],
    body=SignupIn,
    answer=TokensOut,
    status=201,
    example={
        "name": "Ishaan Verma",
        "email": "ishaan@example.com",
        "password": EXAMPLE_PASSWORD,
        "phone": "9830041270",
    },
    limit="signup",
    names=NAMES,
    ignores_tokens=True,
)
def signup(body: dict[str, Any]) -> Tokens:
    """Make a student's account. It can be used at once; booking and paying wait for the link in the mail."""
    with transaction():
        user = services.sign_up(
            name=body["name"],
            email=body["email"],
            phone=body["phone"] or "",
            password=body["password"],
            zone=body.get("timezone", ""),
            now=g.now,
        )
        return _sign_in(user)


@door.endpoint(
    "POST",
    "/login",
    who=["public"],
    body=LoginIn,
    answer=TokensOut,
    example={"email": STUDENT_EMAIL, "password": EXAMPLE_PASSWORD},
    limit="login",
    repeats=None,
    ignores_tokens=True,
)
def login(body: dict[str, Any]) -> Tokens:
    """Sign in. An account with a second step answers TWO_FACTOR_REQUIRED and the ``challenge`` to go on with."""
    with transaction():
        try:
            user = services.authenticate(email=body["email"], password=body["password"])
        except AccountNotOpen:
            raise AccountClosed from None
        if not second_step.needs_second_step(user):
            return _sign_in(user)
    raise SecondStepNeeded(second_step.start_challenge(user, now=g.now))


@door.endpoint(
    "POST",
    "/login/two-factor",
    who=["public"],
    body=TwoFactorLoginIn,
    answer=TokensOut,
    example={"challenge": CHALLENGE, "code": "123456"},
    limit="second_step",
    repeats=None,
    ignores_tokens=True,
)
def login_with_code(body: dict[str, Any]) -> Tokens:
    """Finish signing in with a code of the app, or a backup code; each works once."""
    with transaction():
        user = second_step.finish_challenge(body["challenge"], body["code"], now=g.now)
        return _sign_in(user, second_step_passed=True)


@door.endpoint(
    "POST",
    "/refresh",
    who=["public"],
    body=RefreshIn,
    answer=TokensOut,
    example={"refreshToken": REFRESH_TOKEN},
    repeats=None,
    ignores_tokens=True,
)
def refresh(body: dict[str, Any]) -> Tokens:
    """Take the refresh token and give the next pair. A token that was used before ends its login."""
    with transaction():
        found = rotate(body["refresh_token"], now=g.now)
    if isinstance(found, DomainError):  # the end of the login is kept, then said
        raise found
    return found


@door.endpoint("POST", "/logout", who=["signed_in"], body=LogoutIn, example={}, repeats=None)
@before_second_step
def logout(body: dict[str, Any]) -> str:
    """End the login in use; others stay. A refresh token that is sent along must be its own."""
    own = login_in_use()
    token = body.get("refresh_token")
    if token is not None and own is not None:
        other = login_of_refresh_token(token)
        if other is None or other.id != own.id:
            raise ValidationFailed(fields={"refresh_token": "This is not the refresh token of this login."})
    with transaction():
        if own is not None:
            end_login_row(own, now=g.now, why="signed_out")
    return "You are signed out."


@door.endpoint(
    "POST",
    "/forgot-password",
    who=["public"],
    body=ForgotIn,
    example={"email": STUDENT_EMAIL},
    limit="forgot",
    repeats=None,
    ignores_tokens=True,
)
def forgot_password(body: dict[str, Any]) -> str:
    """Send a reset link; the answer is the same whether or not the account exists."""
    with transaction():
        services.request_password_reset(email=body["email"], now=g.now)
    return "If this address has an account, a link to set a new password is on its way."


@door.endpoint(
    "POST",
    "/reset-password",
    who=["public"],
    body=ResetIn,
    example={"token": RESET_TOKEN, "password": "New-Secret-77"},
    limit="reset",
    repeats=None,
    ignores_tokens=True,
)
def reset_password(body: dict[str, Any]) -> str:
    """Set a new password by the link's token, once; every login of the account ends."""
    with transaction():
        services.reset_password(token=body["token"], password=body["password"], now=g.now)
    return "Your new password is set. Sign in with it."


@door.endpoint(
    "POST",
    "/verify-email",
    who=["public"],
    body=EmailVerifyIn,
    example={"token": VERIFY_TOKEN},
    repeats=None,
    ignores_tokens=True,
)
def verify_email(body: dict[str, Any]) -> str:
    """Note the address as verified by the link's token; it signs nobody in."""
    with transaction():
        services.verify_email(token=body["token"], now=g.now)
    return "Your address is verified."


def _sign_in(user: User, *, second_step_passed: bool = False) -> Tokens:
    row = open_login(user, kind=LoginKind.API, device=device_of_request(), now=g.now, second_step=second_step_passed)
    return issue_tokens(row, user, now=g.now)
