"""The document itself, for programs."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, request

from webapp.api.spec import document
from webapp.core.access import allow
from webapp.core.jsonapi.door import PREFIX

blueprint = Blueprint("api-document", __name__, url_prefix=PREFIX)


@blueprint.get("/openapi.json")
@allow("public")
def openapi() -> Response:
    """Give the OpenAPI document; it is made once a process."""
    kept = current_app.extensions.setdefault("openapi_document", {})
    if "json" not in kept:
        kept["json"] = current_app.json.dumps(document(current_app), indent=1)
    response: Response = current_app.response_class(kept["json"], mimetype="application/json")
    response.add_etag()
    response.make_conditional(request)
    return response
