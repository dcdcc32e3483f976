"""Forms about counsellors. They read what was typed; the rules of counsellors judge it, for every door alike."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.form import BaseForm
from wtforms.validators import StopValidation

from webapp.accounts import rules as account_rules
from webapp.accounts.forms import Marks
from webapp.accounts.rules import phone_in_form
from webapp.accounts.services import clean_address
from webapp.counsellors.models import Counsellor, Service
from webapp.counsellors.queries import profile_state
from webapp.counsellors.rules import (
    DURATIONS,
    ProfileText,
    Record,
    ServiceText,
    clean_profile,
    clean_record,
    clean_service,
    split_lines,
    split_words,
)
from webapp.counsellors.rules.profile import LONGEST
from webapp.packages.rules import EXAM_LABELS
from webapp.payments.forms_admin import RupeesField, amount_text, tidy

LENGTH_CHOICES = [SelectChoice(str(one), f"{one} min") for one in DURATIONS]
ALL = {"": "Decide for each", "cancel": "Cancel all", "keep": "Keep all"}
ALL_CHOICES = [SelectChoice(value, label) for value, label in ALL.items()]
EXAM_CHOICES = [SelectChoice(exam.value, label) for exam, label in EXAM_LABELS.items()]
LONGEST_LIST = 2600  # 20 entries of 120 characters, with commas
WHOLE: dict[str, Any] = {"inputmode": "numeric", "autocomplete": "off", "maxlength": 9}
MONEY: dict[str, Any] = {"inputmode": "decimal", "autocomplete": "off", "maxlength": 20}


class WholeField(StringField):
    """A whole number from 0 on; ``number`` is None while it is empty or wrong."""

    number: int | None = None

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse what is no whole number."""
        del form
        text = tidy(self.data)
        self.number = int(text) if re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) else None
        if text and self.number is None:
            raise StopValidation("Enter a whole number, like 12.")


class StarsField(StringField):
    """A rating such as 4.85; ``stars`` is None while it is empty or wrong."""

    stars: Decimal | None = None

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse what is no number with at most two decimals."""
        del form
        text = tidy(self.data)
        self.stars = Decimal(text) if re.fullmatch(r"[0-9](\.[0-9]{1,2})?", text, re.ASCII) else None
        if text and self.stars is None:
            raise StopValidation("Enter a number from 0 to 5, like 4.8.")


def _longest(name: str, *, needed: bool = False) -> list[Any]:
    return [Marks(maxlength=LONGEST[name], **({"required": True} if needed else {}))]


class ProfileForm(FlaskForm):  # type: ignore[misc]
    """What a counsellor may write of the own profile. ``seen`` tells which state of it was on the page."""

    name = StringField("Name", _longest("name", needed=True), render_kw={"autocomplete": "off"})
    title = StringField("Title", _longest("title", needed=True))
    phone = TelField("Phone", [Marks(maxlength=24)], render_kw={"inputmode": "tel", "autocomplete": "off"})
    exam_types = SelectMultipleField("Exams", choices=EXAM_CHOICES, validate_choice=False)
    experience = WholeField("Experience", [Marks()], render_kw=WHOLE)
    location = StringField("Town", _longest("location"))
    languages = StringField("Languages", [Marks(maxlength=LONGEST_LIST)])
    specializations = StringField("Specialisations", [Marks(maxlength=LONGEST_LIST)])
    short_bio = TextAreaField("In short", _longest("short_bio"))
    bio = TextAreaField("About", _longest("bio"))
    qualifications = TextAreaField("Qualifications")
    certifications = TextAreaField("Certifications")
    linkedin = StringField("LinkedIn", _longest("linkedin"), render_kw={"inputmode": "url", "autocomplete": "off"})
    twitter = StringField("X", _longest("twitter"), render_kw={"inputmode": "url", "autocomplete": "off"})
    seen = HiddenField()
    with_record = False

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Say everything that is wrong at once: what can't be read, and what the rules refuse."""
        readable = bool(super().validate(extra_validators))
        for name, text in self.problems().items():
            if name in self and not self[name].errors:
                self[name].errors = [text]
        return readable and not any(entry.errors for entry in self)

    def problems(self) -> dict[str, str]:
        """What the rules refuse, field name → words; the service asks them again."""
        wrong = clean_profile(self.profile())[1]
        try:
            account_rules.clean_phone(self.phone.data or "")
        except ValueError as error:
            wrong["phone"] = str(error)
        return wrong

    def profile(self) -> ProfileText:
        """What was typed, as the services take it."""
        return ProfileText(
            name=self.name.data or "",
            title=self.title.data or "",
            bio=self.bio.data or "",
            short_bio=self.short_bio.data or "",
            qualifications=split_lines(self.qualifications.data or ""),
            certifications=split_lines(self.certifications.data or ""),
            specializations=split_words(self.specializations.data or ""),
            exam_types=tuple(self.exam_types.data or ()),
            languages=split_words(self.languages.data or ""),
            experience=self.experience.number or 0,
            location=self.location.data or "",
            linkedin=self.linkedin.data or "",
            twitter=self.twitter.data or "",
        )

    def fill(self, counsellor: Counsellor) -> None:
        """Show what is stored."""
        for name in ("name", "title", "bio", "short_bio", "location"):
            self[name].data = getattr(counsellor, name)
        for name in ("qualifications", "certifications"):
            self[name].data = "\n".join(getattr(counsellor, name))
        for name in ("specializations", "languages"):
            self[name].data = ", ".join(getattr(counsellor, name))
        self.phone.data = phone_in_form(counsellor.phone)
        self.exam_types.data = list(counsellor.exam_types)
        self.experience.data = str(counsellor.experience)
        self.linkedin.data = str(counsellor.social_links.get("linkedin", ""))
        self.twitter.data = str(counsellor.social_links.get("twitter", ""))
        self.seen.data = profile_state(counsellor, with_record=self.with_record)


