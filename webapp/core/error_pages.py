"""The one error path: a page, a partial in place, or JSON, by the request's door."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import cast

import structlog
from flask import Flask, Response, flash, jsonify, render_template, request
from flask_wtf.csrf import CSRFError, generate_csrf
from htmx_flask import make_response
from redis.exceptions import RedisError
from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    OperationalError,
    PendingRollbackError,
    SQLAlchemyError,
)
from sqlalchemy.exc import (
    TimeoutError as NoConnectionFree,
)
from werkzeug.exceptions import HTTPException, InternalServerError

from webapp.core.db import db
from webapp.core.errors import DomainError, Forbidden, NotFound, RateLimited, ServiceUnavailable
from webapp.core.htmx import is_htmx
from webapp.core.requests import is_api
from webapp.core.sealing import SealBroken

log = structlog.get_logger(__name__)

API_CODES = {
    400: "VALIDATION_ERROR", 401: "UNAUTHORIZED", 403: "FORBIDDEN", 404: "NOT_FOUND", 405: "VALIDATION_ERROR",
    409: "CONFLICT", 413: "PAYLOAD_TOO_LARGE", 415: "UNSUPPORTED_MEDIA_TYPE", 429: "RATE_LIMITED",
    500: "SERVER_ERROR", 503: "SERVICE_UNAVAILABLE",
}  # fmt: skip
PAGES = frozenset({400, 403, 404, 405, 409, 413, 429, 500, 503})
AWAY = (OperationalError, InterfaceError, PendingRollbackError, NoConnectionFree, RedisError)
AGAIN_SECONDS = "5"  # a restart of the database or of Redis takes less
STALE_FORM = "This page was open for a long time. Nothing was lost: send it again."


def init_error_pages(app: Flask) -> None:
    """Register the handlers; a user never sees a traceback."""
    app.register_error_handler(DomainError, answer_domain_error)
    app.register_error_handler(CSRFError, _forged_form)
    app.register_error_handler(HTTPException, _http_error)
    for kind in AWAY:
        app.register_error_handler(kind, _away)
    app.register_error_handler(DBAPIError, _database_error)
    app.register_error_handler(SealBroken, _seal_broken)
    app.before_request(_refuse_nul)


_forgetters: list[Callable[[], None]] = []


def when_away(forget: Callable[[], None]) -> None:
    """Have ``forget`` drop what a request knows of its caller, before an error's page is made without the database."""
    if forget not in _forgetters:
        _forgetters.append(forget)


def _ask_nothing_more() -> None:
    """Let go of the session and the caller: a page that tells of a dead database must not ask it for a name."""
    with contextlib.suppress(SQLAlchemyError):
        db.session.rollback()
    for forget in _forgetters:
        forget()


def _refuse_nul() -> None:
    """No address of ours has a NUL in it, and Postgres takes no such text: whatever is looked up, it is not there."""
    if "\x00" in request.path:
        raise NotFound


def answer_error(
    status: int,
    code: str,
    message: str,
    fields: dict[str, str] | None = None,
    more: Mapping[str, object] | None = None,
) -> Response:
    """Answer an error in the shape of the request's door; ``more`` is for programs alone."""
    try:
        response = _shaped(code, message, fields or {}, more or {}, status)
    except AWAY as error:  # a page asks who looks at it, and nobody is there to say
        return _away(error)
    response.status_code = status
    return response


def _shaped(code: str, message: str, fields: dict[str, str], more: Mapping[str, object], status: int) -> Response:
    if is_api():
        details = [{"field": name, "message": text} for name, text in fields.items()]
        body: dict[str, object] = {"code": code, "message": message}
        if details:
            body["details"] = details
        body.update(more)
        return jsonify({"success": False, "error": body})
    if is_htmx():
        return cast(Response, make_response(render_template("errors/_error.html", status=status, message=message)))
    page = status if status in PAGES else (500 if status >= 500 else 400)
    return cast(Response, make_response(render_template(f"errors/{page}.html", status=status, message=message)))


def answer_domain_error(error: DomainError) -> Response:
    """Answer a refusal in the shape of the request's door."""
    api = is_api()
    status = error.status_for_api if api else error.http_status
    response = answer_error(status, error.code, error.message, error.fields, error.more)
    if isinstance(error, RateLimited):
        response.headers["Retry-After"] = str(error.retry_after)
    elif status == ServiceUnavailable.http_status:
        response.headers["Retry-After"] = AGAIN_SECONDS
    return response


def _forged_form(error: CSRFError) -> Response:
    log.info("csrf_refused", reason=error.description, path=request.path)
    if not is_htmx() and not is_api():
        flash(STALE_FORM, "warn")
    response = answer_error(400, "VALIDATION_ERROR", STALE_FORM)
    if is_htmx():  # forms.js puts it into the page, so that sending again works
        response.headers["X-CSRFToken"] = generate_csrf()
    return response


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return cast(Response, make_response(error.get_response()))
    if isinstance(error, InternalServerError):
        log.error("unhandled_error", path=request.path, exc_info=error.original_exception)
        _ask_nothing_more()
    response = answer_error(status, API_CODES.get(status, "VALIDATION_ERROR"), _words(status, error))
    for name, value in error.get_headers():
        if name not in {"Content-Type", "Content-Length"}:
            response.headers[name] = value
    return response


def _words(status: int, error: HTTPException) -> str:
    if status == 404:
        return NotFound.message
    if status == 403:
        return Forbidden.message
    if status >= 500:
        return "Something went wrong on our side. Nothing was lost; please try again."
    return error.description or "That request could not be understood."


def _seal_broken(error: SealBroken) -> Response:
    log.error("seal_broken", error=str(error), path=request.path)
    return answer_error(503, ServiceUnavailable.code, ServiceUnavailable.message)


def _away(error: Exception) -> Response:
    """Say that a part does not answer, and when to ask again: a try that broke off may be sent again as it was."""
    words = str(getattr(error, "orig", None) or error)
    log.error("part_away", kind=type(error).__name__, error=words, path=request.path)
    _ask_nothing_more()
    response = answer_error(503, ServiceUnavailable.code, ServiceUnavailable.message)
    response.headers["Retry-After"] = AGAIN_SECONDS
    return response


def _database_error(error: DBAPIError) -> Response:
    """A connection that broke in the middle of a statement is an absence, too; all else is our mistake."""
    if error.connection_invalidated:
        return _away(error)
    raise error
