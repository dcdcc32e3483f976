"""The availability editor's pages: the same for a counsellor and, under /admin, for an admin."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, flash, g, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.models import Role
from webapp.availability.queries import editable_counsellor
from webapp.availability.services import CalendarChanged
from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries import house_deadline_hours
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import ValidationFailed
from webapp.core.htmx import render, see_other
from webapp.counsellors.models import Counsellor
from webapp.dashboards.availability.actions import Outcome, act
from webapp.dashboards.availability.changes import describe, merge, read_base
from webapp.dashboards.availability.forms import draft_of, parse_date, parse_moment, parse_month, read_draft
from webapp.dashboards.availability.impact import ChoiceNeeded, outside
from webapp.dashboards.availability.reading import load_saved
from webapp.dashboards.availability.rules_form import RulesForm
from webapp.dashboards.availability.saving import save_draft
from webapp.dashboards.availability.screen import Screen

blueprint = Blueprint("availability", __name__)
PAGE, PART = "availability/edit.html", "availability/_answer.html"
LINKED = 40  # sessions named in an address; more are shown by the whole list


@blueprint.route("/counsellor/availability", methods=["GET", "POST"])
@allow("counsellor")
def edit() -> BaseResponse:
    """Show or save one's own hours, days that differ and rules."""
    return _answer(editable_counsellor(current_user), url_for("availability.edit"))


@blueprint.route("/admin/counsellors/<public_id>/availability", methods=["GET", "POST"])
@allow("counsellor", "admin")
def edit_for(public_id: str) -> BaseResponse:
    """Show or save a counsellor's calendar; whose it is not, and who is no admin, finds nothing."""
    counsellor = editable_counsellor(current_user, public_id)
    return _answer(counsellor, url_for("availability.edit_for", public_id=public_id))


@blueprint.get("/counsellor/availability/outside")
@allow("counsellor")
def outside_hours() -> BaseResponse:
    """List one's upcoming sessions outside the hours."""
    return _outside(editable_counsellor(current_user), url_for("availability.edit"))


@blueprint.get("/admin/counsellors/<public_id>/availability/outside")
@allow("counsellor", "admin")
def outside_hours_for(public_id: str) -> BaseResponse:
    """List a counsellor's upcoming sessions outside the hours."""
    counsellor = editable_counsellor(current_user, public_id)
    return _outside(counsellor, url_for("availability.edit_for", public_id=public_id))


def _answer(counsellor: Counsellor, url: str) -> BaseResponse:
    if request.method == "GET":
        return _opened(counsellor, url)
    screen = _screen(counsellor, url, sent=True)
    action = request.form.get("action", "save")
    if action == "save":
        return _save(screen)
    screen.outcome = act(action, screen.draft, screen.ground)
    return _draw(_again(screen))


def _screen(counsellor: Counsellor, url: str, *, sent: bool) -> Screen:
    saved = load_saved(counsellor, g.now)
    rules, fresh = RulesForm(request.form if sent else None), RulesForm()
    for form in (rules, fresh):
        form.offer(saved.terms, g.now, house_deadline_hours())
    draft = read_draft(request.form, rules) if sent else draft_of(saved, rules)
    return Screen(counsellor, saved, draft, fresh, g.now, url)


def _again(screen: Screen) -> Screen:
    """A screen of the same draft after an action has changed it: nothing worked out before stays."""
    for entry in screen.draft.rules:
        entry.errors = []
    return Screen(
        screen.counsellor,
        screen.saved,
        screen.draft,
        screen.fresh_rules,
        screen.now,
        screen.url,
        outcome=screen.outcome,
    )


