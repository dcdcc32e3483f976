"""Doors of what is done to an account."""

from __future__ import annotations

from flask import flash, g, request, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from webapp.accounts.forms import show_errors
from webapp.accounts.logins import home_url
from webapp.accounts.models import User
from webapp.accounts.services_admin import send_again
from webapp.accounts.viewer import viewer
from webapp.accounts.viewing import keep_looking, looked_at, stop_looking
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import DomainError, Forbidden, NotFound
from webapp.core.htmx import render, see_other
from webapp.dashboards.people.acts import LOOK, Act, act_for, ask
from webapp.dashboards.people.person import find_person
from webapp.dashboards.people.views import blueprint

SENT = {
    "invitation": "The invitation is on its way to {mail}.",
    "verification": "The link to verify the address is on its way to {mail}.",
    "reset": "A link for a new password is on its way to {mail}. It is good for 15 minutes.",
}


@blueprint.get("/admin/users/<public_id>/do/<act>")
@allow("admin")
def act(public_id: str, act: str) -> Response:
    """Ask what an act needs to know, on a page of its own."""
    user = find_person(public_id)
    wanted = act_for(act, user, viewer())
    return _ask(wanted, user, wanted.form(formdata=None, role=user.role.value))


@blueprint.post("/admin/users/<public_id>/do/<act>")
@allow("admin")
def do(public_id: str, act: str) -> Response:
    """Do it, and say so on the person's page; looking goes on to that person's home."""
    user = find_person(public_id)
    wanted = act_for(act, user, viewer())
    form = wanted.form()
    try:
        with transaction():
            said = wanted.run(viewer(), user, form, g.now)
    except (NotFound, Forbidden):
        raise
    except DomainError as error:
        show_errors(form, error.fields or {"": error.message})
        return _ask(wanted, find_person(public_id), form, status=error.http_status)
    if wanted.key == LOOK.key:
        keep_looking(user)
        return see_other(home_url(user))
    flash(said, "ok")
    return see_other(url_for("people.person", public_id=public_id))


def _ask(wanted: Act, user: User, form: FlaskForm, status: int = 200) -> Response:
    asked = ask(wanted, user, form, now=g.now)
    return render("people/act.html", "people/_act_form.html", asked=asked, person=user, status=status)


@blueprint.post("/admin/users/<public_id>/send")
@allow("admin")
def send(public_id: str) -> Response:
    """Send a mail again: ``what`` is invitation, verification or reset."""
    what = request.form.get("what", "")
    with transaction():
        user = send_again(actor=viewer(), user_id=public_id, what=what, now=g.now)
        mail = user.email
    flash(SENT[what].format(mail=mail), "ok")
    return see_other(url_for("people.person", public_id=public_id))


@blueprint.post("/view-as/stop")
@allow("signed_in")
def stop_viewing() -> Response:
    """Stop looking as somebody else, and come back to that person's page; harmless when nobody looks."""
    person = looked_at()
    if person is None:
        return see_other(home_url(viewer()))
    with transaction():
        stop_looking(person)
    keep_looking(None)
    return see_other(url_for("people.person", public_id=person.public_id))
