"""Whose page this is: the person, and the zone its times are shown in."""

from __future__ import annotations

from typing import cast

from flask import request
from flask_login import current_user

from webapp.accounts.models import Role, User
from webapp.accounts.viewing import real_admin
from webapp.core import times


def viewer_zone() -> str:
    """Return the zone to show times in: the account's, else the browser's, else India's."""
    if current_user.is_authenticated:
        return str(current_user.zone)
    found = request.cookies.get("tz")
    return found if found and times.is_zone(found) else times.DEFAULT_ZONE


def viewer() -> User:
    """Return the row of the user who is signed in; services take it, not flask-login's proxy."""
    return cast(User, current_user._get_current_object())  # noqa: SLF001


def caller() -> User | None:
    """Return who is signed in, by whichever door; None for a visitor."""
    return viewer() if current_user.is_authenticated else None


def caller_is_admin() -> bool:
    """Tell whether an admin asks, by whichever door."""
    user = caller()
    return user is not None and user.role is Role.ADMIN


def acting_user() -> User:
    """Return who really acts: an admin who looks at the app as somebody else stays that admin."""
    return real_admin() or viewer()
