"""`/metrics` for Prometheus: what the system page shows, and the requests, as numbers.

Without METRICS_TOKEN there is no such page. No label holds an id, an address or a person.
"""

from __future__ import annotations

import hmac
from typing import cast

from flask import Blueprint, Response, current_app, g, request

from webapp.config import Settings
from webapp.core.access import allow
from webapp.core.errors import NotFound

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
@allow("public")
def index() -> Response:
    """Tell whoever brings the token; there is no page without one in the settings."""
    token = cast(Settings, current_app.config["SETTINGS"]).metrics_token.get_secret_value()
    if not token:
        raise NotFound
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return Response("", 401, {"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"})
    from webapp.dashboards.system import prometheus  # late: most processes never tell, and start without its library

    answer = Response(prometheus.exposition(g.now), content_type=prometheus.CONTENT_TYPE_LATEST)
    answer.headers["Cache-Control"] = "no-store"
    return answer