class CounsellorForm(ProfileForm):
    """All of a counsellor, for admins."""

    email = EmailField("Mail address", [Marks(required=True, maxlength=account_rules.LONGEST_EMAIL)],
        render_kw={"autocomplete": "off"})  # fmt: skip
    students_guided = WholeField("Students guided", [Marks()], render_kw=WHOLE)
    hourly_rate = RupeesField("Rate an hour", [Marks()], render_kw=MONEY)
    rating_start = StarsField("Rating brought along", [Marks()], render_kw=MONEY)
    reviews_start = WholeField("Reviews brought along", [Marks()], render_kw=WHOLE)
    display_order = WholeField("Place in the list", [Marks()], render_kw=WHOLE)
    is_featured = BooleanField("Featured on the first page")
    with_record = True

    def problems(self) -> dict[str, str]:
        """What the rules refuse, with the desk's fields and the address."""
        wrong = {**super().problems(), **clean_record(self.record())[1]}
        try:
            clean_address(self.email.data or "")
        except ValueError as error:
            wrong["email"] = str(error)
        return wrong

    def record(self) -> Record:
        """What only admins write, as the services take it."""
        return Record(
            students_guided=self.students_guided.number or 0,
            hourly_rate=self.hourly_rate.paise or 0,
            rating_start=self.rating_start.stars or Decimal(0),
            reviews_start=self.reviews_start.number or 0,
            is_featured=bool(self.is_featured.data),
            display_order=self.display_order.number,
        )

    def fill(self, counsellor: Counsellor) -> None:
        """Show what is stored."""
        super().fill(counsellor)
        self.email.data = counsellor.email
        self.hourly_rate.data = amount_text(counsellor.hourly_rate)
        self.rating_start.data = str(counsellor.rating_start.quantize(Decimal("0.01")))
        self.is_featured.data = counsellor.is_featured
        for name in ("students_guided", "reviews_start", "display_order"):
            self[name].data = str(getattr(counsellor, name))


class PhotoForm(FlaskForm):  # type: ignore[misc]
    """A photo to upload."""

    photo = FileField("Photo", [Marks(required=True)], render_kw={"accept": "image/jpeg,image/png,image/webp"})


class ServiceForm(FlaskForm):  # type: ignore[misc]
    """A single session on sale."""

    title = StringField("Title", [Marks(required=True, maxlength=LONGEST["service_title"])])
    description = TextAreaField("Description", _longest("description"))
    duration = SelectField("Length", choices=LENGTH_CHOICES, validate_choice=False)
    price = RupeesField("Price", [Marks(required=True)], render_kw=MONEY)

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Say everything that is wrong at once."""
        readable = bool(super().validate(extra_validators))
        for name, text in clean_service(self.entry())[1].items():
            if not self[name].errors:
                self[name].errors = [text]
        return readable and not any(entry.errors for entry in self)

    def entry(self) -> ServiceText:
        """What was typed, as the services take it."""
        length = str(self.duration.data or "")
        return ServiceText(
            title=self.title.data or "",
            description=self.description.data or "",
            duration=int(length) if re.fullmatch(r"[0-9]{1,3}", length, re.ASCII) else 0,
            price=self.price.paise or 0,
        )

    def fill(self, service: Service) -> None:
        """Show what is stored."""
        self.title.data, self.description.data = service.title, service.description
        self.duration.data, self.price.data = str(service.duration), amount_text(service.price)


class ApplyForm(FlaskForm):  # type: ignore[misc]
    """Somebody who wants to counsel here."""

    name = StringField("Name", _longest("name", needed=True), render_kw={"autocomplete": "name"})
    email = EmailField("Email", [Marks(required=True, maxlength=account_rules.LONGEST_EMAIL)],
        render_kw={"autocomplete": "username"})  # fmt: skip
    phone = TelField("Phone", [Marks(required=True, maxlength=24)], render_kw={"autocomplete": "tel",
        "inputmode": "tel"})  # fmt: skip
    password = PasswordField("Password", [Marks(required=True, maxlength=account_rules.LONGEST_PASSWORD)],
        render_kw={"autocomplete": "new-password"})  # fmt: skip
    title = StringField("What you counsel on", _longest("title", needed=True))
    exam_types = SelectMultipleField("Exams", [Marks(required=True)], choices=EXAM_CHOICES, validate_choice=False)
    experience = WholeField("Years of experience", [Marks(required=True)], render_kw=WHOLE)
    application = TextAreaField("About you", _longest("application", needed=True))
    zone = HiddenField(render_kw={"data-zone-input": True})


class WhyForm(FlaskForm):  # type: ignore[misc]
    """A reason that somebody reads."""

    reason = TextAreaField("Reason", _longest("reason", needed=True))


class LeaveForm(FlaskForm):  # type: ignore[misc]
    """Why a counsellor stops, what students are told, and one choice for all sessions; each may differ."""

    reason = TextAreaField("Reason", _longest("reason", needed=True))
    message = TextAreaField("What the students read", _longest("reason"))
    every = RadioField(
        "All sessions",
        choices=[
            SelectChoice("", "Decide for each"),
            SelectChoice("cancel", "Cancel all"),
            SelectChoice("keep", "Keep all"),
        ],
        default="",
        validate_choice=False,
    )
