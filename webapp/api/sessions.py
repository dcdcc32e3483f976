"""Sessions by path: pages have the signed cookie, the JSON door has none at all."""

from __future__ import annotations

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import URLSafeTimedSerializer

from webapp.core.requests import PROGRAMS, is_api


class DoorSessions(SecureCookieSessionInterface):
    """Neither reads nor writes a cookie under ``/api/``: a token says who asks there, and CSRF finds nothing."""

    _serializers: tuple[object, URLSafeTimedSerializer | None] = (None, None)

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return what signs cookies; made once for these keys, not twice a request."""
        keys = (app.secret_key, app.config["SECRET_KEY_FALLBACKS"])
        known, serializer = self._serializers
        if known != keys:
            serializer = super().get_signing_serializer(app)
            self._serializers = keys, serializer
        return serializer

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the cookie's session, an empty one on the JSON door."""
        return SecureCookieSession() if request.path.startswith(PROGRAMS) else super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the cookie, unless this is the JSON door."""
        if not is_api():
            super().save_session(app, session, response)
