"""Forms of the desk. They carry what was typed; the services check it, for every door alike."""

from __future__ import annotations

from collections.abc import Sequence

from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, RadioField, SelectField, StringField, TelField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from webapp.accounts.forms import Marks
from webapp.inquiries.models import Exam, Inquiry
from webapp.inquiries.rules import CATEGORIES, EXAM_LABELS, LONGEST_MESSAGE, LONGEST_STATE, STATES
from webapp.inquiries.rules.entry import LONGEST_SOURCE

WAYS = [
    SelectChoice("grant", "Give the package now"),
    SelectChoice("link", "Send a payment link"),
]


class LeadForm(FlaskForm):  # type: ignore[misc]
    """Who asks, and what for."""

    version = HiddenField()
    name = StringField("Name", [Marks(required=True, maxlength=120)], render_kw={"autocomplete": "off"})
    email = EmailField("Email", [Marks(required=True, maxlength=254)], render_kw={"autocomplete": "off"})
    phone = TelField(
        "Phone", [Marks(required=True, maxlength=24)], render_kw={"autocomplete": "off", "inputmode": "tel"}
    )
    exam = SelectField("Exam", [Marks(required=True)], validate_choice=False)
    rank = StringField("Rank", [Marks(maxlength=12)], render_kw={"autocomplete": "off", "inputmode": "numeric"})
    category = SelectField("Category", validate_choice=False)
    state = SelectField("Home state", validate_choice=False)
    message = TextAreaField("Message", [Marks(maxlength=LONGEST_MESSAGE)])

    def offer(self, lead: Inquiry | None = None) -> None:
        """Fill the lists; what the lead has stays a choice, whatever it is."""
        categories, states = list(CATEGORIES), list(STATES)
        if lead is not None:
            categories += [lead.category] if lead.category and lead.category not in categories else []
            states += [lead.state] if lead.state and lead.state not in states else []
        self.exam.choices = [("", "Choose"), *((one.value, EXAM_LABELS[one]) for one in Exam)]
        self.category.choices = [("", "Not told"), *((one, one) for one in categories)]
        self.state.choices = [("", "Not told"), *((one, one[:LONGEST_STATE]) for one in states)]

    def fill(self, lead: Inquiry) -> None:
        """Show what is stored."""
        for name in self.typed():
            value = getattr(lead, name)
            self[name].data = str(getattr(value, "value", value) if value is not None else "")
        self.version.data = str(lead.version)

    def typed(self) -> dict[str, str]:
        """Return the fields a person types, as they were typed."""
        names = ("name", "email", "phone", "exam", "rank", "category", "state", "message")
        return {name: str(self[name].data or "") for name in names}


class NewLeadForm(LeadForm):
    """Somebody who called, wrote or came by."""

    source = StringField(
        "How they came", [Marks(maxlength=LONGEST_SOURCE)], default="phone", render_kw={"list": "sources"}
    )


class ConvertForm(FlaskForm):  # type: ignore[misc]
    """A package, or none, and how the student gets it."""

    version = HiddenField()
    package = SelectField("Package", validate_choice=False)
    way = RadioField("How", choices=WAYS, default="link", validate_choice=False)
    reason = TextAreaField("Reason or note", [Marks(maxlength=500)])

    def offer(self, packages: Sequence[tuple[str, str]]) -> None:
        """Fill the list with (public id, name)."""
        self.package.choices = [("", "No package yet, only the account"), *packages]


def read_version(text: str | None) -> int:
    """Return the version a form was made from; 0, which none is, for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else 0
