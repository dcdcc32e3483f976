"""Forms of an account's page. They carry what was typed; the services judge it."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import EmailField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import Length

from webapp.accounts.forms import Marks
from webapp.accounts.models import Role
from webapp.accounts.services_admin import LONGEST_REASON

ROLE_WORDS = {Role.STUDENT: "Student", Role.COUNSELLOR: "Counsellor", Role.ADMIN: "Admin"}
_REASON = [Marks(required=True, maxlength=LONGEST_REASON)]


class RoleForm(FlaskForm):  # type: ignore[misc]
    """Another role, and why."""

    role = SelectField("Role", choices=[SelectChoice(role.value, words) for role, words in ROLE_WORDS.items()])
    reason = TextAreaField("Reason", _REASON)


class CloseForm(FlaskForm):  # type: ignore[misc]
    """Why an account is closed."""

    reason = TextAreaField("Reason", _REASON)


class OpenForm(FlaskForm):  # type: ignore[misc]
    """Why an account is opened again."""

    reason = TextAreaField("Reason", [Length(max=LONGEST_REASON)])


class TwoStepForm(FlaskForm):  # type: ignore[misc]
    """Why another's two-step sign-in is turned off."""

    reason = TextAreaField("Reason", _REASON)


class LookForm(FlaskForm):  # type: ignore[misc]
    """Why an admin looks at the app as somebody else."""

    reason = TextAreaField("Reason", _REASON)


class MailForm(FlaskForm):  # type: ignore[misc]
    """Another address for somebody who has lost the mailbox, and why."""

    new_email = EmailField("New mail address", [Marks(required=True, maxlength=254)], render_kw={"autocomplete": "off"})
    reason = TextAreaField("Reason", _REASON)


class EraseForm(FlaskForm):  # type: ignore[misc]
    """The address typed out, so that nobody is erased by a slip, and why."""

    email = EmailField("Mail address", [Marks(required=True, maxlength=254)], render_kw={"autocomplete": "off"})
    reason = TextAreaField("Reason", _REASON)
