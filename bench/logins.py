"""Signs people in without the form."""

from __future__ import annotations

from collections.abc import Sequence

from flask.sessions import SecureCookieSessionInterface

from bench.ground import Ground
from webapp.accounts.bearer import make_access_token
from webapp.accounts.devices import Device, open_login
from webapp.accounts.models import LoginKind, User
from webapp.core import clock
from webapp.core.db import db


def token_of(ground: Ground, user: User) -> str:
    """Return an access token of a program that is signed in as ``user``; good for 15 minutes."""
    now = clock.now()
    login = open_login(user, kind=LoginKind.API, device=Device("127.0.0.1", "bench"), now=now)
    db.session.commit()
    with ground.app.app_context():
        return make_access_token(login, user, now=now)


def cookie_of(ground: Ground, user: User) -> str:
    """Return the cookie of a browser that is signed in as ``user``."""
    return cookies_of(ground, [user])[0]


def cookies_of(ground: Ground, users: Sequence[User]) -> list[str]:
    """Return the cookies of browsers that are signed in as these users."""
    device, now = Device("127.0.0.1", "bench"), clock.now()
    known = [(open_login(user, kind=LoginKind.BROWSER, device=device, now=now), user) for user in users]
    parts = [{"login": login.public_id, "_user_id": user.get_id()} for login, user in known]
    db.session.commit()
    serializer = SecureCookieSessionInterface().get_signing_serializer(ground.app)
    assert serializer is not None
    return [f"disha={serializer.dumps({**part, '_fresh': False, 'csrf_token': '0' * 40})}" for part in parts]
