"""Accounts for admins: the list and one person."""

from __future__ import annotations

from flask import Blueprint, Response, g, request, url_for

from webapp.accounts.models import Role
from webapp.accounts.viewer import viewer, viewer_zone
from webapp.core.access import allow
from webapp.core.htmx import render
from webapp.core.pagination import read_page
from webapp.dashboards.people import lists
from webapp.dashboards.people.acts import acts_for
from webapp.dashboards.people.forms import ROLE_WORDS
from webapp.dashboards.people.person import find_person, person_page
from webapp.payments.views.admin_base import Listing

blueprint = Blueprint("people", __name__)


@blueprint.get("/admin/users")
@allow("admin")
def index() -> Response:
    """List accounts by ``q`` (beginnings of name, mail, phone), ``role``, ``state`` and ``verified``."""
    asked = lists.read_asked(request.args)
    page = lists.people_page(lists.read_filter(asked), read_page(request.args.get("page")))
    return render(
        "people/index.html",
        "people/_list.html",
        listing=Listing(page, url_for("people.index"), asked, "users"),
        asked=asked,
        roles=[(role.value, words) for role, words in ROLE_WORDS.items()],
        role_words=ROLE_WORDS,
        states=list(lists.State),
        state_of=lists.state_of,
    )


@blueprint.get("/admin/users/<public_id>")
@allow("admin")
def person(public_id: str) -> Response:
    """Show one account with what its person has with us, and what can be done."""
    user = find_person(public_id)
    return render(
        "people/person.html",
        view=person_page(user, zone=viewer_zone(), now=g.now),
        person=user,
        state=lists.state_of(user),
        role_words=ROLE_WORDS,
        is_student=user.role is Role.STUDENT,
        acts=acts_for(user, viewer(), now=g.now),
        itself=user.id == viewer().id,
    )
