"""The guidance form. It only carries what was typed: the service checks it, for every door alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, HiddenField, SelectField, StringField, TelField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from webapp.accounts.forms import Marks
from webapp.accounts.models import User
from webapp.accounts.rules import LONGEST_EMAIL, LONGEST_NAME, phone_in_form
from webapp.inquiries.models import Exam
from webapp.inquiries.rules import CATEGORIES, EXAM_LABELS, LONGEST_MESSAGE, STATES, InquiryInput
from webapp.inquiries.stamps import Stamp, write_stamp

EXAMS = [SelectChoice("", "Choose an exam"), *(SelectChoice(exam.value, label) for exam, label in EXAM_LABELS.items())]
NOT_SAID = SelectChoice("", "Not said")


class GuidanceForm(FlaskForm):  # type: ignore[misc]
    """What somebody wants to know, and how to reach them. ``website`` is seen by machines only."""

    class Meta:
        """The visitor has no session to protect: the door looks at the origin instead, and at the stamp."""

        csrf = False

    name = StringField("Your name", [Marks(required=True, maxlength=LONGEST_NAME)], render_kw={"autocomplete": "name"})
    phone = TelField("Phone", [Marks(required=True, maxlength=24)], render_kw={"autocomplete": "tel"})
    email = EmailField("Email", [Marks(required=True, maxlength=LONGEST_EMAIL)], render_kw={"autocomplete": "email"})
    exam = SelectField("Exam", [Marks(required=True)], choices=EXAMS, validate_choice=False)
    rank = StringField("Rank", [Marks(maxlength=10)], render_kw={"inputmode": "numeric"})
    category = SelectField(
        "Category", choices=[NOT_SAID, *(SelectChoice(one, one) for one in CATEGORIES)], validate_choice=False
    )
    state = SelectField(
        "Home state", choices=[NOT_SAID, *(SelectChoice(one, one) for one in STATES)], validate_choice=False
    )
    message = TextAreaField("What would you like to know?", [Marks(maxlength=LONGEST_MESSAGE)])
    consent = BooleanField("Consent", [Marks(required=True)])
    website = StringField("Leave this field empty", render_kw={"autocomplete": "off", "tabindex": "-1"})
    stamp = HiddenField()

    untouched: str | None = None  # the exam chosen by the address of an empty form for somebody unknown

    def entry(self, stamp: Stamp) -> InquiryInput:
        """Return what was typed, as the service takes it."""
        return InquiryInput(
            **{field: self[field].data or "" for field in TYPED},
            consent=bool(self.consent.data),
            utm_source=stamp.utm_source,
            utm_medium=stamp.utm_medium,
            utm_campaign=stamp.utm_campaign,
            referrer=stamp.referrer,
        )

    def unknown_choices(self) -> dict[str, str]:
        """Return the selects whose value is not in their list: somebody changed the page."""
        known = {"category": CATEGORIES, "state": STATES}
        return {
            name: "Choose one from the list." for name, names in known.items() if self[name].data not in ("", *names)
        }


TYPED = ("name", "email", "phone", "exam", "rank", "category", "state", "message")


def new_form(stamp: Stamp, args: Mapping[str, str], viewer: User | None) -> GuidanceForm:
    """Return an empty form; the exam of the address is chosen, and who is signed in need not say who they are."""
    typed: dict[str, Any] = {"exam": _exam(args.get("exam", ""))}
    if viewer is not None:
        typed |= {"name": viewer.name, "email": viewer.email, "phone": phone_in_form(viewer.phone)}
    form = GuidanceForm(formdata=None, data=typed)
    form.stamp.data = write_stamp(stamp)
    form.untouched = typed["exam"] if viewer is None else None
    return form


def _exam(wanted: str) -> str:
    """Return the choice of an address's exam: its own name, or that of a package ("jee" is JEE Main)."""
    wanted = {"jee": "jee-main"}.get(wanted, wanted)
    return wanted if wanted in list(Exam) else ""