def _opened(counsellor: Counsellor, url: str) -> Response:
    screen = _screen(counsellor, url, sent=False)
    draft, query = screen.draft, request.args
    draft.month, draft.show = query.get("month", ""), query.get("show", "")
    draft.at = query.get("at", "")[:40]
    if draft.month and not parse_month(draft.month):
        screen.complaint = "That month could not be read; this is the current one."
    elif draft.show and not parse_date(draft.show):
        screen.complaint = "That day could not be read; this is the first free one."
    elif draft.at and not parse_moment(draft.at):
        screen.complaint = "That date and time could not be read."
    if draft.at or draft.show:
        draft.tab = "preview"
    elif draft.month:
        draft.tab = "days"
    return _draw(screen, 422 if screen.complaint else 200)


def _save(screen: Screen) -> BaseResponse:
    screen.pressed = True
    composer = screen.draft.composer
    if composer.begun and not composer.errors:
        composer.errors["first"] = "Add this day to the list, or clear it, before you save."
    terms = screen.terms
    if screen.problems or terms is None:
        screen.outcome = Outcome("editor", screen.problems[0].target)
        return _draw(screen, 422)
    try:
        with transaction():
            offered = save_draft(
                actor=current_user,
                counsellor=screen.counsellor,
                draft=screen.draft,
                terms=terms,
                saved=screen.saved,
                hours=screen.hours,
                now=g.now,
            )
            addresses = [session.public_id for session in offered]
    except CalendarChanged:
        return _changed_elsewhere(screen)
    except ValidationFailed as error:
        return _refused(screen, error)
    return _saved(screen, addresses)


def _refused(screen: Screen, error: ValidationFailed) -> Response:
    again = _again(screen)
    again.pressed = True
    again.choices_missing = isinstance(error, ChoiceNeeded)
    again.complaint = "" if again.choices_missing else error.message
    again.outcome = Outcome("editor", "im-t" if again.choices_missing else "complaint")
    return _draw(again, error.http_status)


def _changed_elsewhere(screen: Screen) -> Response:
    """Draw what was typed on top of what is stored now, and say what changed meanwhile."""
    draft = screen.draft
    saved = load_saved(screen.counsellor, g.now)
    for form in (draft.rules, screen.fresh_rules):
        form.offer(saved.terms, g.now, house_deadline_hours())
    again = _again(Screen(screen.counsellor, saved, draft, screen.fresh_rules, g.now, screen.url))
    base = read_base(draft.base)
    if base is not None:
        again.told = describe(base, again.stored, again.fresh_rules)
        merge(draft, base, saved, again.stored)
    draft.version, draft.base = saved.version, ""
    again.pressed = True
    again.told = again.told or ["Somebody saved this calendar; look through it before you save yours over it."]
    again.outcome = Outcome("editor", "told")
    return _draw(again, 409)


def _saved(screen: Screen, offered: list[str]) -> BaseResponse:
    flash("Saved. Students see these hours from now on.", "ok")
    if not offered:
        return see_other(screen.url)
    named = offered if len(offered) <= LINKED else []
    if screen.url == url_for("availability.edit"):
        return see_other(url_for("availability.outside_hours", session=named))
    return see_other(url_for("availability.outside_hours_for", public_id=screen.counsellor.public_id, session=named))


def _draw(screen: Screen, status: int = 200) -> Response:
    return render(PAGE, PART, status=status, **_shell(screen.counsellor), s=screen)


def _outside(counsellor: Counsellor, url: str) -> Response:
    screen = _screen(counsellor, url, sent=False)
    sessions = outside(counsellor, screen.saved_hours, g.now)
    wanted = set(request.args.getlist("session"))
    chosen: list[CounsellingSession] = [session for session in sessions if session.public_id in wanted]
    return render(
        "availability/outside.html",
        **_shell(counsellor),
        url=url,
        sessions=chosen or sessions,
        chosen=bool(chosen),
        more=len(sessions) - len(chosen) if chosen else 0,
        zone=screen.saved.zone,
    )


def _shell(counsellor: Counsellor) -> dict[str, Any]:
    by_admin = current_user.role is Role.ADMIN
    return {
        "counsellor": counsellor,
        "by_admin": by_admin,
        "nav_key": "counsellors" if by_admin else "availability",
        "can_answer": not by_admin and "bookings.decline" in current_app.view_functions,
    }
