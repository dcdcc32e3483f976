"""Pages of accounts: signing up, in and out, verifying, resetting, the account itself."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, flash, g, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from webapp.accounts import services
from webapp.accounts.errors import EmailTaken, LinkInvalid, WrongCredentials
from webapp.accounts.forms import (
    ForgotForm,
    MailChangeForm,
    PasswordForm,
    ProfileForm,
    ResetForm,
    SignInForm,
    SignUpForm,
    show_errors,
)
from webapp.accounts.logins import (
    browser_zone,
    end_login,
    home_url,
    keep_for_after_verifying,
    renew_login,
    safe_next,
    start_login,
    start_url,
    take_after_verifying,
)
from webapp.accounts.mail_change import open_change
from webapp.accounts.models import User
from webapp.accounts.rules import phone_in_form
from webapp.accounts.second_step import needs_second_step
from webapp.accounts.viewing import looked_at, stop_looking
from webapp.accounts.waiting import wait_for_second_step
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import DomainError, ValidationFailed
from webapp.core.htmx import render, see_other
from webapp.core.throttle import limited

blueprint = Blueprint("accounts", __name__)

# The people of the demo data; their password is the setting DEMO_PASSWORD.
DEMO_LOGINS = (
    ("student@demo.test", "Ananya Chatterjee", "Student", "Packages bought, sessions ahead and behind"),
    ("counsellor@demo.test", "Dr. Meera Krishnan", "Counsellor", "A day of sessions, requests waiting"),
    ("admin@demo.test", "Rohan Mehta", "Admin", "Sees every session and every counsellor"),
)


def me() -> User:
    """Return the user who is signed in."""
    return cast(User, current_user._get_current_object())  # noqa: SLF001  services get the row, not a proxy


@blueprint.get("/login")
@allow("public")
def login() -> Response:
    """Show the sign-in form; who is signed in already goes on."""
    onward = safe_next(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(onward or home_url(me()))
    return _sign_in_page(SignInForm(), onward)


@blueprint.post("/login")
@allow("public")
@limited("login")
def sign_in() -> Response:
    """Sign in and go to ``next`` or the role's home."""
    form, onward = SignInForm(), safe_next(request.args.get("next"))
    try:
        with transaction():
            user = services.authenticate(email=form.email.data or "", password=form.password.data or "")
    except WrongCredentials as error:
        return _sign_in_page(form, onward, wrong=error)
    remember = bool(form.remember.data)
    if needs_second_step(user):
        wait_for_second_step(user, remember=remember, now=g.now)
        return see_other(url_for("accounts.two_step", next=onward))
    start_login(user, remember=remember)
    return see_other(onward or home_url(user))


def _sign_in_page(form: SignInForm, onward: str | None, wrong: DomainError | None = None) -> Response:
    return render(
        "accounts/login.html",
        form=form,
        onward=onward,
        wrong=wrong.message if wrong else None,
        demo_logins=DEMO_LOGINS,
        status=wrong.http_status if wrong else 200,
    )


@blueprint.post("/logout")
@allow("public")
def logout() -> Response:
    """Sign out; twice is no error. An admin who looks as somebody stops looking first."""
    if person := looked_at():
        with transaction():
            stop_looking(person)
    end_login()
    flash("You are signed out.", "ok")
    return see_other(start_url())


@blueprint.get("/home")
@allow("signed_in")
def home() -> Response:
    """Lead to the home of the role."""
    return redirect(home_url(me()))


