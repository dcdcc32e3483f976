"""Pages of partners' keys, for admins: who has one, what it may do, and its end."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, flash, g, request, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse
from wtforms import SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from webapp.accounts.forms import Marks
from webapp.accounts.models import ApiKey
from webapp.accounts.models.logins import LONGEST_KEY_NAME
from webapp.accounts.partners import SCOPES, api_key_works, api_keys_page, make_api_key, revoke_api_key
from webapp.accounts.viewer import viewer
from webapp.core import once
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import InvalidState, ValidationFailed
from webapp.core.htmx import is_htmx, render, see_other
from webapp.core.pagination import read_page

blueprint = Blueprint("keys", __name__)
SECRET = "api_key"  # noqa: S105  the name it waits under, see core.once
FIELDS = ("name", "scopes")
RIGHTS = [SelectChoice(one, one) for one in SCOPES]
# The areas in the words of the pages: what reading shows, and what writing does ("" where there is nothing to do).
AREA_WORDS: Mapping[str, tuple[str, str, str]] = {
    "packages": ("Packages", "What is sold, with prices", "Make, change and archive them"),
    "counsellors": ("Counsellors", "Who counsels, with figures", "Add, change and deactivate them"),
    "availability": ("Free times", "Hours, days off and free times", "Change hours and days off"),
    "enrollments": ("Enrolments", "Who has which package", "Give, assign and cancel them"),
    "sessions": ("Sessions", "All sessions with their students", "Answer, move, cancel and finish them"),
    "reviews": ("Reviews", "Reviews, those that wait too", "Publish them and take them back"),
    "inquiries": ("Inquiries", "Leads with mail and phone", "Send and work with them"),
    "payments": ("Payments", "Payments and receipts", "Decide about refunds"),
    "coupons": ("Coupons", "Codes and how often they were used", "Make, change and end them"),
    "stats": ("Figures", "The numbers of the admin’s home", ""),
}


class KeyForm(FlaskForm):  # type: ignore[misc]
    """For whom, and what it may do; the service checks both."""

    name = StringField("Partner", [Marks(required=True, maxlength=LONGEST_KEY_NAME)], render_kw={"autocomplete": "off"})
    scopes = SelectMultipleField("What it may do", choices=RIGHTS, validate_choice=False)


@blueprint.get("/admin/api-keys")
@allow("admin")
def index() -> Response:
    """List the keys; ``made`` shows the one that was made just now, once."""
    made = request.args.get("made", "")[:40]
    return _index(once.take(SECRET, made) if made and not is_htmx() else None)


def _index(secret: str | None = None, *, problem: str = "", status: int = 200) -> Response:
    path = url_for("keys.index")
    answer = render(
        "dashboards/system/keys.html",
        "dashboards/system/_keys.html" if not secret and not problem else None,
        status=status,
        page=api_keys_page(actor=viewer(), page=read_page(request.args.get("page"))),
        url_for_page=lambda number: f"{path}?page={number}",
        works=api_key_works,
        rights=rights_of,
        secret=secret,
        problem=problem,
    )
    if secret:
        answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.get("/admin/api-keys/new")
@allow("admin")
def new() -> Response:
    """Ask for whom a key is and what it may do."""
    return _form(KeyForm())


@blueprint.post("/admin/api-keys/new")
@allow("admin")
def create() -> BaseResponse:
    """Make a key and go on to the list, which shows it once."""
    form = KeyForm()
    try:
        with transaction():
            row, key = make_api_key(actor=viewer(), name=form.name.data or "", scopes=form.scopes.data or [])
            made = row.public_id
    except ValidationFailed as error:
        form.name.errors, form.scopes.errors = ([error.fields[one]] if one in error.fields else [] for one in FIELDS)
        return _form(form, error.http_status)
    if once.put_by(SECRET, made, key):
        return see_other(url_for("keys.index", made=made))
    return _index(key)


def _form(form: KeyForm, status: int = 200) -> Response:
    return render(
        "dashboards/system/key_new.html",
        "dashboards/system/_key_form.html",
        status=status,
        form=form,
        areas=AREA_WORDS,
    )


@blueprint.post("/admin/api-keys/<public_id>/revoke")
@allow("admin")
def revoke(public_id: str) -> BaseResponse:
    """End a key; its next call is refused."""
    try:
        with transaction():
            name = revoke_api_key(actor=viewer(), key_id=public_id, now=g.now).name
    except InvalidState as error:
        return _index(problem=error.message, status=error.http_status)
    flash(f"The key of {name} is revoked.", "ok")
    return see_other(url_for("keys.index"))


def rights_of(key: ApiKey) -> list[str]:
    """Return what a key may do, area by area: "Packages: read", "Inquiries: read and change"."""
    said = []
    for area, (name, _reads, _writes) in AREA_WORDS.items():
        if f"{area}:write" in key.scopes:
            said.append(f"{name}: read and change")
        elif f"{area}:read" in key.scopes:
            said.append(f"{name}: read")
    return said
