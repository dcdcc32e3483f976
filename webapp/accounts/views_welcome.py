"""The page of an invitation: the first password, and in."""

from __future__ import annotations

from flask import flash, g, url_for
from werkzeug.wrappers import Response

from webapp.accounts import inviting
from webapp.accounts.errors import LinkInvalid
from webapp.accounts.forms import ResetForm, show_errors
from webapp.accounts.logins import home_url, safe_next, start_login
from webapp.accounts.models import User
from webapp.accounts.views import blueprint
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import DomainError, ValidationFailed
from webapp.core.htmx import render, see_other
from webapp.core.throttle import limited

__all__ = ["blueprint"]


@blueprint.get("/welcome/<token>")
@allow("public")
def welcome(token: str) -> Response:
    """Show the form for the first password, if the link is still good."""
    try:
        user, _ = inviting.find_invited(token, now=g.now)
    except LinkInvalid as error:
        return _dead(error)
    return _page(user, token, ResetForm())


@blueprint.post("/welcome/<token>")
@allow("public")
@limited("reset")
def accept_invitation(token: str) -> Response:
    """Set the first password, note the address as verified, sign in and go on."""
    form = ResetForm()
    try:
        with transaction():
            user, onward = inviting.accept_invitation(token=token, password=form.password.data or "", now=g.now)
    except LinkInvalid as error:
        return _dead(error)
    except ValidationFailed as error:
        show_errors(form, error.fields)
        return _page(inviting.find_invited(token, now=g.now)[0], token, form, status=error.http_status)
    start_login(user)
    flash("Your account is ready.", "ok")
    return see_other(safe_next(onward) or home_url(user))


def _page(user: User, token: str, form: ResetForm, status: int = 200) -> Response:
    form.password.label.text = "Password"
    return render("accounts/welcome.html", form=form, user=user, url=url_for(".welcome", token=token), status=status)


def _dead(error: DomainError) -> Response:
    return render("accounts/welcome_dead.html", message=error.message, status=error.http_status)
