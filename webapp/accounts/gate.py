"""An admin's login without the second step leads to its set-up and nowhere else (REQUIRE_ADMIN_TWO_STEP)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import Flask, current_app, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from webapp.accounts.logins import login_in_use
from webapp.accounts.models import Role
from webapp.accounts.second_step import needs_second_step
from webapp.accounts.viewer import acting_user
from webapp.config import Settings
from webapp.core.access import PUBLIC, audience_of
from webapp.core.errors import Forbidden
from webapp.core.htmx import is_htmx, see_other
from webapp.core.requests import is_api

View = TypeVar("View", bound=Callable[..., Any])
SET_IT_UP = "Admins sign in with two steps here. Set it up first."
SIGN_IN_AGAIN = "Admins sign in with two steps here. Sign in again, with your code."


def before_second_step(view: View) -> View:
    """Let an admin use a view before the second step is there: what is needed to set it up, and to leave."""
    view.before_second_step = True  # type: ignore[attr-defined]
    return view


def init_gate(app: Flask) -> None:
    """Check every request, after it is known who asks."""
    app.before_request(lead_to_second_step)


def lead_to_second_step() -> Response | None:
    """Stop an admin's login that has not passed the second step: a way to the set-up, or 403 for programs.

    A key of a partner passes: it was made by an admin who had.

    Raises:
        Forbidden: it came to the JSON door.
    """
    if request.endpoint in (None, "static") or not is_missing() or _is_open():
        return None
    is_set_up = needs_second_step(acting_user())
    if is_api():
        raise Forbidden(SIGN_IN_AGAIN if is_set_up else SET_IT_UP)
    onward = url_for("accounts.two_step" if is_set_up else "accounts.security")
    return see_other(onward) if is_htmx() else redirect(onward)


def is_missing() -> bool:
    """Whether this is an admin's login that must pass the second step and has not."""
    settings = cast(Settings, current_app.config["SETTINGS"])
    if not settings.admins_need_two_step or not current_user.is_authenticated:
        return False
    login = login_in_use()
    return login is not None and login.second_step_at is None and acting_user().role is Role.ADMIN


def _is_open() -> bool:
    view = current_app.view_functions[request.endpoint or ""]
    in_class = getattr(view, "view_class", None)
    handler = getattr(in_class, request.method.lower(), None) if in_class else view
    if getattr(handler, "before_second_step", False):
        return True
    if is_api():
        return bool(getattr(view, "ignores_tokens", False))  # signing in anew, renewing
    return audience_of(view) == PUBLIC
