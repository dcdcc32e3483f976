"""`/api/v1/counselling-packages`."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from flask import g

from webapp.accounts.viewer import caller_is_admin, viewer
from webapp.core.db import transaction
from webapp.core.jsonapi.door import Door
from webapp.core.jsonapi.envelope import Answer, paged
from webapp.core.jsonapi.examples import PACKAGE
from webapp.core.replicas import may_lag
from webapp.packages import services
from webapp.packages.models import Package
from webapp.packages.queries import counsellors_of
from webapp.packages.queries.programs import PackageFilter, find_package, list_for_programs
from webapp.packages.rules.editing import FeatureInput, PackageInput
from webapp.packages.schemas import PackageDetailOut, PackageIn, PackageOut, PackagePatchIn, PackageQuery, ReorderIn
from webapp.packages.versions import as_input

door = Door("counselling-packages", __name__, about="What is sold.", area="packages")
NAMES = {"session_minutes": "sessionDuration", "terms": "termsAndConditions"}
EXAMPLE = {
    "name": "JEE Complete",
    "examType": "jee",
    "price": 19999,
    "discountPrice": 14999,
    "validityDays": 180,
    "maxSessions": 6,
    "sessionDuration": 45,
    "features": [{"title": "Choice list", "description": "Built together in the session", "included": True}],
    "highlights": ["JoSAA and CSAB"],
    "badge": "Most chosen",
    "badgeColor": "#0b7a75",
}


ID = "/<package_id>"


@door.endpoint(
    "GET",
    "",
    who=["public"],
    query=PackageQuery,
    answer=PackageOut,
    many=True,
    paged=True,
    example_query={"examType": "jee", "sort": "-price"},
)
@may_lag
def list_packages(query: dict[str, Any]) -> Answer:
    """List packages: those on sale; admins see all that are not archived."""
    wanted = PackageFilter(
        query.get("exam_type"), query.get("is_active"), query.get("is_featured"), everything=caller_is_admin()
    )
    return paged(list_for_programs(wanted, sort=query["sort"], page=query["page"], limit=query["limit"]))


@door.endpoint("GET", ID, who=["public"], answer=PackageDetailOut)
@may_lag
def get_package(package_id: str) -> dict[str, Any]:
    """Return a package with the counsellors who may be booked with it."""
    return _with_counsellors(find_package(public_id=package_id, everything=caller_is_admin()))


@door.endpoint("GET", "/slug/<slug>", who=["public"], answer=PackageDetailOut)
@may_lag
def get_package_by_slug(slug: str) -> dict[str, Any]:
    """Return a package by its address with the counsellors who may be booked with it."""
    return _with_counsellors(find_package(slug=slug, everything=caller_is_admin()))


def _with_counsellors(package: Package) -> dict[str, Any]:
    return {"package": package, "counsellors": counsellors_of(package)}


@door.endpoint(
    "POST",
    "",
    who=["admin"],
    body=PackageIn(),
    answer=PackageOut,
    status=201,
    example=EXAMPLE,
    names=NAMES,
)
def create_package(body: dict[str, Any]) -> Package:
    """Make a package. Without a slug one is made from the name."""
    with transaction():
        return services.create_package(actor=viewer(), data=_input(body), now=g.now)


@door.endpoint(
    "PATCH",
    ID,
    who=["admin"],
    body=PackagePatchIn(partial=True),
    answer=PackageOut,
    example={"price": 17999, "discountPercentage": 10},
    errors=[409],
    names=NAMES,
)
def update_package(package_id: str, body: dict[str, Any]) -> Package:
    """Change the fields that are given; who bought keeps what they bought."""
    with transaction():
        current = as_input(find_package(public_id=package_id, everything=True))
        return services.update_package(
            actor=viewer(), package_id=package_id, data=replace(current, **_changes(body)), now=g.now
        )


@door.endpoint("DELETE", ID, who=["admin"])
def delete_package(package_id: str) -> str:
    """Delete a package, or archive it where it has enrolments."""
    with transaction():
        gone = services.remove_package(actor=viewer(), package_id=package_id, now=g.now)
    return "The package is deleted." if gone else "The package is in use: it is archived."


@door.endpoint(
    "PATCH",
    "/reorder",
    who=["admin"],
    body=ReorderIn,
    errors=[404],
    example={"packages": [{"id": PACKAGE, "displayOrder": 3}]},
)
def reorder_packages(body: dict[str, Any]) -> str:
    """Give packages their places."""
    places = {row["id"]: row["display_order"] for row in body["packages"]}
    with transaction():
        services.reorder_packages(actor=viewer(), places=places, now=g.now)
    return "The order is saved."


def _input(body: dict[str, Any]) -> PackageInput:
    return PackageInput(**_changes(body))


def _changes(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body as fields of the service's input; a per cent alone takes the place of a kept price."""
    given = {name: value for name, value in body.items() if name != "currency"}
    for name in ("badge", "badge_color"):
        if name in given:
            given[name] = given[name] or ""
    if "features" in given:
        given["features"] = tuple(FeatureInput(**line) for line in given["features"])
    for name in ("highlights", "counsellor_ids"):
        if name in given:
            given[name] = tuple(given[name])
    if given.get("discount_percentage") is not None:
        given["discount_percentage"] = Decimal(str(given["discount_percentage"]))
        given.setdefault("discount_price", None)
    return given
