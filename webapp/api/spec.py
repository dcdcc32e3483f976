"""The OpenAPI document, generated from the schemas that validate."""

from __future__ import annotations

import threading
from typing import Any

from flask import Flask
from flask_smorest import Api

from webapp.accounts.partners import SCOPES
from webapp.api.plain_paths import PLAIN_PATHS
from webapp.config import Settings
from webapp.core.jsonapi.door import Door
from webapp.core.jsonapi.schemas import ErrorOut

VERSION = "1.0.0"
ABOUT = """\
The second door to the same use-cases as the pages. Amounts are rupees, instants are UTC, ids are `_id`.

Sign in at `POST /api/v1/auth/login`, then send `Authorization: Bearer <accessToken>`; after 15 minutes get the
next pair at `POST /api/v1/auth/refresh`. A partner sends `X-API-Key` instead. Send `Idempotency-Key` with a POST
that creates or pays, and asking twice acts once. Every answer tells the limits in `X-RateLimit-*` and its
`X-Request-ID`.
"""
ERRORS = {
    400: ("A field or the state does not allow it.", "VALIDATION_ERROR", "Price must be a positive number."),
    401: ("Nobody is signed in, or the token is not good (any more).", "UNAUTHORIZED", "Sign in to do this."),
    402: ("The payment failed.", "PAYMENT_FAILED", "The bank declined the payment."),
    403: (
        "Not for this account, or not before its address is verified.",
        "FORBIDDEN",
        "Your account can't do this.",
    ),
    404: ("It does not exist, or is not yours.", "NOT_FOUND", "We could not find that."),
    409: ("The world has changed.", "SLOT_NOT_AVAILABLE", "That time was taken just now."),
    413: ("The body is too large.", "PAYLOAD_TOO_LARGE", "The body may have at most 256 KB."),
    415: ("The body is no JSON.", "UNSUPPORTED_MEDIA_TYPE", "Send JSON, with Content-Type: application/json."),
    429: ("Too many requests; Retry-After says how long to wait.", "RATE_LIMITED", "That was a lot at once."),
    503: ("A part does not answer; try again later.", "SERVICE_UNAVAILABLE", "A part of the site is not answering."),
}


class HouseApi(Api):  # type: ignore[misc]
    """flask-smorest without its error handlers: ours answer pages, partials and JSON by path."""

    ERROR_SCHEMA = ErrorOut
    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self, app: Flask) -> None:
        self._doors: list[Door] = []
        self._document: dict[str, Any] | None = None
        self._making = threading.Lock()
        super().__init__(app)

    def _register_error_handlers(self) -> None:
        """Leave every error to `core.error_pages`."""

    def register_blueprint(self, blp: Door, **options: Any) -> None:
        """Register an area; the document tells of it when somebody asks, which most processes never do."""
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blp.name] = self
        self._app.register_blueprint(blp, **options)
        self._doors.append(blp)

    def document(self) -> dict[str, Any]:
        """Return the whole document, made once; an area's tag is its segment of the address."""
        with self._making:
            if self._document is None:
                for door in self._doors:
                    door.register_views_in_doc(self, self._app, self.spec, name=door.name, parameters=None)
                    if door.description:
                        self.spec.tag({"name": door.segment, "description": door.description})
                found = self.spec.to_dict()
                self._document = {**found, "paths": {**found["paths"], **PLAIN_PATHS}}
            return self._document


def make_api(app: Flask, settings: Settings) -> HouseApi:
    """Return the extension with security schemes and the shared refusals in its document."""
    app.config.update(
        API_TITLE=f"{settings.site_name} API",
        API_VERSION=VERSION,
        OPENAPI_VERSION="3.1.0",
        API_SPEC_OPTIONS={
            "info": {"description": ABOUT},
            "servers": [{"url": settings.base_url or "/"}],
            "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        },
    )
    api = HouseApi(app)
    schemes = api.spec.components
    schemes.security_scheme("bearerAuth", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    schemes.security_scheme(
        "apiKey",
        {
            "type": "apiKey",
            "in": "header",
            "name": "X-API-Key",
            "description": f"A partner's key. Its scopes are of: {', '.join(SCOPES)}.",
        },
    )
    for status, (about, code, message) in ERRORS.items():
        example = {"success": False, "error": {"code": code, "message": message}}
        content = {"application/json": {"schema": ErrorOut, "example": example}}
        schemes.response(f"Error{status}", {"description": about, "content": content})
    return api


def document(app: Flask) -> dict[str, Any]:
    """Return the whole document, the same one each time: read it, do not change it."""
    api: HouseApi = app.extensions["flask-smorest"]["apis"][""]["ext_obj"]
    return api.document()
