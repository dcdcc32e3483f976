"""Devices and security: two-step sign-in, passkeys, and where the account is signed in."""

from __future__ import annotations

from typing import Any

import segno
from flask import Response, flash, g, jsonify, redirect, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts import agents, codes, devices, passkeys, second_step
from webapp.accounts.errors import TooManyCodes, WrongCode
from webapp.accounts.forms import show_errors
from webapp.accounts.forms_security import AppCodeForm, NewCodesForm, PasskeyForm, TurnOffForm
from webapp.accounts.gate import before_second_step, is_missing
from webapp.accounts.logins import login_in_use
from webapp.accounts.viewer import viewer
from webapp.accounts.views import blueprint
from webapp.accounts.views_two_step import refuse
from webapp.core import once
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import DomainError, InvalidState, NotFound, ValidationFailed
from webapp.core.htmx import render, see_other
from webapp.core.throttle import limited

CODES = "backup_codes"


@blueprint.get("/account/security")
@allow("signed_in")
@before_second_step
def security() -> Response:
    """Show how the account is kept safe."""
    return _page()


@blueprint.post("/account/security/two-step")
@allow("signed_in")
@before_second_step
def begin_two_step() -> BaseResponse:
    """Make a secret for an app and go on to its QR code."""
    try:
        with transaction():
            second_step.begin(actor=viewer(), now=g.now)
    except InvalidState as error:
        flash(error.message, "warn")
        return see_other(url_for("accounts.security"))
    return see_other(url_for("accounts.two_step_setup"))


@blueprint.get("/account/security/two-step")
@allow("signed_in")
@before_second_step
def two_step_setup() -> BaseResponse:
    """Show the QR code of the secret that waits; without one there is nothing to see here."""
    return _setup_page(AppCodeForm())


@blueprint.post("/account/security/two-step/confirm")
@allow("signed_in")
@limited("second_step")
@before_second_step
def confirm_two_step() -> BaseResponse:
    """Take the app's first code; two-step sign-in is on, and the backup codes are shown once."""
    form = AppCodeForm()
    try:
        with transaction():
            made = second_step.confirm(actor=viewer(), code=form.code.data or "", now=g.now, login=login_in_use())
    except (WrongCode, TooManyCodes) as error:
        show_errors(form, error.fields or {"code": error.message})
        return _setup_page(form, error.http_status)
    except InvalidState as error:
        flash(error.message, "warn")
        return see_other(url_for("accounts.security"))
    return _show_once(made)


@blueprint.get("/account/security/codes")
@allow("signed_in")
@before_second_step
def backup_codes() -> BaseResponse:
    """Show the backup codes that were just made; a second look shows none."""
    made = once.take(CODES, viewer().public_id)
    return _codes_page(made.split()) if made else redirect(url_for("accounts.security"))


@blueprint.post("/account/security/codes")
@allow("signed_in")
@limited("second_step")
def new_backup_codes() -> BaseResponse:
    """Make new backup codes in place of the old ones."""
    form = NewCodesForm()
    try:
        with transaction():
            made = second_step.new_backup_codes(actor=viewer(), code=form.code.data or "", now=g.now)
    except (WrongCode, TooManyCodes) as error:
        show_errors(form, error.fields or {"code": error.message})
        return _page(new_codes=form, status=error.http_status)
    return _show_once(made)


@blueprint.post("/account/security/two-step/off")
@allow("signed_in")
@limited("second_step")
def turn_off_two_step() -> BaseResponse:
    """End two-step sign-in, for who knows the password and has a code."""
    form = TurnOffForm()
    try:
        with transaction():
            second_step.turn_off(
                actor=viewer(), password=form.password.data or "", code=form.code.data or "", now=g.now
            )
    except (ValidationFailed, WrongCode, TooManyCodes) as error:
        show_errors(form, error.fields or {"code": error.message})
        return _page(turn_off=form, status=error.http_status)
    flash("Two-step sign-in is off.", "ok")
    return see_other(url_for("accounts.security"))


@blueprint.post("/account/security/passkeys/options")
@allow("signed_in")
@limited("password")
@before_second_step
def passkey_options() -> BaseResponse:
    """Say what the browser needs to make a passkey, for who knows the password."""
    form = PasskeyForm()
    try:
        passkeys.clean_name(form.name.data or "")
        options = passkeys.start_adding(actor=viewer(), password=form.password.data or "")
    except DomainError as error:
        return refuse(error)
    return Response(options, mimetype="application/json")


