"""One URL, two shapes: the whole page, or the partial htmx asked for."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, render_template
from htmx_flask import make_response, request
from werkzeug.wrappers import Response as BaseResponse


def is_htmx() -> bool:
    """Tell whether htmx asks for a partial (a restored history entry wants the whole page)."""
    return bool(request.htmx) and not request.htmx.history_restore_request


def render(page: str, partial: str | None = None, /, *, status: int = 200, **context: Any) -> Response:
    """Render ``partial`` for htmx and ``page`` otherwise; the page includes the same partial."""
    name = partial if partial and is_htmx() else page
    response: Response = make_response(render_template(name, **context), status)
    response.vary.add("HX-Request")
    return response


def see_other(url: str) -> BaseResponse:
    """Send the browser on after a successful POST: 303, or HX-Redirect where htmx asked."""
    if is_htmx():
        sent_on: Response = make_response("", 204, redirect=url)
        return sent_on
    return redirect(url, 303)
