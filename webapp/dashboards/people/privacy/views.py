"""Doors to the copy of a person's data: for the person, and for an admin who is asked for it."""

from __future__ import annotations

from flask import Blueprint, Response, g, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.models import User
from webapp.accounts.viewer import viewer
from webapp.audit.services import record
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import InvalidState
from webapp.dashboards.people.person import find_person
from webapp.dashboards.people.privacy.copying import copy_response

blueprint = Blueprint("privacy", __name__)


@blueprint.get("/account/data")
@allow("signed_in")
def page() -> BaseResponse:
    """Lead a reload to the account."""
    return redirect(url_for("accounts.account", _anchor="data"))


@blueprint.post("/account/data")
@allow("signed_in")
def mine() -> Response:
    """Hand out everything we keep about who is signed in."""
    return _copy(viewer())


@blueprint.post("/admin/users/<public_id>/data")
@allow("admin")
def of_person(public_id: str) -> Response:
    """Hand out everything we keep about a person, to an admin who answers their request."""
    user = find_person(public_id)
    if user.erased_at is not None:
        raise InvalidState("This person's data was erased.")
    return _copy(user)


def _copy(user: User) -> Response:
    """Write down that a copy was made, then send it."""
    with transaction():
        record("user.exported", entity="user", entity_id=user.public_id, label=user.name, subject_id=user.id)
    return copy_response(user, zone=viewer().zone, now=g.now)
