"""`/api/v1/auth`, the part of who is signed in: the account, its logins, its second step."""

from __future__ import annotations

from typing import Any

from flask import g

from webapp.accounts import second_step, services
from webapp.accounts.devices import keep_login, open_logins, revoke_login, revoke_others
from webapp.accounts.gate import before_second_step
from webapp.accounts.logins import login_in_use
from webapp.accounts.models import User
from webapp.accounts.schemas import (
    BackupCodesOut,
    CodeIn,
    LoginOut,
    MeIn,
    PasswordIn,
    RevokeAllIn,
    RevokedOut,
    SetupOut,
    TurnOffIn,
    UserOut,
)
from webapp.accounts.second_step import Setup
from webapp.accounts.viewer import viewer
from webapp.core.db import db, transaction
from webapp.core.jsonapi.door import Door
from webapp.core.jsonapi.envelope import Answer, paged
from webapp.core.jsonapi.examples import PASSWORD as EXAMPLE_PASSWORD
from webapp.core.jsonapi.schemas import PageQuery
from webapp.core.pagination import paginate

door = Door("auth", __name__, name="api-auth-me", area=None)
NAMES = {"zone": "timezone", "current": "currentPassword", "new": "newPassword"}


@door.endpoint("GET", "/me", who=["signed_in"], answer=UserOut)
@before_second_step
def get_me() -> User:
    """Return the account that is signed in."""
    return viewer()


@door.endpoint(
    "PATCH",
    "/me",
    who=["signed_in"],
    body=MeIn,
    answer=UserOut,
    example={"name": "Ananya Chatterjee", "phone": "+919830041270", "timezone": "Asia/Kolkata"},
    names=NAMES,
)
def update_me(body: dict[str, Any]) -> User:
    """Change name, phone or zone of the own account; what is left out stays."""
    me = viewer()
    phone = body.get("phone", me.phone)
    with transaction():
        return services.update_profile(
            actor=me, name=body.get("name", me.name), phone=phone or "", zone=body.get("timezone", me.zone)
        )


@door.endpoint(
    "PATCH",
    "/me/password",
    who=["signed_in"],
    body=PasswordIn,
    example={"currentPassword": EXAMPLE_PASSWORD, "newPassword": "New-Secret-77"},
    limit="password",
    names=NAMES,
)
@before_second_step
def change_password(body: dict[str, Any]) -> str:
    """Change the password. The login in use stays; all others end."""
    with transaction():
        user = services.change_password(actor=viewer(), current=body["current_password"], new=body["new_password"])
        if login := login_in_use():
            keep_login(login, user, now=g.now)
    return "Your password is changed. Other devices are signed out."


@door.endpoint("GET", "/sessions", who=["signed_in"], query=PageQuery, answer=LoginOut, many=True, paged=True)
def list_my_logins(query: dict[str, Any]) -> Answer:
    """List where this account is signed in, the last used first."""
    rows = open_logins(viewer(), now=g.now)
    return paged(paginate(db.session(), rows, page=query["page"], limit=query["limit"]))


@door.endpoint("DELETE", "/sessions/<login_id>", who=["signed_in"])
def revoke_my_login(login_id: str) -> str:
    """End one of the account's logins; its access token is refused at once."""
    with transaction():
        revoke_login(actor=viewer(), login_id=login_id, now=g.now)
    return "That device is signed out."


@door.endpoint(
    "POST",
    "/sessions/revoke-all",
    who=["signed_in"],
    body=RevokeAllIn,
    answer=RevokedOut,
    example={},
    repeats=None,
)
def revoke_my_logins(body: dict[str, Any]) -> dict[str, int]:
    """End all logins of the account but the one in use; with ``includeCurrent`` that one, too."""
    keep = None if body["include_current"] else login_in_use()
    with transaction():
        return {"revoked_count": revoke_others(actor=viewer(), keep=keep, now=g.now)}


@door.endpoint("POST", "/me/two-factor", who=["signed_in"], answer=SetupOut, repeats=None)
@before_second_step
def begin_two_factor() -> Setup:
    """Make a secret for an app; it counts once a code of it was confirmed."""
    with transaction():
        return second_step.begin(actor=viewer(), now=g.now)


@door.endpoint(
    "POST",
    "/me/two-factor/confirm",
    who=["signed_in"],
    body=CodeIn,
    answer=BackupCodesOut,
    example={"code": "123456"},
    limit="second_step",
    repeats=None,
)
@before_second_step
def confirm_two_factor(body: dict[str, Any]) -> dict[str, list[str]]:
    """Turn two-step sign-in on with a code of the app; the backup codes are shown this once."""
    with transaction():
        codes = second_step.confirm(actor=viewer(), code=body["code"], now=g.now, login=login_in_use())
    return {"backup_codes": codes}


@door.endpoint(
    "DELETE",
    "/me/two-factor",
    who=["signed_in"],
    body=TurnOffIn,
    example={"password": EXAMPLE_PASSWORD, "code": "123456"},
    limit="second_step",
)
def turn_off_two_factor(body: dict[str, Any]) -> str:
    """Turn two-step sign-in off; app, backup codes and passkeys of the account go."""
    with transaction():
        second_step.turn_off(actor=viewer(), password=body["password"], code=body["code"], now=g.now)
    return "Two-step sign-in is off: the password alone opens your account."