@blueprint.get("/signup")
@allow("public")
def signup() -> Response:
    """Show the sign-up form."""
    onward = safe_next(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(onward or home_url(me()))
    return render("accounts/signup.html", form=SignUpForm(), onward=onward, taken=False)


@blueprint.post("/signup")
@allow("public")
@limited("signup")
def sign_up() -> Response:
    """Make a student's account, sign in and say where to look for the mail."""
    form, onward = SignUpForm(), safe_next(request.args.get("next"))
    try:
        with transaction():
            user = services.sign_up(
                name=form.name.data or "",
                email=form.email.data or "",
                phone=form.phone.data or "",
                password=form.password.data or "",
                zone=form.zone.data or browser_zone(),
                now=g.now,
            )
    except (ValidationFailed, EmailTaken) as error:
        show_errors(form, error.fields)
        taken = isinstance(error, EmailTaken)
        return render("accounts/signup.html", form=form, onward=onward, taken=taken, status=error.http_status)
    start_login(user)
    keep_for_after_verifying(onward)
    return see_other(url_for("accounts.verify_pending"))


@blueprint.get("/verify")
@allow("signed_in")
def verify_pending() -> Response:
    """Say where to look for the link."""
    if me().is_verified:
        return redirect(take_after_verifying() or home_url(me()))
    return render("accounts/verify_pending.html", home=home_url(me()))


@blueprint.post("/verify")
@allow("signed_in")
@limited("mail")
def send_verification() -> Response:
    """Send the link again."""
    with transaction():
        services.send_verification_again(actor=me(), now=g.now)
    if not me().is_verified:
        flash(f"A new link is on its way to {me().email}.", "ok")
    return see_other(url_for("accounts.verify_pending"))


@blueprint.get("/verify/<token>")
@allow("public")
def verify(token: str) -> Response:
    """Show the button that verifies: mail scanners follow links, and a GET changes nothing."""
    try:
        user = services.find_user_to_verify(token, now=g.now)
    except LinkInvalid as error:
        return _dead_link("accounts/verify_dead.html", error)
    return render("accounts/verify.html", user=user, token=token)


@blueprint.post("/verify/<token>")
@allow("public")
def confirm_verification(token: str) -> Response:
    """Note the address as verified; the link signs nobody in."""
    try:
        with transaction():
            user = services.verify_email(token=token, now=g.now)
    except LinkInvalid as error:
        return _dead_link("accounts/verify_dead.html", error)
    if current_user.is_authenticated and me().id == user.id:
        flash("Your address is verified.", "ok")
        return see_other(take_after_verifying() or home_url(user))
    flash("Your address is verified. Sign in to go on.", "ok")
    return see_other(url_for("accounts.login"))


def _dead_link(page: str, error: DomainError) -> Response:
    return render(page, message=error.message, status=error.http_status)


@blueprint.get("/forgot")
@allow("public")
def forgot() -> Response:
    """Show the form that asks for a reset link, or that one may be on its way."""
    return render("accounts/forgot.html", form=ForgotForm(), sent="sent" in request.args)


@blueprint.post("/forgot")
@allow("public")
@limited("forgot")
def request_reset() -> Response:
    """Send a reset link; the answer is the same whether or not the account exists."""
    form = ForgotForm()
    try:
        with transaction():
            services.request_password_reset(email=form.email.data or "", now=g.now)
    except ValidationFailed as error:
        show_errors(form, error.fields)
        return render("accounts/forgot.html", form=form, sent=False, status=error.http_status)
    return see_other(url_for("accounts.forgot", sent=1))


@blueprint.get("/reset/<token>")
@allow("public")
def reset(token: str) -> Response:
    """Show the form for a new password, if the link is still good."""
    try:
        user = services.find_user_to_reset(token, now=g.now)
    except LinkInvalid as error:
        return _dead_link("accounts/reset_dead.html", error)
    return render("accounts/reset.html", form=ResetForm(), user=user, token=token)


@blueprint.post("/reset/<token>")
@allow("public")
@limited("reset")
def set_password(token: str) -> Response:
    """Set the new password; every login ends, this browser's too."""
    form = ResetForm()
    try:
        with transaction():
            services.reset_password(token=token, password=form.password.data or "", now=g.now)
    except LinkInvalid as error:
        return _dead_link("accounts/reset_dead.html", error)
    except ValidationFailed as error:
        show_errors(form, error.fields)
        user = services.find_user_to_reset(token, now=g.now)
        return render("accounts/reset.html", form=form, user=user, token=token, status=error.http_status)
    end_login()
    flash("Your new password is set. Sign in with it.", "ok")
    return see_other(url_for("accounts.login"))


@blueprint.get("/account")
@allow("signed_in")
def account() -> Response:
    """Show profile, address and password."""
    return account_page()


@blueprint.post("/account")
@allow("signed_in")
def save_profile() -> Response:
    """Change name, phone and zone."""
    form = ProfileForm()
    try:
        with transaction():
            services.update_profile(
                actor=me(),
                name=form.name.data or "",
                phone=form.phone.data or "",
                zone=form.zone.data or "",
            )
    except ValidationFailed as error:
        form.offer_zones(g.now, me().zone)
        show_errors(form, error.fields)
        return account_page(profile=form, partial="accounts/_profile_form.html", status=error.http_status)
    flash("Profile saved.", "ok")
    return see_other(url_for("accounts.account"))


@blueprint.get("/account/password")
@allow("signed_in")
def password() -> Response:
    """Lead a reload of the form below to the page it stands on."""
    return redirect(url_for("accounts.account", _anchor="password-form"))


@blueprint.post("/account/password")
@allow("signed_in")
@limited("password")
def change_password() -> Response:
    """Change the password; other browsers are signed out, this one stays."""
    form = PasswordForm()
    try:
        with transaction():
            user = services.change_password(actor=me(), current=form.current.data or "", new=form.new.data or "")
    except ValidationFailed as error:
        show_errors(form, error.fields)
        return account_page(passwords=form, partial="accounts/_password_form.html", status=error.http_status)
    renew_login(user)
    flash("Your password is changed. Other devices are signed out.", "ok")
    return see_other(url_for("accounts.account"))


def _stored_profile() -> ProfileForm:
    stored = {"name": me().name, "phone": phone_in_form(me().phone), "zone": me().zone}
    form = ProfileForm(formdata=None, data=stored)
    form.offer_zones(g.now, me().zone)
    return form


def account_page(
    *,
    profile: ProfileForm | None = None,
    passwords: PasswordForm | None = None,
    mail: MailChangeForm | None = None,
    partial: str | None = None,
    status: int = 200,
) -> Response:
    """Answer with the account's page, or for htmx with one part of it; forms that came back keep what was typed."""
    return render(
        "accounts/account.html",
        partial,
        profile=profile or _stored_profile(),
        passwords=passwords or PasswordForm(formdata=None),
        mail=mail or MailChangeForm(formdata=None),
        change=open_change(me(), now=g.now),
        status=status,
    )
