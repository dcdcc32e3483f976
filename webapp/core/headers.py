"""Answer headers: a strict Content-Security-Policy and its company, and a request id."""

from __future__ import annotations

import re
import secrets

import structlog
from flask import Flask, Response, g, request

CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
)
PERMISSIONS = "camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), payment=(), usb=()"
HSTS = "max-age=31536000; includeSubDomains"  # a year
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,80}")


def init_headers(app: Flask, *, https: bool) -> None:
    """Give every answer its armour and every request an id (taken over when it is well-formed)."""

    @app.before_request
    def number_request() -> None:
        given = request.headers.get("X-Request-ID", "")
        g.request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        structlog.contextvars.bind_contextvars(request_id=g.request_id)  # in every line that is logged meanwhile

    @app.teardown_request
    def forget_number(_error: BaseException | None) -> None:
        structlog.contextvars.unbind_contextvars("request_id")

    @app.after_request
    def arm(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", CSP)
        headers["X-Content-Type-Options"] = "nosniff"
        headers.setdefault("X-Frame-Options", "DENY")
        headers["Referrer-Policy"] = "same-origin"
        headers.setdefault("Permissions-Policy", PERMISSIONS)
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if https:
            headers["Strict-Transport-Security"] = HSTS
        headers["X-Request-ID"] = g.get("request_id", "")
        if request.endpoint != "static" and "Cache-Control" not in headers:
            headers["Cache-Control"] = "no-store" if "Set-Cookie" in headers else "no-cache, private"
        return response