@blueprint.post("/account/security/passkeys")
@allow("signed_in")
@before_second_step
def add_passkey() -> BaseResponse:
    """Keep the passkey the browser has made; says where to go."""
    sent: Any = request.get_json(silent=True)
    sent = sent if isinstance(sent, dict) else {}
    try:
        with transaction():
            passkey, made = passkeys.finish_adding(
                actor=viewer(),
                credential=sent.get("credential"),
                name=str(sent.get("name", "")),
                now=g.now,
                login=login_in_use(),
            )
    except DomainError as error:
        return refuse(error)
    if made and once.put_by(CODES, viewer().public_id, " ".join(made)):
        return jsonify({"next": url_for("accounts.backup_codes")})
    flash(f"The passkey “{passkey.name}” is added.", "ok")
    return jsonify({"next": url_for("accounts.security")})


@blueprint.post("/account/security/passkeys/<passkey_id>/rename")
@allow("signed_in")
def rename_passkey(passkey_id: str) -> BaseResponse:
    """Give a passkey another name."""
    try:
        with transaction():
            passkeys.rename_passkey(actor=viewer(), passkey_id=passkey_id, name=request.form.get("name", ""))
    except ValidationFailed as error:
        return _page(passkey_wrong={passkey_id: error.fields}, status=error.http_status)
    flash("The passkey has its new name.", "ok")
    return see_other(url_for("accounts.security"))


@blueprint.post("/account/security/passkeys/<passkey_id>/remove")
@allow("signed_in")
@limited("password")
def remove_passkey(passkey_id: str) -> BaseResponse:
    """Take a passkey away, for who knows the password."""
    try:
        with transaction():
            name = passkeys.remove_passkey(
                actor=viewer(), passkey_id=passkey_id, password=request.form.get("password", ""), now=g.now
            )
    except ValidationFailed as error:
        return _page(passkey_wrong={passkey_id: error.fields}, status=error.http_status)
    except InvalidState as error:
        flash(error.message, "warn")
    else:
        flash(f"The passkey “{name}” is removed.", "ok")
    return see_other(url_for("accounts.security"))


@blueprint.post("/account/security/devices/<login_id>/sign-out")
@allow("signed_in")
def revoke_device(login_id: str) -> BaseResponse:
    """Sign one device out."""
    try:
        with transaction():
            login = devices.revoke_login(actor=viewer(), login_id=login_id, now=g.now)
    except NotFound as error:
        flash(error.message, "warn")
    else:
        flash(f"{agents.in_words(login.user_agent)} is signed out.", "ok")
    return see_other(url_for("accounts.security", _anchor="devices"))


@blueprint.post("/account/security/devices/sign-out-others")
@allow("signed_in")
def revoke_other_devices() -> BaseResponse:
    """Sign every device out but this one."""
    with transaction():
        ended = devices.revoke_others(actor=viewer(), keep=login_in_use(), now=g.now)
    words = "No other device was signed in." if not ended else "One device is" if ended == 1 else f"{ended} devices are"
    flash(f"{words} signed out." if ended else words, "ok")
    return see_other(url_for("accounts.security", _anchor="devices"))


def _page(
    *,
    new_codes: NewCodesForm | None = None,
    turn_off: TurnOffForm | None = None,
    passkey_wrong: dict[str, dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    state = second_step.state_of(viewer())
    here = login_in_use()
    return render(
        "accounts/security.html",
        state=state,
        must=is_missing(),
        new_codes=new_codes or NewCodesForm(),
        turn_off=turn_off or TurnOffForm(),
        passkey_form=PasskeyForm(formdata=None, data={"name": agents.in_words(request.user_agent.string)}),
        passkeys=passkeys.list_passkeys(viewer()) if state.passkeys else [],
        passkey_wrong=passkey_wrong or {},
        passkey_host=passkeys.party().id,
        logins=devices.list_logins(viewer(), now=g.now),
        here=here,
        device_words=agents.in_words,
        is_handheld=agents.is_handheld,
        status=status,
    )


def _setup_page(form: AppCodeForm, status: int = 200) -> BaseResponse:
    setup = second_step.setup_of(viewer())
    if setup is None:
        return redirect(url_for("accounts.security"))
    answer = render(
        "accounts/two_step_setup.html",
        form=form,
        secret=codes.secret_in_groups(setup.secret),
        uri=setup.uri,
        qr=_qr(setup.uri),
        status=status,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _qr(uri: str) -> Markup:
    """Draw the QR code as SVG without any style: its size is the style sheet's, black on white in both themes."""
    drawn = segno.make(uri, error="m", micro=False)
    return Markup(drawn.svg_inline(omitsize=True, svgclass="qr", lineclass=None, border=4))  # noqa: S704  segno's own


def _show_once(made: list[str]) -> BaseResponse:
    if once.put_by(CODES, viewer().public_id, " ".join(made)):
        return see_other(url_for("accounts.backup_codes"))
    return _codes_page(made)


def _codes_page(made: list[str]) -> Response:
    answer = render("accounts/backup_codes.html", codes=made, email=viewer().email)
    answer.headers["Cache-Control"] = "no-store"
    return answer
