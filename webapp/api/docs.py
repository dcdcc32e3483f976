"""The document itself, for programs, and the handbook made of it, for people."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, request

from webapp.api.handbook import Area, areas_of
from webapp.api.spec import document
from webapp.core.access import allow
from webapp.core.errors import NotFound
from webapp.core.htmx import render
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


@blueprint.get("/docs")
@allow("public")
def docs() -> Response:
    """Show every area with its endpoints."""
    info = document(current_app)["info"]
    return render("api/index.html", areas=_areas(), info=info, base=_base())


@blueprint.get("/docs/<area>")
@allow("public")
def docs_area(area: str) -> Response:
    """Show the endpoints of one area in full."""
    areas = _areas()
    found = next((one for one in areas if one.name == area), None)
    if found is None:
        raise NotFound
    return render("api/area.html", area=found, areas=areas)


def _areas() -> list[Area]:
    kept = current_app.extensions.setdefault("openapi_document", {})
    if "areas" not in kept:
        kept["areas"] = areas_of(document(current_app), _base())
    areas: list[Area] = kept["areas"]
    return areas


def _base() -> str:
    return str(current_app.config["SETTINGS"].base_url or request.host_url).rstrip("/")
