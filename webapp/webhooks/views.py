"""Pages of webhooks, for admins: endpoints, their deliveries, and what can be done about both."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response, flash, g, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from webapp.core import once
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import InvalidState, ValidationFailed
from webapp.core.htmx import is_htmx, render, see_other
from webapp.core.pagination import read_page
from webapp.webhooks import presenters, queries
from webapp.webhooks.forms import EndpointForm
from webapp.webhooks.keys import ending_of
from webapp.webhooks.models import AttemptStatus, WebhookEndpoint
from webapp.webhooks.rules import TEST_EVENT, WebhookEvent
from webapp.webhooks.services import (
    Actor,
    create_endpoint,
    delete_endpoint,
    renew_secret,
    replay_delivery,
    replay_failed,
    send_test,
    switch_off,
    switch_on,
    update_endpoint,
)

EVENTS = (*(event.value for event in WebhookEvent), TEST_EVENT)
SECRET = "webhook_secret"  # noqa: S105  the name it waits under, see core.once
blueprint = Blueprint("webhooks", __name__)


def me() -> Actor:
    """Return who is signed in."""
    return cast(Actor, current_user._get_current_object())  # noqa: SLF001


@blueprint.get("/admin/webhooks")
@allow("admin")
def index() -> Response:
    """List the endpoints."""
    rows, page = queries.list_endpoints(read_page(request.args.get("page")))
    path = url_for("webhooks.index")
    return render(
        "webhooks/index.html",
        "webhooks/_endpoints.html",
        rows=rows,
        page=page,
        words=presenters,
        url_for_page=lambda number: f"{path}?page={number}",
    )


@blueprint.get("/admin/webhooks/new")
@allow("admin")
def new() -> Response:
    """Ask for address and events."""
    return render("webhooks/edit.html", "webhooks/_form.html", form=EndpointForm(), endpoint=None)


@blueprint.post("/admin/webhooks/new")
@allow("admin")
def create() -> BaseResponse:
    """Add an endpoint and go on to its page, which shows the secret once."""
    form = EndpointForm()
    if not form.validate_on_submit():
        return _form_again(form, None)
    try:
        with transaction():
            endpoint, secret = create_endpoint(
                actor=me(),
                url=form.url.data or "",
                events=form.events.data or [],
                description=form.description.data or "",
                now=g.now,
            )
            public_id = endpoint.public_id
    except ValidationFailed as error:
        form.show_errors(error.fields)
        return _form_again(form, None)
    return _show_secret(public_id, secret, "The webhook is on.")


@blueprint.get("/admin/webhooks/<public_id>/edit")
@allow("admin")
def edit(public_id: str) -> Response:
    """Show an endpoint's address and events as a form."""
    endpoint = queries.get_endpoint(public_id)
    return render("webhooks/edit.html", "webhooks/_form.html", form=EndpointForm.filled(endpoint), endpoint=endpoint)


@blueprint.post("/admin/webhooks/<public_id>/edit")
@allow("admin")
def save(public_id: str) -> BaseResponse:
    """Save an endpoint's address, events and note."""
    form = EndpointForm()
    endpoint = queries.get_endpoint(public_id)
    if not form.validate_on_submit():
        return _form_again(form, endpoint)
    try:
        with transaction():
            update_endpoint(
                actor=me(),
                endpoint_id=public_id,
                url=form.url.data or "",
                events=form.events.data or [],
                description=form.description.data or "",
            )
    except ValidationFailed as error:
        form.show_errors(error.fields)
        return _form_again(form, queries.get_endpoint(public_id))
    flash("Saved.", "ok")
    return see_other(url_for("webhooks.detail", public_id=public_id))


@blueprint.get("/admin/webhooks/<public_id>")
@allow("admin")
def detail(public_id: str) -> Response:
    """Show an endpoint with its deliveries, by ``status`` and ``event``."""
    endpoint = queries.get_endpoint(public_id)
    return _detail(endpoint, secret=None if is_htmx() else once.take(SECRET, public_id))


@blueprint.post("/admin/webhooks/<public_id>/switch")
@allow("admin")
def switch(public_id: str) -> BaseResponse:
    """Switch an endpoint on (``active`` is 1) or off."""
    wanted = request.form.get("active") == "1"
    with transaction():
        (switch_on if wanted else switch_off)(actor=me(), endpoint_id=public_id)
    flash("The webhook is on." if wanted else "The webhook is off. What was waiting is cancelled.", "ok")
    return see_other(url_for("webhooks.detail", public_id=public_id))


