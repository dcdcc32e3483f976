"""What a student writes on a session's page, agenda or own notes: one way to keep it, in place or as a page."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, flash, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.viewer import viewer
from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries import get_session_for
from webapp.core.db import transaction
from webapp.core.errors import DomainError, NotFound
from webapp.core.htmx import is_htmx, see_other


def keep_writing(
    public_id: str,
    form: FlaskForm,
    *,
    save: Callable[[], CounsellingSession],
    show: Callable[..., Response],
    said: str,
    anchor: str,
) -> BaseResponse:
    """Check the form and ``save`` it in one transaction; ``show`` what is wrong, or that it is kept.

    ``said`` and ``anchor``: the words, and the place on the session's page, for who came without scripts.

    Raises:
        NotFound: no such session, or not the viewer's.
    """
    session = get_session_for(viewer(), public_id)
    if not form.validate_on_submit():
        return show(session, form, status=422)
    try:
        with transaction():
            session = save()
    except NotFound:
        raise
    except DomainError as error:
        return show(get_session_for(viewer(), public_id), None, status=error.http_status, problem=error.message)
    if is_htmx():
        return show(session, None, saved=True)
    flash(said, "ok")
    return see_other(f"{url_for('bookings.detail', public_id=public_id)}#{anchor}")
