"""Forms of two-step sign-in and passkeys. They only carry what was typed: the services check it."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField

from webapp.accounts.forms import Marks
from webapp.accounts.passkeys import LONGEST_NAME
from webapp.accounts.rules import LONGEST_PASSWORD

LONGEST_CODE = 32
# No inputmode: a backup code has letters. "one-time-code" lets phones offer what they know.
_TYPED = {"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}
_DIGITS = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}
_CODE = [Marks(required=True, maxlength=LONGEST_CODE)]
_PASSWORD = [Marks(required=True, maxlength=LONGEST_PASSWORD)]


class AppCodeForm(FlaskForm):  # type: ignore[misc]
    """The first code of an app."""

    code = StringField("Code", _CODE, render_kw=_DIGITS)


class CodeForm(FlaskForm):  # type: ignore[misc]
    """A code of the app, or a backup code."""

    code = StringField("Code", _CODE, render_kw=_TYPED)


class NewCodesForm(CodeForm):
    """A code, for new backup codes."""

    def __init__(self) -> None:
        super().__init__(prefix="fresh")


class TurnOffForm(CodeForm):
    """Password and code, to turn two-step sign-in off."""

    password = PasswordField("Password", _PASSWORD, render_kw={"autocomplete": "current-password"})

    def __init__(self) -> None:
        super().__init__(prefix="off")


class PasskeyForm(FlaskForm):  # type: ignore[misc]
    """A passkey's name, and the password that lets it in."""

    name = StringField("Name", [Marks(required=True, maxlength=LONGEST_NAME)], render_kw={"autocomplete": "off"})
    password = PasswordField("Password", _PASSWORD, render_kw={"autocomplete": "current-password"})