@blueprint.post("/admin/webhooks/<public_id>/secret")
@allow("admin")
def renew(public_id: str) -> BaseResponse:
    """Make a new secret and show it once."""
    with transaction():
        _endpoint, secret = renew_secret(actor=me(), endpoint_id=public_id)
    return _show_secret(public_id, secret, "The old secret signs nothing any more.")


@blueprint.post("/admin/webhooks/<public_id>/delete")
@allow("admin")
def delete(public_id: str) -> BaseResponse:
    """Delete an endpoint with its log."""
    with transaction():
        delete_endpoint(actor=me(), endpoint_id=public_id)
    flash("The webhook and its log are deleted.", "ok")
    return see_other(url_for("webhooks.index"))


@blueprint.post("/admin/webhooks/<public_id>/test")
@allow("admin")
def test(public_id: str) -> BaseResponse:
    """Send a test event."""
    try:
        with transaction():
            send_test(actor=me(), endpoint_id=public_id, now=g.now)
    except InvalidState as error:
        return _detail(queries.get_endpoint(public_id), problem=error.message, status=409)
    flash("A test event is on its way.", "ok")
    return see_other(url_for("webhooks.detail", public_id=public_id))


@blueprint.post("/admin/webhooks/<public_id>/replay-failed")
@allow("admin")
def replay_all(public_id: str) -> BaseResponse:
    """Send everything again that was given up."""
    try:
        with transaction():
            number = replay_failed(actor=me(), endpoint_id=public_id, now=g.now)
    except InvalidState as error:
        return _detail(queries.get_endpoint(public_id), problem=error.message, status=409)
    words = "1 delivery goes again." if number == 1 else f"{number} deliveries go again."
    flash(words if number else "Nothing was given up.", "ok")
    return see_other(url_for("webhooks.detail", public_id=public_id))


@blueprint.get("/admin/webhooks/<public_id>/deliveries/<delivery_id>")
@allow("admin")
def delivery(public_id: str, delivery_id: str) -> Response:
    """Show one delivery: what was sent last, and what came back."""
    return _delivery(public_id, delivery_id)


@blueprint.post("/admin/webhooks/<public_id>/deliveries/<delivery_id>/replay")
@allow("admin")
def replay(public_id: str, delivery_id: str) -> BaseResponse:
    """Send one delivery again."""
    queries.get_delivery(public_id, delivery_id)
    try:
        with transaction():
            replay_delivery(actor=me(), delivery_id=delivery_id, now=g.now)
    except InvalidState as error:
        return _delivery(public_id, delivery_id, problem=error.message, status=409)
    flash("It goes again, with the same id.", "ok")
    return see_other(url_for("webhooks.delivery", public_id=public_id, delivery_id=delivery_id))


def _form_again(form: EndpointForm, endpoint: WebhookEndpoint | None) -> Response:
    return render("webhooks/edit.html", "webhooks/_form.html", status=422, form=form, endpoint=endpoint)


def _show_secret(public_id: str, secret: str, words: str) -> BaseResponse:
    """Go on to the page that shows the secret; where it cannot wait for that page, show it in this answer."""
    if once.put_by(SECRET, public_id, secret):
        flash(words, "ok")
        return see_other(url_for("webhooks.detail", public_id=public_id))
    return _detail(queries.get_endpoint(public_id), secret=secret)


def _detail(endpoint: WebhookEndpoint, *, secret: str | None = None, problem: str = "", status: int = 200) -> Response:
    asked = {name: request.args.get(name, "").strip()[:60] for name in ("status", "event")}
    wanted = AttemptStatus(asked["status"]) if asked["status"] in list(AttemptStatus) else None
    if asked["event"] not in EVENTS:
        asked["event"] = ""
    page = queries.deliveries_of(
        endpoint, status=wanted, event=asked["event"], page=read_page(request.args.get("page"))
    )
    path = url_for("webhooks.detail", public_id=endpoint.public_id)
    _waiting, failed = queries.count_open([endpoint.id]).get(endpoint.id, (0, 0))
    answer = render(
        "webhooks/detail.html",
        "webhooks/_deliveries.html" if not secret and not problem else None,
        status=status,
        endpoint=endpoint,
        listing=presenters.list_of(page, path, asked, waits=endpoint.is_active, now=g.now),
        asked=asked,
        failed=failed,
        secret=secret,
        ending=ending_of(endpoint),
        problem=problem,
        words=presenters,
        events=EVENTS,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _delivery(public_id: str, delivery_id: str, *, problem: str = "", status: int = 200) -> Response:
    found = queries.get_delivery(public_id, delivery_id)
    return render(
        "webhooks/delivery.html",
        None if problem else "webhooks/_delivery.html",
        status=status,
        delivery=found,
        endpoint=found.endpoint,
        problem=problem,
        words=presenters,
    )
