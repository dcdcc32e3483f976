"""The slot picker of one counsellor: choosing is a GET, confirming a POST to the same address."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import replace
from functools import lru_cache

from flask import Response, flash, g, redirect, render_template, request, url_for
from flask_login import current_user
from htmx_flask import make_response
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.access import send_to_sign_in
from webapp.accounts.models import Role
from webapp.accounts.viewer import caller, viewer, viewer_zone
from webapp.bookings.forms import BookingForm, MoveForm
from webapp.bookings.panel import PanelKind
from webapp.bookings.picker_url import PickerQuery, PickerUrls, read_instant, read_query
from webapp.bookings.queries import booked_already
from webapp.bookings.queries.kept import kept_counsellor, know_picker
from webapp.bookings.selling import Article, seller
from webapp.bookings.services import Wish, book_session, look_before_booking, rebook_session, reschedule_session
from webapp.bookings.views.blueprint import blueprint
from webapp.bookings.views.layouts import layout_for_viewer
from webapp.bookings.views.moving import find_moving, offer_for_move
from webapp.bookings.views.offer import Offer, find_offer
from webapp.bookings.views.picker_page import LOST, PickerPage, Refusal, build_page
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import Conflict, DomainError, Forbidden, NotFound, SlotTaken, ValidationFailed
from webapp.core.htmx import htmx_target, is_htmx, see_other
from webapp.core.replicas import may_lag
from webapp.core.throttle import limited
from webapp.counsellors.models import Counsellor
from webapp.counsellors.queries import get_public

AnyForm = BookingForm | MoveForm
NO_COUNSELLOR = "This counsellor takes no bookings at the moment. Choose another one."
NO_TIME = "Choose a time first."
OWN_ALREADY = "This time is yours already."
FIELD_NAMES = {"meeting_mode": "mode"}  # a service's argument → the form's field


@blueprint.get("/book/<public_id>")
@allow("public")
@may_lag
def pick(public_id: str) -> BaseResponse:
    """Show the picker, or the parts of it that a choice or a refresh changed."""
    query = read_query(request.args, own_zone=viewer_zone())
    part = _part_wanted()
    if query.move and not current_user.is_authenticated:
        return _sign_in_first(public_id, query)
    know_picker(public_id, caller())
    offer = _offer(_counsellor_shown(public_id), query)
    query = _not_where_it_is(offer, query)
    page = build_page(
        offer,
        query,
        now=g.now,
        focus_panel=part is Part.CHOSEN,
        refreshing=part is Part.REFRESHED,
        was_lost=request.args.get("was") == LOST,
    )
    return _show(page, _empty(MoveForm if offer.moving else BookingForm), 422 if query.problems else 200, part)


@lru_cache
def _empty(form: type[AnyForm]) -> AnyForm:
    """Return the form as everybody is shown it first: only drawn, so one is enough; the token stands in the page."""
    return form(formdata=None, meta={"csrf": False})


@blueprint.post("/book/<public_id>")
@allow("public")
@limited("booking", unless="choose")
def book(public_id: str) -> BaseResponse:
    """Book the chosen time, or (button "choose") take another time with everything typed kept."""
    other, chosen = (read_instant(request.form.get(name, "")) for name in ("choose", "at"))
    query = read_query(request.args, own_zone=viewer_zone())
    query = replace(query, at=other or chosen, date=None if other or chosen else query.date, problems=())
    if not current_user.is_authenticated:
        return _sign_in_first(public_id, query)
    if current_user.role is not Role.STUDENT and not query.move:
        raise Forbidden("Sessions are booked from a student's account.")
    who, form = _counsellor(public_id), MoveForm() if query.move else BookingForm()
    if other is not None:
        return _choose(who, query, form)
    if not form.validate_on_submit() or chosen is None:
        return _refuse(who, query, form, None if form.errors else ValidationFailed(NO_TIME))
    offer = None if query.move else find_offer(who, query, g.now)
    try:
        return see_other(_book(offer, form, chosen) if offer else _move(who, query, form, chosen))
    except SlotTaken as error:
        # what one may book with has not changed by it
        return _own_already(who, query, chosen) or _refuse(who, query, form, error, offer)
    except DomainError as error:
        return _refuse(who, query, form, error)


def _own_already(who: Counsellor, query: PickerQuery, chosen: dt.datetime) -> BaseResponse | None:
    """Lead to the session if the time is the viewer's own: sent twice, or again because the first answer was lost."""
    own = None if query.move else booked_already(viewer().id, who.id, chosen, g.now)
    if own is None:
        return None
    flash(OWN_ALREADY, "ok")
    return see_other(url_for("bookings.detail", public_id=own))


def _counsellor(public_id: str) -> Counsellor:
    try:
        return get_public(public_id)
    except NotFound:
        raise NotFound(NO_COUNSELLOR) from None


def _counsellor_shown(public_id: str) -> Counsellor:
    try:
        return kept_counsellor(public_id, now=g.now)
    except NotFound:
        raise NotFound(NO_COUNSELLOR) from None


