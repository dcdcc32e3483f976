"""The login in the browser's cookie, and where it leads.

The cookie carries the login row's id; the row says whether it still holds.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import current_app, g, request, session, url_for
from flask_login import current_user, login_user, logout_user

from webapp.accounts.device_cookie import device_of_browser
from webapp.accounts.devices import Device, end_login_row, keep_login, open_login
from webapp.accounts.models import Login, LoginKind, User
from webapp.accounts.places import place_of
from webapp.core.db import transaction
from webapp.core.requests import is_api
from webapp.core.times import DEFAULT_ZONE, is_zone

LOGIN_KEY = "login"
_AFTER_VERIFYING = "after_verifying"


def start_login(user: User, *, remember: bool = False, second_step: bool = False) -> Login:
    """Sign the visitor in as ``user``: until the browser closes, or for 30 days. Opens its own transaction.

    A login this browser had before ends: its cookie is gone.
    """
    before = login_in_use()
    with transaction():
        if before is not None:
            end_login_row(before, now=g.now, why="replaced")
        login = open_login(user, kind=LoginKind.BROWSER, device=device_of_request(), now=g.now, second_step=second_step)
    session.clear()  # the form token too: whoever planted this cookie knows it
    session.permanent = remember
    session[LOGIN_KEY] = login.public_id
    login_user(user)
    g.login = login
    return login


def device_of_request() -> Device:
    """Return what this request says of its device."""
    address, is_program = request.remote_addr or "", is_api()
    return Device(
        address=address,
        user_agent=request.headers.get("User-Agent", ""),
        device_id=request.headers.get("X-Device-ID") if is_program else device_of_browser(),
        place=place_of(address),
    )


def login_in_use() -> Login | None:
    """Return the row of the login this request was made with, None for visitors and keys."""
    found: Login | None = g.get("login") if current_user.is_authenticated else None
    return found


def renew_login(user: User) -> None:
    """Go on as ``user`` after all logins have ended, this one excepted. Opens its own transaction."""
    login = login_in_use()
    if login is not None:
        with transaction():
            keep_login(login, user, now=g.now)
    login_user(user)


def end_login() -> None:
    """Sign the visitor out and forget everything about the visit. Opens its own transaction."""
    login = login_in_use()
    if login is not None:
        with transaction():
            end_login_row(login, now=g.now, why="signed_out")
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
