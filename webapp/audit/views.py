"""The page of the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, request, url_for
from flask_login import current_user

from webapp.audit.asked import read_asked, read_filter
from webapp.audit.models import ActorKind
from webapp.audit.people import known_actors, names_of
from webapp.audit.presenters import KIND_WORDS, action_words, entity_words, keys_in, lines_of
from webapp.audit.queries import audit_page, known_values
from webapp.core.access import allow
from webapp.core.htmx import render

blueprint = Blueprint("audit", __name__)
# Where a thing has its page for admins: endpoint and the name of its argument.
PAGES: Mapping[str, tuple[str, str]] = {
    "user": ("people.person", "public_id"),
    "package": ("catalogue.edit", "public_id"),
    "counsellor": ("staff.edit", "public_id"),
    "coupon": ("admin_payments.coupon", "public_id"),
    "enrolment": ("admin_payments.enrolment", "public_id"),
    "payment": ("admin_payments.payment", "public_id"),
    "order": ("admin_payments.payment", "public_id"),
    "refund": ("admin_payments.refund", "public_id"),
    "session": ("bookings.detail", "public_id"),
    "inquiry": ("leads.detail", "public_id"),
    "webhook": ("webhooks.detail", "public_id"),
    "export": ("exports.progress", "public_id"),
}


@blueprint.app_template_global("audit_url")
def address_of(entity: str, entity_id: str) -> str:
    """Return the page of a thing for admins, "" if it has none."""
    endpoint, argument = PAGES.get(entity, ("", ""))
    if not entity_id or endpoint not in current_app.view_functions:
        return ""
    values: dict[str, Any] = {argument: entity_id}
    return url_for(endpoint, **values)


@blueprint.get("/admin/audit")
@allow("admin")
def index() -> Response:
    """Show the log by ``actor``, ``action``, ``entity`` (with ``id``), ``from``, ``to`` and ``q``."""
    asked, zone = read_asked(request.args), str(current_user.zone)
    filters, wrong = read_filter(asked, zone)
    page = audit_page(filters, before=_edge("before"), after=_edge("after"))
    path = url_for("audit.index")
    return render(
        "audit/index.html",
        "audit/_entries.html",
        lines=lines_of(page.entries, names_of(keys_in(page.entries)), zone=zone),
        older=_way(path, asked, "before", page.older),
        newer=_way(path, asked, "after", page.newer),
        asked=asked,
        wrong=wrong,
        path=path,
        actors=known_actors(),
        kinds=[(kind.value, KIND_WORDS[kind]) for kind in ActorKind],
        actions=sorted((action_words(one), one) for one in known_values("action")),
        entities=sorted((entity_words(one), one) for one in known_values("entity")),
    )


def _edge(name: str) -> str:
    return request.args.get(name, "").replace("\x00", "")[:40]


def _way(path: str, asked: Mapping[str, str], name: str, edge: str | None) -> str:
    return f"{path}?{urlencode({**asked, name: edge})}" if edge else ""
