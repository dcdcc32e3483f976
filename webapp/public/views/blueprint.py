"""The blueprint all public pages hang on, and what they share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, current_app, url_for
from flask_login import current_user

from webapp.accounts.models import Role, User
from webapp.accounts.viewer import viewer
from webapp.core.htmx import htmx_target
from webapp.core.money import group_indian
from webapp.counsellors.queries import in_order
from webapp.packages.models import Package
from webapp.packages.presenters import PackageCard, package_cards
from webapp.public.presenters import CounsellorCard, counsellor_card

blueprint = Blueprint("public", __name__)


@blueprint.app_template_global()
def absolute(path: str) -> str:
    """Return a path of this site as a full address."""
    return f"{current_app.config['SETTINGS'].base_url}{path}"


@blueprint.app_template_filter()
def indian(number: int) -> str:
    """Return a whole number grouped the Indian way: 123456 → "1,23,456"."""
    return group_indian(str(number))


def student() -> User | None:
    """Return the student who is signed in; nobody else has things of their own on public pages."""
    if current_user.is_authenticated and current_user.role is Role.STUDENT:
        return viewer()
    return None


def shell() -> str:
    """Return the layout of the catalogue: a student stays among their own tabs."""
    return "layouts/student.html" if student() else "layouts/public.html"


def part_wanted(*ids: str) -> str:
    """Return which of the page's parts htmx asks for, "" where it is the whole page."""
    target = htmx_target()
    return target if target in ids else ""


def known_url(endpoint: str, **values: Any) -> str | None:
    """Return the address of a page that another slice may bring, None while it is not there."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else None


def cards_of(packages: Sequence[Package]) -> list[PackageCard]:
    """Return the cards of these packages, each leading to its page."""
    return package_cards(packages, [url_for("public.package", slug=package.slug) for package in packages])


def counsellor_cards(ids: Sequence[int], soonest: dict[int, dt.datetime]) -> list[CounsellorCard]:
    """Return the cards of these counsellors in this order; one statement."""
    return [
        counsellor_card(row, url_for("public.counsellor", public_id=row.public_id), soonest.get(row.id))
        for row in in_order(ids)
    ]
