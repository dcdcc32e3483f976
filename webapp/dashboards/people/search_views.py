"""The door of the search over everything: the palette asks it, and it is a page of its own."""

from __future__ import annotations

from flask import Response, request

from webapp.accounts.viewer import viewer_zone
from webapp.core.access import allow
from webapp.core.htmx import render
from webapp.dashboards.people.finding import find_anything
from webapp.dashboards.people.views import blueprint
from webapp.payments.queries.admin import plain


@blueprint.get("/admin/search")
@allow("admin")
def search() -> Response:
    """Find accounts, leads, sessions and orders by ``q``."""
    typed = plain(request.args.get("q", ""))
    groups = find_anything(typed, zone=viewer_zone())
    return render("people/search.html", "people/_hits.html", typed=typed, groups=groups)
