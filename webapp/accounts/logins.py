"""The login in the browser's cookie, and where it leads."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import current_app, request, session, url_for
from flask_login import login_user, logout_user

from webapp.accounts.models import User
from webapp.core.times import DEFAULT_ZONE, is_zone

_AFTER_VERIFYING = "after_verifying"
_KEPT = frozenset({"csrf_token"})  # other open pages of this visitor stay good


def start_login(user: User, *, remember: bool = False) -> None:
    """Sign the visitor in as ``user``: until the browser closes, or for 30 days."""
    for key in set(session) - _KEPT:
        session.pop(key)
    session.permanent = remember
    login_user(user)


def renew_login(user: User) -> None:
    """Go on as ``user`` after all logins have ended, this one excepted."""
    login_user(user)


def end_login() -> None:
    """Sign the visitor out and forget everything about the visit."""
    logout_user()
    session.clear()


def safe_next(target: str | None) -> str | None:
    """Return ``target`` if it is a page of ours other than the forms of signing in, else None."""
    if not target or not target.startswith("/") or target.startswith("//"):
        return None
    if "\\" in target or any(ord(letter) < 33 for letter in target):  # browsers read "/\\x" as "//x"
        return None
    parts = urlsplit(target)
    forms = {url_for("accounts.login"), url_for("accounts.signup"), url_for("accounts.logout")}
    return None if parts.scheme or parts.netloc or parts.path in forms else target


def home_url(user: User) -> str:
    """Return the home of the user's role."""
    known = current_app.view_functions
    choices = (f"{user.role.value}.home", "public.landing", "accounts.account")
    return url_for(next(endpoint for endpoint in choices if endpoint in known))


def start_url() -> str:
    """Return the page for visitors."""
    return url_for("public.landing" if "public.landing" in current_app.view_functions else "accounts.login")


def browser_zone() -> str:
    """Return the zone the browser told us by cookie, else India's."""
    zone = request.cookies.get("tz", "")
    return zone if is_zone(zone) else DEFAULT_ZONE


def keep_for_after_verifying(target: str | None) -> None:
    """Remember where the visitor was going before the address had to be verified."""
    if target:
        session[_AFTER_VERIFYING] = target


def take_after_verifying() -> str | None:
    """Return where the visitor was going, once."""
    return safe_next(session.pop(_AFTER_VERIFYING, None))
