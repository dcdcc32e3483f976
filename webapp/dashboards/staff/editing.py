"""Making a counsellor and changing a profile, by an admin or by its owner."""

from __future__ import annotations

from flask import Response, flash, g, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.forms import show_errors
from webapp.accounts.viewer import viewer
from webapp.core.access import allow
from webapp.core.db import db, transaction
from webapp.core.errors import DomainError, NotFound
from webapp.core.htmx import render, see_other
from webapp.counsellors.models import Counsellor
from webapp.counsellors.queries import counsellor_for, counsellor_of, services_of, standing_of
from webapp.counsellors.services import create_counsellor, invite_again, update_profile
from webapp.counsellors.services.profiles import StaleProfile
from webapp.dashboards.counsellor.views import NO_PROFILE
from webapp.dashboards.staff.blueprint import blueprint
from webapp.dashboards.staff.forms import CounsellorForm, PhotoForm, ProfileForm, WhyForm
from webapp.dashboards.staff.queries import single_sessions_open
from webapp.dashboards.staff.services import save_counsellor
from webapp.packages.rules import exam_label

NEW, EDIT, OWN = (f"dashboards/staff/{name}.html" for name in ("new", "edit", "profile"))
Change = tuple[str, str]  # the label of a field, and what is stored there now


@blueprint.get("/admin/counsellors/new")
@allow("admin")
def new() -> Response:
    """Ask for a new counsellor."""
    return render(NEW, form=CounsellorForm(formdata=None))


@blueprint.post("/admin/counsellors/new")
@allow("admin")
def create() -> BaseResponse:
    """Make a counsellor and send the invitation."""
    form = CounsellorForm()
    if not form.validate_on_submit():
        return render(NEW, form=form, status=422)
    try:
        with transaction():
            counsellor, invited = create_counsellor(
                actor=viewer(),
                email=form.email.data or "",
                phone=form.phone.data or "",
                profile=form.profile(),
                record=form.record(),
                now=g.now,
            )
            public_id, name, email = counsellor.public_id, counsellor.name, counsellor.email
    except DomainError as error:
        show_errors(form, error.fields or {"": error.message})
        return render(NEW, form=form, status=error.http_status)
    went = f"An invitation goes to {email}." if invited else f"{email} signs in with the account it has."
    flash(f"{name} is made. {went}", "ok")
    return see_other(url_for("staff.edit", public_id=public_id))


@blueprint.get("/admin/counsellors/<public_id>")
@allow("admin")
def edit(public_id: str) -> Response:
    """Show all of a counsellor, to be changed."""
    return show_edit(counsellor_for(viewer(), public_id))


@blueprint.post("/admin/counsellors/<public_id>")
@allow("admin")
def save(public_id: str) -> BaseResponse:
    """Change a counsellor; a state of it that somebody else has changed is shown first."""
    form = CounsellorForm()
    if not form.validate_on_submit():
        return show_edit(counsellor_for(viewer(), public_id), form, status=422)
    try:
        with transaction():
            counsellor = save_counsellor(
                actor=viewer(),
                counsellor_id=public_id,
                email=form.email.data or "",
                phone=form.phone.data or "",
                profile=form.profile(),
                record=form.record(),
                seen=form.seen.data or "",
            )
            name = counsellor.name
    except DomainError as error:
        counsellor = counsellor_for(viewer(), public_id)
        theirs = _explain(error, form, CounsellorForm(formdata=None), counsellor)
        return show_edit(counsellor, form, status=error.http_status, theirs=theirs)
    flash(f"{name} is saved.", "ok")
    return see_other(url_for("staff.edit", public_id=public_id))


@blueprint.post("/admin/counsellors/<public_id>/invite")
@allow("admin")
def invite(public_id: str) -> BaseResponse:
    """Send the invitation once more."""
    with transaction():
        email = invite_again(actor=viewer(), counsellor_id=public_id, now=g.now).email
    flash(f"A new invitation goes to {email}.", "ok")
    return see_other(url_for("staff.edit", public_id=public_id))


def show_edit(
    counsellor: Counsellor,
    form: CounsellorForm | None = None,
    *,
    status: int = 200,
    theirs: list[Change] | None = None,
    photo_form: PhotoForm | None = None,
    why: WhyForm | None = None,
) -> Response:
    """Answer with an admin's page of one counsellor; forms that came back keep what was typed."""
    if form is None:
        form = CounsellorForm(formdata=None)
        form.fill(counsellor)
    return render(
        EDIT,
        status=status,
        counsellor=counsellor,
        standing=standing_of(counsellor),
        form=form,
        theirs=theirs,
        photo_form=photo_form or PhotoForm(formdata=None),
        why=why or WhyForm(formdata=None),
        services=services_of(counsellor.id),
        owed=[] if counsellor.is_active else single_sessions_open(counsellor.id, g.now),
        exam_label=exam_label,
        photo_path=url_for("staff.photo", public_id=counsellor.public_id),
        own=False,
    )


@blueprint.get("/counsellor/profile")
@allow("counsellor")
def profile() -> Response:
    """Show one's own profile, to be changed."""
    try:
        return show_own(counsellor_of(viewer()))
    except NotFound:
        return render(NO_PROFILE)


@blueprint.post("/counsellor/profile")
@allow("counsellor")
def save_profile() -> BaseResponse:
    """Change one's own profile."""
    counsellor, form = counsellor_of(viewer()), ProfileForm()
    if not form.validate_on_submit():
        return show_own(counsellor, form, status=422)
    public_id = counsellor.public_id
    try:
        with transaction():
            update_profile(
                actor=viewer(),
                counsellor_id=public_id,
                phone=form.phone.data or "",
                profile=form.profile(),
                seen=form.seen.data or "",
            )
    except DomainError as error:
        counsellor = counsellor_of(viewer())
        theirs = _explain(error, form, ProfileForm(formdata=None), counsellor)
        return show_own(counsellor, form, status=error.http_status, theirs=theirs)
    flash("Your profile is saved.", "ok")
    return see_other(url_for("staff.profile"))


def show_own(
    counsellor: Counsellor,
    form: ProfileForm | None = None,
    *,
    status: int = 200,
    theirs: list[Change] | None = None,
    photo_form: PhotoForm | None = None,
) -> Response:
    """Answer with a counsellor's own profile."""
    if form is None:
        form = ProfileForm(formdata=None)
        form.fill(counsellor)
    return render(
        OWN,
        status=status,
        counsellor=counsellor,
        form=form,
        theirs=theirs,
        photo_form=photo_form or PhotoForm(formdata=None),
        photo_path=url_for("staff.own_photo"),
        own=True,
    )


def _explain(error: DomainError, form: ProfileForm, stored: ProfileForm, counsellor: Counsellor) -> list[Change] | None:
    """Put an error into the form; of a stale one return what is stored otherwise, and let the next save pass."""
    if not isinstance(error, StaleProfile):
        show_errors(form, error.fields or {"": error.message})
        return None
    db.session.refresh(counsellor)
    stored.fill(counsellor)
    form.seen.data = stored.seen.data
    return [
        (entry.label.text, _words(entry.data))
        for entry in stored
        if entry.name not in ("seen", "csrf_token") and _words(entry.data) != _words(form[entry.name].data)
    ]


def _words(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(exam_label(str(one)) for one in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(str(value or "").split())