def _book(offer: Offer, form: BookingForm, chosen: dt.datetime) -> str:
    """Book and return the new session's address; or keep the time and return the checkout's."""
    if offer.kind is PanelKind.VERIFY:
        raise Forbidden(f"{offer.heading}. {offer.words}")
    if offer.kind is PanelKind.BUY and offer.article is not None:
        return _keep(offer, offer.article, form, chosen)
    if offer.enrolment is None:
        raise Conflict(f"{offer.heading}. {offer.words}")
    wish = Wish(offer.counsellor.public_id, offer.enrolment.public_id, chosen)
    wanted = look_before_booking(student=viewer(), wish=wish, now=g.now)  # who is late rolls nothing back
    with transaction():
        session = book_session(
            student=viewer(),
            counsellor_id=wish.counsellor_id,
            enrolment_id=wish.enrolment_id,
            starts_at=chosen,
            agenda=form.agenda.data or "",
            meeting_mode=form.mode.data,
            now=g.now,
            wanted=wanted,
        )
        return url_for("bookings.detail", public_id=session.public_id)


def _offer(who: Counsellor, query: PickerQuery) -> Offer:
    if query.move:
        return offer_for_move(who, find_moving(viewer(), query.move, g.now))
    return find_offer(who, query, g.now)


def _not_where_it_is(offer: Offer, query: PickerQuery) -> PickerQuery:
    """Take the choice back of who chose the time that the session has already."""
    if offer.moving is None or query.at != offer.moving.session.starts_at:
        return query
    return replace(query, at=None, date=query.day, problems=("That is the time it has now. Choose another one.",))


def _move(who: Counsellor, query: PickerQuery, form: MoveForm, chosen: dt.datetime) -> str:
    """Move the session, or cancel it and book anew; return the new one's address."""
    moving = find_moving(viewer(), query.move, g.now)
    offer_for_move(who, moving)
    act = rebook_session if moving.rebooks else reschedule_session
    reason = form.reason.data or ""
    with transaction():
        session = act(actor=viewer(), session_id=query.move, starts_at=chosen, reason=reason, now=g.now)
        asks, address = session.expires_at is not None, url_for("bookings.detail", public_id=session.public_id)
    flash(
        "Asked for the new time; the old one is free again." if asks else "Moved. Both get the new time by mail.", "ok"
    )
    return address


def _keep(offer: Offer, article: Article, form: BookingForm, chosen: dt.datetime) -> str:
    """Order with the time kept and return the address where it is paid."""
    with transaction():
        return seller()(
            student=viewer(),
            item=article.item,
            counsellor=offer.counsellor,
            starts_at=chosen,
            agenda=form.agenda.data or "",
            meeting_mode=form.mode.data,
            now=g.now,
        )


def _choose(who: Counsellor, query: PickerQuery, form: AnyForm) -> Response:
    """Show another chosen time in the panel; what was typed comes back with it."""
    page = build_page(_offer(who, query), query, now=g.now, focus_panel=True, form_filled=True)
    answer = _show(page, form, 409 if page.panel.lost else 200, _posted_part())
    answer.headers["HX-Push-Url"] = page.here
    return answer


def _refuse(
    who: Counsellor, query: PickerQuery, form: AnyForm, error: DomainError | None, offer: Offer | None = None
) -> Response:
    """Show the picker again with what is wrong, where it is wrong; nothing typed is lost."""
    refusal, offer = None, offer or _offer(who, query)
    if error is not None:
        error = _fields_first(form, error)
        refusal = Refusal(
            words=error.message,
            near=error.nearest if isinstance(error, SlotTaken) else (),
            lost=isinstance(error, SlotTaken),
        )
    page = build_page(
        offer,
        _not_where_it_is(offer, query),
        now=g.now,
        refusal=refusal,
        focus_panel=refusal is not None,
        form_filled=True,
    )
    return _show(page, form, error.http_status if error else 422, _posted_part())


def _fields_first(form: AnyForm, error: DomainError) -> DomainError:
    """Put messages that belong to a field of the form at that field."""
    for name, words in error.fields.items():
        field = getattr(form, FIELD_NAMES.get(name, name), None)
        if field is not None:
            field.errors = [*field.errors, words]
        elif isinstance(error, ValidationFailed):
            error = ValidationFailed(words)
    return error


def _sign_in_first(public_id: str, query: PickerQuery) -> BaseResponse:
    if is_htmx():
        return send_to_sign_in()
    back = PickerUrls(url_for("bookings.pick", public_id=public_id), query).here()
    return redirect(url_for("accounts.login", next=back), 303)


class Part(enum.StrEnum):
    """Which template answers: the page, the picker in it, or what one act changed."""

    PAGE = "pick"
    PICKER = "_picker"
    CHOSEN = "_chosen"
    REFRESHED = "_refreshed"


def _part_wanted() -> Part:
    """Tell by the element that htmx will swap."""
    if not is_htmx():
        return Part.PAGE
    return {"confirm": Part.CHOSEN, "slots-refresh": Part.REFRESHED}.get(htmx_target(), Part.PICKER)


def _posted_part() -> Part:
    return Part.PICKER if is_htmx() else Part.PAGE


def _show(page: PickerPage, form: AnyForm, status: int, part: Part) -> Response:
    html = render_template(f"bookings/{part}.html", page=page, form=form, layout=layout_for_viewer())
    answer: Response = make_response(html, status)
    return answer
