"""`/api/v1/users`."""

from __future__ import annotations

from typing import Any

from flask import g

from webapp.accounts.models import User
from webapp.accounts.services_admin import reactivate_user
from webapp.accounts.viewer import viewer
from webapp.core.db import transaction
from webapp.core.jsonapi.door import Door
from webapp.core.jsonapi.envelope import Answer, paged
from webapp.dashboards.people import services
from webapp.dashboards.people.lists import PeopleFilter, people_for_programs
from webapp.dashboards.people.person import find_person
from webapp.dashboards.people.schemas import AdminUserOut, UserPatchIn, UserQuery

door = Door("users", __name__, about="All accounts, for admins.", area=None)
ID = "/<user_id>"


@door.endpoint(
    "GET",
    "",
    who=["admin"],
    query=UserQuery,
    answer=AdminUserOut,
    many=True,
    paged=True,
    example_query={"role": "student", "isActive": "true"},
)
def list_users(query: dict[str, Any]) -> Answer:
    """List accounts, the newest first."""
    wanted = PeopleFilter(text=query.get("search", ""), role=query.get("role"), verified=query.get("email_verified"))
    found = people_for_programs(wanted, active=query.get("is_active"), page=query["page"], limit=query["limit"])
    return paged(found)


@door.endpoint("GET", ID, who=["admin"], answer=AdminUserOut)
def get_user(user_id: str) -> User:
    """Return an account."""
    return find_person(user_id)


@door.endpoint(
    "PATCH",
    ID,
    who=["admin"],
    body=UserPatchIn,
    answer=AdminUserOut,
    example={"isActive": False, "reason": "Asked to close the account"},
    errors=[409],
)
def update_user(user_id: str, body: dict[str, Any]) -> User:
    """Change the role, deactivate (out at once) or reactivate. What is so already stays as it is."""
    me, reason = viewer(), body["reason"]
    with transaction():
        user = find_person(user_id)
        if body.get("is_active") is True and not user.active:
            user = reactivate_user(actor=me, user_id=user_id, reason=reason, now=g.now)
        if body.get("role", user.role) is not user.role:
            user = services.change_role(actor=me, user_id=user_id, role=body["role"], reason=reason, now=g.now)
        if body.get("is_active") is False and user.active:
            user = services.deactivate(actor=me, user_id=user_id, reason=reason, now=g.now)
        return user
