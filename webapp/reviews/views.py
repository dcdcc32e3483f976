"""Pages of reviews: the student writes, the admin publishes, the counsellor answers."""

from __future__ import annotations

from flask import Blueprint, Response, flash, g, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.viewer import viewer
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import DomainError, DuplicateEntry, InvalidState, NotFound, ValidationFailed
from webapp.core.htmx import is_htmx, render, see_other
from webapp.core.pagination import read_page
from webapp.reviews import queries, services
from webapp.reviews.forms import ModerationForm, ResponseForm, ReviewForm
from webapp.reviews.models import Review
from webapp.reviews.queries import ReviewFilter
from webapp.reviews.rules import ASPECTS
from webapp.reviews.table_files import read_show

blueprint = Blueprint("reviews", __name__)
THANKS = "Thank you. Your review is public once we have read it."


@blueprint.get("/sessions/<public_id>/review")
@allow("student")
def write(public_id: str) -> Response:
    """Show the form, filled with what is there; a published review is shown as it stands."""
    session = services.session_to_review(viewer(), public_id)
    form, review = ReviewForm(formdata=None), queries.review_of_session(session.id)
    if review is not None:
        form.show(review)
    return _page(public_id, form, review)


@blueprint.post("/sessions/<public_id>/review")
@allow("student")
def send(public_id: str) -> BaseResponse:
    """Write the review, or change the one that waits."""
    form, student = ReviewForm(), viewer()
    session = services.session_to_review(student, public_id)
    review = queries.review_of_session(session.id)
    form.validate()
    said = form.said()
    try:
        with transaction():
            if review is None:
                services.write_review(student=student, session_id=public_id, said=said, now=g.now)
            else:
                services.edit_review(student=student, session_id=public_id, said=said)
    except ValidationFailed as error:
        form.show_errors({name: words for name, words in error.fields.items() if not form.errors.get(name)})
        return _page(public_id, form, review, status=422)
    except (DuplicateEntry, InvalidState) as error:
        current = queries.review_of_session(session.id)
        return _page(public_id, form, current, status=error.http_status, problem=error.message)
    flash(THANKS if review is None else "Your review is changed.", "ok")
    return see_other(url_for("bookings.detail", public_id=public_id))


def _page(public_id: str, form: ReviewForm, review: Review | None, *, status: int = 200, problem: str = "") -> Response:
    session = services.session_to_review(viewer(), public_id)
    return render(
        "reviews/write.html",
        "reviews/_form.html",
        status=status,
        session=session,
        form=form,
        review=review,
        problem=problem,
        aspect_names=tuple(ASPECTS),
        aspect_labels=ASPECTS,
    )


@blueprint.get("/counsellor/reviews")
@allow("counsellor")
def mine() -> Response:
    """List the counsellor's published reviews, each with its answer or a form for one."""
    return _mine()


def _mine(*, status: int = 200, wrong: str = "", form: ResponseForm | None = None) -> Response:
    path = url_for("reviews.mine")
    return render(
        "reviews/mine.html",
        "reviews/_mine.html",
        status=status,
        page=queries.reviews_of_counsellor(viewer().id, read_page(request.args.get("page"))),
        url_for_page=lambda number: f"{path}?page={number}",
        form=form or ResponseForm(formdata=None),
        wrong=wrong,
    )


@blueprint.post("/counsellor/reviews/<public_id>/respond")
@allow("counsellor")
def respond(public_id: str) -> BaseResponse:
    """Answer a review in public."""
    form = ResponseForm()
    if not form.validate():
        return _mine(status=422, wrong=public_id, form=form)
    with transaction():
        services.respond_to_review(actor=viewer(), review_id=public_id, text=form.response.data or "", now=g.now)
    if is_htmx():
        return _mine()
    flash("Your answer is public.", "ok")
    return see_other(url_for("reviews.mine"))


@blueprint.get("/admin/reviews")
@allow("admin")
def moderate() -> Response:
    """List reviews: those that wait first."""
    return _moderation()


def _moderation(*, status: int = 200, problem: str = "") -> Response:
    show = read_show(request.args.get("show", ""))
    path = url_for("reviews.moderate")
    return render(
        "reviews/moderate.html",
        "reviews/_moderate.html",
        status=status,
        page=queries.reviews_for_admin(show, read_page(request.args.get("page"))),
        tabs=[
            (name.value.replace("-", " ").capitalize(), f"{path}?show={name}", name is show) for name in ReviewFilter
        ],
        show=show,
        url_for_page=lambda number: f"{path}?show={show}&page={number}",
        form=ModerationForm(formdata=None),
        problem=problem,
    )


@blueprint.post("/admin/reviews/<public_id>/<any(publish, unpublish):step>")
@allow("admin")
def decide(public_id: str, step: str) -> BaseResponse:
    """Publish a review or take it back, with a note for staff."""
    form = ModerationForm()
    form.validate()
    try:
        with transaction():
            if step == "publish":
                services.publish_review(actor=viewer(), review_id=public_id, note=form.note.data or "", now=g.now)
            else:
                services.unpublish_review(actor=viewer(), review_id=public_id, note=form.note.data or "", now=g.now)
    except NotFound:
        raise
    except DomainError as error:
        return _moderation(status=error.http_status, problem=next(iter(error.fields.values()), error.message))
    if is_htmx():
        return _moderation()
    flash("Published." if step == "publish" else "Taken back.", "ok")
    return see_other(url_for("reviews.moderate", show=request.args.get("show") or None))
