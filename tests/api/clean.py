"""The app for clients that are not Flask's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, g, has_app_context

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


def clean(app: Flask) -> Wsgi:
    """Return the app as a server runs it: every request begins with an empty ``g``."""

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        for name in list(g) if has_app_context() else ():
            g.pop(name)
        environ.pop("HTTP_ACCEPT_ENCODING", None)  # not all of them can unpack
        return app.wsgi_app(environ, start_response)

    return answer
