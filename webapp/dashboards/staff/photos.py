"""A counsellor's photo: put up and taken down, by an admin or by the counsellor."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from flask import Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.viewer import viewer
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.htmx import is_htmx, render, see_other
from webapp.core.pictures import MOST_BYTES, PictureRefused
from webapp.core.uploads import drop_photo, keep_photo
from webapp.counsellors.models import Counsellor
from webapp.counsellors.queries import counsellor_for, counsellor_of
from webapp.counsellors.services import set_photo
from webapp.dashboards.staff.blueprint import blueprint
from webapp.dashboards.staff.editing import show_edit, show_own
from webapp.dashboards.staff.forms import PhotoForm

PART = "dashboards/staff/_photo.html"
NONE_CHOSEN = "Choose a photo first."
Again = Callable[[Counsellor, PhotoForm], Response]


@blueprint.post("/admin/counsellors/<public_id>/photo")
@allow("admin")
def photo(public_id: str) -> BaseResponse:
    """Put up or take down a counsellor's photo."""
    counsellor = counsellor_for(viewer(), public_id)
    here = url_for("staff.edit", public_id=public_id)
    return _change(counsellor, url_for("staff.photo", public_id=public_id), here, _edit_again)


@blueprint.post("/counsellor/profile/photo")
@allow("counsellor")
def own_photo() -> BaseResponse:
    """Put up or take down one's own photo."""
    return _change(counsellor_of(viewer()), url_for("staff.own_photo"), url_for("staff.profile"), _own_again)


def _edit_again(counsellor: Counsellor, form: PhotoForm) -> Response:
    return show_edit(counsellor, photo_form=form, status=422)


def _own_again(counsellor: Counsellor, form: PhotoForm) -> Response:
    return show_own(counsellor, photo_form=form, status=422)


def _change(counsellor: Counsellor, path: str, here: str, again: Again) -> BaseResponse:
    form, public_id = PhotoForm(), counsellor.public_id
    name = None
    if "remove" not in request.form:
        try:
            name = keep_photo(_sent())
        except PictureRefused as error:
            form.photo.errors = [str(error)]
            if is_htmx():
                return _part(counsellor, path, form, status=422)
            return again(counsellor, form)
    try:
        with transaction():
            counsellor = set_photo(actor=viewer(), counsellor_id=public_id, name=name)
    except BaseException:
        drop_photo(name)  # no row names it
        raise
    words = "The photo is up." if name else "The photo is taken down."
    if is_htmx():
        return _part(counsellor, path, PhotoForm(formdata=None), said=words)
    flash(words, "ok")
    return see_other(here)


def _sent() -> bytes:
    """The bytes of the file that came, at most one more than is allowed. Raises PictureRefused for none."""
    file = request.files.get("photo")
    if file is None or not file.filename:
        raise PictureRefused(NONE_CHOSEN)
    with closing(file):  # a large one lies in a temporary file
        content: bytes = file.stream.read(MOST_BYTES + 1)
    return content


def _part(counsellor: Counsellor, path: str, form: PhotoForm, *, status: int = 200, said: str = "") -> Response:
    return render(PART, status=status, counsellor=counsellor, photo_form=form, photo_path=path, said=said)
