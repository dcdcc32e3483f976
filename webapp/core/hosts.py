"""The host header's allow-list: a request for a name that is not ours is refused before the app sees it.

So no link, redirect or cache entry can be made for a name a stranger chose. The refusal repeats nothing of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import structlog
from flask import Flask
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger(__name__)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
USUAL_PORTS = frozenset({"", "80", "443"})
# Load balancers and Prometheus ask by address; the answers are the same for every name.
ALWAYS_OPEN = frozenset({"/healthz", "/readyz", "/metrics"})
_HOST = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::([0-9]{1,5}))?")


class HostGuard:
    """Says whether a host header is ours. A name without a port stands for the usual ports alone."""

    def __init__(self, hosts: Iterable[str], *, loopback: bool) -> None:
        """Take the names, ``name`` or ``name:port``; ``loopback``: this machine's own names pass with any port."""
        self._exact = {host.lower() for host in hosts}
        self._loopback = loopback

    def knows(self, host: str) -> bool:
        """Whether a request with this host header is for us."""
        found = _HOST.fullmatch(host.lower())
        if found is None:
            return False
        name, port = found.group(1), found.group(2) or ""
        if self._loopback and name in LOOPBACK:
            return True
        return f"{name}:{port}" in self._exact or (port in USUAL_PORTS and name in self._exact)


def init_hosts(app: Flask, hosts: Iterable[str], *, loopback: bool) -> None:
    """Refuse every other host with a 400, static files too. Proxies are unwrapped before this."""
    guard, inner = HostGuard(hosts, loopback=loopback), app.wsgi_app

    def guarded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if guard.knows(environ.get("HTTP_HOST", "")) or environ.get("PATH_INFO") in ALWAYS_OPEN:
            return inner(environ, start_response)
        log.info("host_refused", host=environ.get("HTTP_HOST", "")[:100])
        return _refusal(environ, start_response)

    app.wsgi_app = guarded  # type: ignore[method-assign]


def _refusal(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    answer: WSGIApplication = Response(
        "This host is not in ALLOWED_HOSTS.\n",
        400,
        {
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'",
        },
        mimetype="text/plain",
    )
    return answer(environ, start_response)
