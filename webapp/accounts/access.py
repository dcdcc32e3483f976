"""Enforces what every view declared: who may use it."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, current_app, redirect, request, url_for
from flask_login import current_user
from htmx_flask import make_response
from sqlalchemy import select
from werkzeug.wrappers import Response

from webapp.accounts.models import User
from webapp.accounts.viewing import as_looked_at, guard_looking
from webapp.core.access import PUBLIC, audience_of
from webapp.core.db import db
from webapp.core.errors import DomainError, Forbidden
from webapp.core.htmx import is_htmx
from webapp.core.throttle import enforce_limits
from webapp.extensions import login_manager


class SignInNeeded(DomainError):
    """Nobody is signed in (JSON door)."""

    code = "UNAUTHORIZED"
    http_status = 401
    message = "Sign in to do this."


def init_access(app: Flask) -> None:
    """Load users for logins and check every request against its view's audience."""
    login_manager.user_loader(load_user)
    login_manager.unauthorized_handler(send_to_sign_in)
    app.before_request(enforce_audience)


def load_user(login: str) -> User | None:
    """Return the user of a login cookie, unless deactivated or signed out everywhere since."""
    public_id, _, version = login.rpartition(".")
    user = db.session.scalar(select(User).where(User.public_id == public_id))
    if user is None or not user.active or str(user.auth_version) != version:
        return None
    return as_looked_at(user)


def enforce_audience() -> Response | None:
    """Refuse a request whose view is not for this person; a view without a declaration is for nobody."""
    enforce_limits()
    if request.endpoint is None or request.endpoint == "static":
        return None
    audience = audience_of(current_app.view_functions[request.endpoint])
    if audience is None:
        raise Forbidden
    guard_looking()
    if audience == PUBLIC:
        return None
    if not current_user.is_authenticated:
        return send_to_sign_in()
    if current_user.role.value not in audience:
        raise Forbidden("This page is for another kind of account.")
    return None


def send_to_sign_in() -> Response:
    """Send a visitor to the sign-in form and back: a redirect, or 401 with HX-Redirect for htmx."""
    if request.path.startswith("/api/"):
        raise SignInNeeded
    if is_htmx():
        came_from = urlsplit(request.htmx.current_url or "")  # type: ignore[attr-defined]
        back = came_from.path + (f"?{came_from.query}" if came_from.query else "")
        response: Response = make_response("", 401, redirect=url_for("accounts.login", next=back or "/"))
        response.vary.add("HX-Request")
        return response
    back = request.full_path.rstrip("?") if request.method == "GET" else url_for("public.landing")
    return redirect(url_for("accounts.login", next=back), 302)
