"""One URL, two shapes: the whole page, or the partial htmx asked for."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, g, redirect, render_template
from htmx_flask import make_response, request
from werkzeug.wrappers import Response as BaseResponse


def is_htmx() -> bool:
    """Tell whether htmx asks for a partial (a restored history entry wants the whole page).

    Whoever asks makes an answer that depends on it: `init_varying` then says so in its Vary header.
    """
    _depends_on("HX-Request", "HX-History-Restore-Request")
    return bool(request.htmx) and not request.htmx.history_restore_request


def htmx_target() -> str:
    """Return the id of the element that htmx will swap, "" where it does not ask or names none."""
    _depends_on("HX-Request", "HX-Target")
    return request.headers.get("HX-Target", "").rpartition("#")[2] if is_htmx() else ""


def init_varying(app: Flask) -> None:
    """Let no cache answer a page's reader with a partial: an answer names the headers it was made by."""

    @app.after_request
    def name_headers(response: Response) -> Response:
        response.vary.update(g.get("depends_on", ()))
        return response


def _depends_on(*headers: str) -> None:
    g.depends_on = {*g.get("depends_on", ()), *headers}


def render(page: str, partial: str | None = None, /, *, status: int = 200, **context: Any) -> Response:
    """Render ``partial`` for htmx and ``page`` otherwise; the page includes the same partial."""
    in_part = is_htmx()  # asked of every page: where one has no partial, its error has
    name = partial if partial and in_part else page
    response: Response = make_response(render_template(name, **context), status)
    return response


def see_other(url: str) -> BaseResponse:
    """Send the browser on after a successful POST: 303, or HX-Redirect where htmx asked."""
    if is_htmx():
        sent_on: Response = make_response("", 204, redirect=url)
        return sent_on
    return redirect(url, 303)
