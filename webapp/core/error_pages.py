"""The one error path: a page, a partial in place, or JSON, by the request's door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import structlog
from flask import Flask, Response, flash, jsonify, render_template, request
from flask_wtf.csrf import CSRFError, generate_csrf
from htmx_flask import make_response
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, InternalServerError

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
STALE_FORM = "This page was open for a long time. Nothing was lost: send it again."


def init_error_pages(app: Flask) -> None:
    """Register the handlers; a user never sees a traceback."""
    app.register_error_handler(DomainError, answer_domain_error)
    app.register_error_handler(CSRFError, _forged_form)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(SealBroken, _seal_broken)
    app.before_request(_refuse_nul)


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
    if is_api():
        details = [{"field": name, "message": text} for name, text in (fields or {}).items()]
        body: dict[str, object] = {"code": code, "message": message}
        if details:
            body["details"] = details
        body.update(more or {})
        response = jsonify({"success": False, "error": body})
    elif is_htmx():
        response = make_response(render_template("errors/_error.html", status=status, message=message))
    else:
        page = status if status in PAGES else (500 if status >= 500 else 400)
        response = make_response(render_template(f"errors/{page}.html", status=status, message=message))
    response.status_code = status
    return response


def answer_domain_error(error: DomainError) -> Response:
    """Answer a refusal in the shape of the request's door."""
    api = is_api()
    status = error.status_for_api if api else error.http_status
    response = answer_error(status, error.code, error.message, error.fields, error.more)
    if isinstance(error, RateLimited):
        response.headers["Retry-After"] = str(error.retry_after)
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


def _database_away(error: OperationalError) -> Response:
    log.error("database_unavailable", error=str(error.orig))
    return answer_error(503, ServiceUnavailable.code, ServiceUnavailable.message)
