"""Enforces what every view declared: who may use it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlsplit

import structlog
from flask import Flask, Request, current_app, g, redirect, request, session, url_for
from flask import Response as FlaskResponse
from flask_login import current_user
from htmx_flask import make_response
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from webapp.accounts.bearer import TokenRefused, login_of_access_token
from webapp.accounts.devices import find_login, holds, note_seen, seen_too_long_ago
from webapp.accounts.logins import LOGIN_KEY
from webapp.accounts.models import User
from webapp.accounts.partners import check_scope, find_api_key
from webapp.accounts.viewing import as_looked_at, guard_looking
from webapp.core.access import PUBLIC, audience_of
from webapp.core.db import SAFE_METHODS, db, transaction
from webapp.core.error_pages import when_away
from webapp.core.errors import DomainError, Forbidden
from webapp.core.htmx import is_htmx
from webapp.core.requests import is_api
from webapp.core.throttle import enforce_limits
from webapp.extensions import login_manager

log = structlog.get_logger(__name__)


class SignInNeeded(DomainError):
    """Nobody is signed in (JSON door)."""

    code = "UNAUTHORIZED"
    http_status = 401
    message = "Sign in to do this."


def init_access(app: Flask) -> None:
    """Load users for logins and check every request against its view's audience."""
    login_manager.user_loader(load_user)
    login_manager.request_loader(load_caller)
    login_manager.unauthorized_handler(send_to_sign_in)
    app.before_request(enforce_audience)
    app.after_request(note_last_seen)
    when_away(forget_caller)


def forget_caller() -> None:
    """Make the rest of this request a visitor's: nothing more is read or written about who asked."""
    for name in ("login", "api_key", "looked_at", "real_admin"):
        g.pop(name, None)
    g._login_user = login_manager.anonymous_user()  # noqa: SLF001  where Flask-Login keeps whom it has looked up


def load_user(cookie: str) -> User | None:
    """Return the user of a browser's login, unless it was revoked, is over, or the account is closed."""
    login = find_login(str(session.get(LOGIN_KEY, "")))
    if login is None or cookie != login.user.get_id() or not login.user.active or not holds(login, now=g.now):
        return None
    g.login, g.seen_before = login, login.last_seen_at
    return as_looked_at(login.user)


def load_caller(req: Request) -> User | None:
    """Return whom a program acts for: by its access token, or by a partner's key. Pages know cookies alone."""
    if not is_api():
        return None
    try:
        if key := req.headers.get("X-API-Key"):
            found = find_api_key(key)
            g.api_key, g.seen_before = found, found.last_used_at
            return found.made_by
        scheme, _, token = req.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return None
        if scheme.lower() != "bearer" or not token.strip():
            raise TokenRefused("Send Authorization: Bearer and the access token.")
        login = login_of_access_token(token.strip(), now=g.now)
        g.login, g.seen_before = login, login.last_seen_at
        return login.user
    except DomainError as refused:
        g.caller_refused = refused
        return None


def enforce_audience() -> Response | None:
    """Refuse a request whose view is not for this person; a view without a declaration is for nobody."""
    if request.endpoint is None or request.endpoint == "static":
        return None
    enforce_limits()
    view = current_app.view_functions[request.endpoint]
    audience = audience_of(view)
    if audience is None:
        raise Forbidden
    if is_api():
        _enforce_for_programs(view, audience)
        return None
    guard_looking()
    if audience == PUBLIC:
        return None
    if not current_user.is_authenticated:
        return send_to_sign_in()
    if current_user.role.value not in audience:
        raise Forbidden("This page is for another kind of account.")
    return None


def _enforce_for_programs(view: Callable[..., Any], audience: frozenset[str]) -> None:
    """First 401, then 403 (api.md "Order of checks"); a token that is refused is refused on public doors, too."""
    if request.method == "OPTIONS":  # a browser asks before it sends, and may not say who
        return
    signed_in = current_user.is_authenticated
    if not signed_in and not getattr(view, "ignores_tokens", False) and "caller_refused" in g:
        raise cast(DomainError, g.caller_refused)
    if "api_key" in g:
        check_scope(g.api_key, getattr(view, "area", None), writes=request.method not in SAFE_METHODS)
    if audience == PUBLIC:
        return
    if not signed_in:
        raise SignInNeeded
    if current_user.role.value not in audience:
        raise Forbidden


def note_last_seen(response: FlaskResponse) -> FlaskResponse:
    """Write down that a login or a key was used, every five minutes at most; nobody waits for it to succeed."""
    login, key = g.get("login"), g.get("api_key")
    if login is None and key is None:
        return response
    if "seen_before" not in g:  # signed in just now
        g.seen_before = key.last_used_at if login is None else login.last_seen_at
    if not seen_too_long_ago(g.seen_before, now=g.now):  # as it was read: after a commit the row is read again
        return response
    try:
        with contextlib.nullcontext() if request.method in SAFE_METHODS else transaction():
            note_seen(login if login is not None else key, now=g.now)  # a GET's session commits by itself
    except SQLAlchemyError as error:
        db.session.rollback()
        log.warning("last_seen_not_written", error=str(error))
    return response


def send_to_sign_in() -> Response:
    """Send a visitor to the sign-in form and back: a redirect, or 401 with HX-Redirect for htmx."""
    if is_api():
        raise SignInNeeded
    if is_htmx():
        came_from = urlsplit(request.htmx.current_url or "")  # type: ignore[attr-defined]
        back = came_from.path + (f"?{came_from.query}" if came_from.query else "")
        response: Response = make_response("", 401, redirect=url_for("accounts.login", next=back or "/"))
        response.vary.add("HX-Request")
        return response
    back = request.full_path.rstrip("?") if request.method == "GET" else url_for("public.landing")
    return redirect(url_for("accounts.login", next=back), 302)
