"""Forms of this room. They only carry what was typed: the services check it, for every door alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, HiddenField, PasswordField, SelectField, StringField, TelField
from wtforms.form import BaseForm

from webapp.accounts import rules
from webapp.core import times


class Marks:
    """Tells the browser about a field (required, maxlength) without checking anything here."""

    def __init__(self, **flags: bool | int) -> None:
        self.field_flags = flags

    def __call__(self, form: BaseForm, field: Any) -> None:
        """Accept everything."""


_EMAIL = [Marks(required=True, maxlength=rules.LONGEST_EMAIL)]
_NAME = [Marks(required=True, maxlength=rules.LONGEST_NAME)]
_PASSWORD = [Marks(required=True, maxlength=rules.LONGEST_PASSWORD)]
_PHONE = [Marks(maxlength=24)]


class SignInForm(FlaskForm):  # type: ignore[misc]
    """Address and password."""

    email = EmailField("Email", _EMAIL, render_kw={"autocomplete": "username"})
    password = PasswordField("Password", _PASSWORD, render_kw={"autocomplete": "current-password"})
    remember = BooleanField("Keep me on this device for 30 days")


class SignUpForm(FlaskForm):  # type: ignore[misc]
    """A new student."""

    name = StringField("Name", _NAME, render_kw={"autocomplete": "name"})
    email = EmailField("Email", _EMAIL, render_kw={"autocomplete": "username"})
    phone = TelField("Phone", _PHONE, render_kw={"autocomplete": "tel", "inputmode": "tel"})
    password = PasswordField("Password", _PASSWORD, render_kw={"autocomplete": "new-password"})
    zone = HiddenField(render_kw={"data-zone-input": True})


class ForgotForm(FlaskForm):  # type: ignore[misc]
    """Who wants a reset link."""

    email = EmailField("Email", _EMAIL, render_kw={"autocomplete": "username"})


class ResetForm(FlaskForm):  # type: ignore[misc]
    """A new password, by link."""

    password = PasswordField("New password", _PASSWORD, render_kw={"autocomplete": "new-password"})


class ProfileForm(FlaskForm):  # type: ignore[misc]
    """Name, phone and zone."""

    name = StringField("Name", _NAME, render_kw={"autocomplete": "name"})
    phone = TelField("Phone", _PHONE, render_kw={"autocomplete": "tel", "inputmode": "tel"})
    zone = SelectField("Time zone", [Marks(required=True)])

    def offer_zones(self, now: dt.datetime, current: str) -> None:
        """Fill the list: those often used first, with their offset, then every other."""
        often = times.zone_choices(now, current)
        known = {name for name, _ in often}
        others = sorted(name for name in times.all_zones() if "/" in name and name not in known)
        self.zone.choices = {
            "Often used": often,
            "All zones": [(name, name.replace("_", " ")) for name in others if not name.startswith("Etc/")],
        }


class PasswordForm(FlaskForm):  # type: ignore[misc]
    """A new password, by someone who knows the old one."""

    current = PasswordField("Current password", _PASSWORD, render_kw={"autocomplete": "current-password"})
    new = PasswordField("New password", _PASSWORD, render_kw={"autocomplete": "new-password"})


class MailChangeForm(FlaskForm):  # type: ignore[misc]
    """Another address, by someone who knows the password."""

    new_email = EmailField("New address", _EMAIL, render_kw={"autocomplete": "email"})
    present_password = PasswordField("Current password", _PASSWORD, render_kw={"autocomplete": "current-password"})


def show_errors(form: FlaskForm, wrong: Mapping[str, str]) -> None:
    """Put messages at their fields; one whose field this form does not have stands above the form."""
    for name, text in wrong.items():
        if name in form:
            form[name].errors = [text]
        else:
            form.form_errors.append(text)
