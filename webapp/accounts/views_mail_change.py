"""Pages of a change of address: asking and cancelling on the account's page, agreeing by the links in the two mails."""

from __future__ import annotations

from flask import flash, g, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from webapp.accounts import mail_change as changes
from webapp.accounts.errors import EmailTaken, LinkInvalid
from webapp.accounts.forms import MailChangeForm, show_errors
from webapp.accounts.logins import renew_login
from webapp.accounts.views import account_page, blueprint, me
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import DomainError, NotFound, ValidationFailed
from webapp.core.htmx import render, see_other
from webapp.core.throttle import limited

TAKEN = "Another account has this address meanwhile, so the change has ended."


@blueprint.get("/account/email")
@allow("signed_in")
def email() -> Response:
    """Lead a reload of the form below to the page it stands on."""
    return redirect(url_for("accounts.account", _anchor="mail-card"))


@blueprint.post("/account/email")
@allow("signed_in")
@limited("mail")
def ask_mail_change() -> Response:
    """Ask both addresses whether the account may move to a new one."""
    form = MailChangeForm()
    try:
        with transaction():
            change = changes.ask_to_change(
                actor=me(),
                email=form.new_email.data or "",
                password=form.present_password.data or "",
                now=g.now,
            )
            address = change.new_email
    except ValidationFailed as error:
        show_errors(form, error.fields)
        return account_page(mail=form, partial="accounts/_mail_card.html", status=error.http_status)
    both = f"{me().email} and {address}" if me().is_verified else address
    flash(f"Look into your mail: links are on their way to {both}.", "ok")
    return see_other(url_for("accounts.account"))


@blueprint.post("/account/email/cancel")
@allow("signed_in")
def cancel_mail_change() -> Response:
    """Leave the address as it is."""
    try:
        with transaction():
            changes.cancel_change(actor=me(), now=g.now)
    except NotFound as error:
        flash(error.message, "warn")
    else:
        flash(f"Cancelled. Your address stays {me().email}.", "ok")
    return see_other(url_for("accounts.account"))


@blueprint.get("/mail-change/<token>")
@allow("public")
def mail_change(token: str) -> Response:
    """Show the buttons that agree or refuse, or what the change waits for."""
    try:
        asked = changes.find_asked(token, now=g.now)
    except LinkInvalid as error:
        return _dead(error)
    return render("accounts/mail_change.html", asked=asked, token=token)


@blueprint.post("/mail-change/<token>")
@allow("public")
def answer_mail_change(token: str) -> Response:
    """Take an address's answer, by the button pressed."""
    act = {"agree": _agree, "refuse": _refuse}.get(request.form.get("answer", ""))
    try:
        return act(token) if act else see_other(url_for("accounts.mail_change", token=token))
    except LinkInvalid as error:
        return _dead(error)


def _agree(token: str) -> Response:
    viewer_id = me().id if current_user.is_authenticated else None  # before the move ends the login
    try:
        with transaction():
            asked = changes.agree(token, now=g.now)
    except EmailTaken as error:
        with transaction():
            changes.give_up(token, now=g.now)
        return _dead(error, TAKEN)
    if asked.change.done_at is not None and asked.user.id == viewer_id:
        renew_login(asked.user)
    return see_other(url_for("accounts.mail_change", token=token))


def _refuse(token: str) -> Response:
    with transaction():
        asked = changes.refuse(token, now=g.now)
    return render("accounts/mail_change_refused.html", asked=asked)


def _dead(error: DomainError, message: str = "") -> Response:
    return render("accounts/mail_change_dead.html", message=message or error.message, status=error.http_status)
