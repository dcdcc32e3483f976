"""By which cookie a browser is known again: a random id, signed, on this device for two years. It opens nothing."""

from __future__ import annotations

import datetime as dt
import hashlib

from flask import Flask, Response, current_app, g, request
from itsdangerous import BadData, URLSafeSerializer

from webapp.core.ids import new_public_id

LASTS = dt.timedelta(days=730)
_FRESH = "fresh_device"


def init_device_cookie(app: Flask) -> None:
    """Send the cookie with the answer to the sign-in that made it."""
    app.after_request(_send)


def device_of_browser() -> str:
    """Return the id of this browser; one that has none gets one with this answer."""
    try:
        known = _serializer().loads(request.cookies.get(_cookie_name(), ""))
    except BadData:
        known = None
    if isinstance(known, str) and known:
        return known
    if _FRESH not in g:
        g.fresh_device = new_public_id("device")
    return str(g.fresh_device)


def _send(response: Response) -> Response:
    device = g.get(_FRESH)
    if device:
        response.set_cookie(
            _cookie_name(),
            str(_serializer().dumps(device)),
            max_age=LASTS,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
    return response


def _cookie_name() -> str:
    return "__Host-device" if current_app.config["SESSION_COOKIE_SECURE"] else "device"


def _serializer() -> URLSafeSerializer:
    keys = [*current_app.config["SECRET_KEY_FALLBACKS"], current_app.config["SECRET_KEY"]]
    return URLSafeSerializer(
        keys,  # the last one signs, all of them verify
        salt="accounts.device",
        signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
    )
