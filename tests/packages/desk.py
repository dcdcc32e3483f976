"""Short ways for the tests of the catalogue's desk."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.factories import make_user
from tests.pages import Browser
from webapp.accounts.models import Role, User
from webapp.core.db import db
from webapp.packages.models import Package
from webapp.packages.rules.editing import FeatureInput, PackageInput
from webapp.packages.versions import as_input, version_of

LIST, NEW = "/admin/packages", "/admin/packages/new"
GOOD = PackageInput(
    name="NEET Steady",
    exam_type="neet",
    price=1_999_900,
    validity_days=180,
    slug="neet-steady",
    max_sessions=6,
    session_minutes=45,
    features=(FeatureInput("Choice list", "Reviewed twice"), FeatureInput("Hostel help", included=False)),
)
FORM: dict[str, Any] = {
    "name": "NEET Steady",
    "slug": "neet-steady",
    "exam_type": "neet",
    "price": "19,999",
    "validity_days": "180",
    "max_sessions": "6",
    "session_minutes": "45",
    "is_active": "y",
}


def good(**changes: Any) -> PackageInput:
    """Return an input that is in order, changed."""
    return replace(GOOD, **changes)


def an_admin() -> User:
    """Make an admin."""
    return make_user(role=Role.ADMIN, name="Nisha Verma")


def at_desk(app: Flask) -> Browser:
    """Return the browser of a new admin."""
    admin = an_admin()
    db.session.commit()  # a refusal rolls back
    return Browser(app, admin)


def form_of(package: Package, **changes: Any) -> dict[str, Any]:
    """Return what the editor of a saved package sends, changed."""
    data = as_input(package)
    lines: dict[str, Any] = {"feature": [str(place) for place in range(len(data.features))]}
    for place, one in enumerate(data.features):
        more = {f"feature-{place}-title": one.title, f"feature-{place}-description": one.description}
        lines |= more | ({f"feature-{place}-included": "1"} if one.included else {})
    sent = {
        "version": version_of(data),
        "name": data.name,
        "slug": data.slug,
        "exam_type": data.exam_type,
        "short_description": data.short_description,
        "price": f"{(data.price or 0) / 100:.2f}",
        "discount_price": "" if data.discount_price is None else f"{data.discount_price / 100:.2f}",
        "validity_days": str(data.validity_days),
        "max_sessions": str(data.max_sessions),
        "session_minutes": str(data.session_minutes),
        "badge": data.badge,
        "counsellor_ids": list(data.counsellor_ids),
        **({"is_active": "y"} if data.is_active else {}),
        **({"is_featured": "y"} if data.is_featured else {}),
        **lines,
    }
    return {**sent, **changes}


def words(answer: TestResponse, status: int = 200) -> str:
    """Return a page as one line of text with its tags."""
    assert answer.status_code == status, answer.get_data(as_text=True)[:2000]
    return " ".join(answer.get_data(as_text=True).split())


def only() -> Package:
    """Return the only package there is."""
    return db.session.scalars(select(Package)).one()


def names() -> list[str]:
    """Return all packages by name, in their order."""
    return list(db.session.scalars(select(Package.name).order_by(Package.display_order, Package.id)))
