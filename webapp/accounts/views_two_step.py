"""The page between password and home: a code, a backup code or a passkey."""

from __future__ import annotations

from flask import Response, flash, g, jsonify, redirect, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts import codes, passkeys, second_step
from webapp.accounts.errors import ChallengeInvalid, PasskeyCopied, TooManyCodes, WrongCode
from webapp.accounts.forms import show_errors
from webapp.accounts.forms_security import CodeForm
from webapp.accounts.logins import home_url, login_in_use, safe_next, start_login
from webapp.accounts.models import User
from webapp.accounts.viewer import viewer
from webapp.accounts.views import blueprint
from webapp.accounts.waiting import stop_waiting, what_waits
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import DomainError
from webapp.core.htmx import render, see_other
from webapp.core.throttle import limited


@blueprint.get("/login/two-step")
@allow("public")
def two_step() -> BaseResponse:
    """Ask for the second step, of whoever has just given the password; anybody else signs in first."""
    challenge = _challenge()
    if challenge is None:
        return redirect(home_url(viewer()) if current_user.is_authenticated else url_for("accounts.login"))
    try:
        user = second_step.find_challenged(challenge, now=g.now)
    except ChallengeInvalid as error:
        return _start_again(error)
    return _page(user, CodeForm())


@blueprint.post("/login/two-step")
@allow("public")
@limited("second_step")
def finish_two_step() -> BaseResponse:
    """Take a code and sign in."""
    form, challenge = CodeForm(), _challenge() or ""
    try:
        with transaction():
            user = second_step.finish_challenge(challenge, form.code.data or "", now=g.now)
    except ChallengeInvalid as error:
        return _start_again(error)
    except (WrongCode, TooManyCodes) as error:
        show_errors(form, error.fields or {"code": error.message})
        return _page(second_step.find_challenged(challenge, now=g.now), form, error)
    return see_other(_sign_in(user))


@blueprint.post("/login/two-step/passkey/options")
@allow("public")
@limited("second_step")
def passkey_sign_in_options() -> BaseResponse:
    """Say what the browser needs to ask for a passkey."""
    try:
        options = passkeys.start_sign_in(_challenge() or "", now=g.now)
    except DomainError as error:
        return refuse(error)
    return Response(options, mimetype="application/json")


@blueprint.post("/login/two-step/passkey")
@allow("public")
@limited("second_step")
def finish_with_passkey() -> BaseResponse:
    """Take a passkey's answer and sign in; says where to go."""
    challenge = _challenge() or ""
    try:
        with transaction():
            user = passkeys.finish_sign_in(challenge, request.get_json(silent=True), now=g.now)
    except PasskeyCopied as error:
        with transaction():
            passkeys.tell_copied(challenge, error.name, now=g.now)
        return refuse(error)
    except DomainError as error:
        return refuse(error)
    return jsonify({"next": _sign_in(user)})


def refuse(error: DomainError) -> Response:
    """Answer a script of ours: the words, and the field they belong to."""
    answer = jsonify({"message": error.message, "fields": error.fields})
    answer.status_code = error.http_status
    return answer


def _challenge() -> str | None:
    """Return what proves the password: of this sign-in, or of a login that has not passed the second step yet."""
    if waits := what_waits():
        return waits.challenge
    login = login_in_use()
    if login is None or login.second_step_at is not None or not second_step.needs_second_step(login.user):
        return None
    return second_step.start_challenge(login.user, now=g.now)


def _sign_in(user: User) -> str:
    """Open the login and return where it leads."""
    waits = what_waits()
    start_login(user, remember=waits.remember if waits else session.permanent, second_step=True)
    left = second_step.state_of(user).backup_codes_left
    if left < codes.FEW_LEFT:
        words = "No backup code is" if not left else "One backup code is" if left == 1 else f"{left} backup codes are"
        flash(f"{words} left. Make new ones under “Devices and security”.", "warn")
    return safe_next(request.args.get("next")) or home_url(user)


def _start_again(error: ChallengeInvalid) -> BaseResponse:
    stop_waiting()
    flash(error.message, "warn")
    return see_other(url_for("accounts.login", next=safe_next(request.args.get("next"))))


def _page(user: User, form: CodeForm, wrong: DomainError | None = None) -> Response:
    state = second_step.state_of(user)
    return render(
        "accounts/two_step.html",
        form=form,
        state=state,
        passkey_host=passkeys.party().id,
        onward=safe_next(request.args.get("next")),
        status=wrong.http_status if wrong else 200,
    )
