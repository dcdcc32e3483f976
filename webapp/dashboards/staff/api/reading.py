"""Counsellors as everybody reads them."""

from __future__ import annotations

from typing import Any

from flask import g

from webapp.accounts.models import Role
from webapp.accounts.viewer import caller
from webapp.core.jsonapi.envelope import Answer, paged
from webapp.core.replicas import may_lag
from webapp.dashboards.staff.api.door import ID, door, shown
from webapp.dashboards.staff.programs import CounsellorView, CounsellorWish, counsellors_page
from webapp.dashboards.staff.schemas import CounsellorOut, CounsellorQuery


@door.endpoint(
    "GET",
    "",
    who=["public"],
    query=CounsellorQuery,
    answer=CounsellorOut,
    many=True,
    paged=True,
    example_query={"examType": "jee", "minRating": "4", "sort": "-rating"},
)
@may_lag
def list_counsellors(query: dict[str, Any]) -> Answer:
    """List counsellors with the next free time of each; admins see those who are not active, too."""
    user = caller()
    wish = CounsellorWish(
        exam=query.get("exam_type"),
        specialization=query.get("specialization"),
        language=query.get("language"),
        min_rating=query.get("min_rating"),
        max_price=query.get("max_price"),
        search=query["search"],
        available=query.get("available"),
        active=query.get("is_active"),
        featured=query.get("is_featured"),
        everything=user is not None and user.role is Role.ADMIN,
    )
    found = counsellors_page(wish, sort=query["sort"], reader=user, page=query["page"], limit=query["limit"], now=g.now)
    return paged(found)


@door.endpoint("GET", ID, who=["public"], answer=CounsellorOut)
@may_lag
def get_counsellor(counsellor_id: str) -> CounsellorView:
    """Return a counsellor."""
    return shown(counsellor_id)
