"""Forms of the admins' money pages. They read what was typed into paise and instants; the services judge it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, Field, RadioField, SelectField, SelectMultipleField, StringField
from wtforms import TextAreaField as WideField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.form import BaseForm
from wtforms.validators import AnyOf, DataRequired, InputRequired, Length, StopValidation, ValidationError
from wtforms.widgets import DateInput, DateTimeLocalInput

from webapp.accounts.viewer import viewer_zone
from webapp.core.money import format_rupees, parse_rupees
from webapp.core.times import zone_info
from webapp.payments.models import DiscountType
from webapp.payments.services.coupons import CODE, CODE_WORDS

REASON_LIMIT = 500
LONGEST_AMOUNT = 20
SMALLEST_REFUND = 100  # the gateways send no less
YEARS = range(2000, 2101)  # a year outside is a slip of the finger
KINDS = SelectChoice(DiscountType.PERCENT.value, "Per cent"), SelectChoice(DiscountType.FIXED.value, "Rupees")


def tidy(text: str | None) -> str:
    """Typed text as it is kept: one kind of line end (so the limit counts what was seen), no NUL, no edges."""
    return (text or "").replace("\r\n", "\n").replace("\x00", "").strip()


def _upto(limit: int) -> Length:
    return Length(max=limit, message=f"Keep this within {limit} characters.")


class RupeesField(StringField):
    """An amount typed in rupees; ``paise`` is what it means, None while it is empty or wrong."""

    paise: int | None = None

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse what is no amount: words, a minus, three decimals."""
        del form
        text = tidy(self.data)
        self.paise = None
        self.paise = read_paise(text) if text else None


class WholeField(StringField):
    """A whole number; ``number`` is None while it is empty or wrong."""

    number: int | None = None

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse what is no whole number above zero."""
        del form
        self.number = None
        text = tidy(self.data)
        if text and not re.fullmatch(r"[0-9]{1,9}", text):
            raise StopValidation("Enter a whole number, like 50.")
        if text and int(text) < 1:
            raise StopValidation("Enter a number of 1 or more, or leave it empty for no limit.")
        self.number = int(text) if text else None


class MomentField(StringField):
    """A day and time on the viewer's clock; ``instant`` is what it means (UTC)."""

    widget = DateTimeLocalInput()
    instant: dt.datetime | None = None

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse what is no day and time."""
        del form
        self.instant = None
        if text := tidy(self.data):
            self.instant = read_moment(text, viewer_zone())
            if self.instant is None:
                raise StopValidation("Choose a day and a time.")


class DayField(StringField):
    """A day; ``day`` is None while it is empty or wrong."""

    widget = DateInput()
    day: dt.date | None = None

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse what is no day."""
        del form
        self.day = None
        if text := tidy(self.data):
            self.day = read_day(text)
            if self.day is None:
                raise StopValidation("Choose a day.")


def read_paise(text: str) -> int:
    """Return the paise of a typed amount; StopValidation says what is wrong with it."""
    try:
        return parse_rupees(text[: LONGEST_AMOUNT + 1])
    except ValueError as error:
        raise StopValidation(str(error)) from error


def read_day(text: str) -> dt.date | None:
    """Return the day of "2026-12-12", None for anything else."""
    try:
        day = dt.date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
    return day if day is not None and day.year in YEARS else None


def read_moment(text: str, zone: str) -> dt.datetime | None:
    """Return the instant (UTC) of "2026-12-12T10:30" on the clock of ``zone``, None for anything else."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?", text, re.ASCII):
        return None
    try:
        local = dt.datetime.fromisoformat(text).replace(tzinfo=zone_info(zone))
    except ValueError:
        return None
    return local.astimezone(dt.UTC) if local.year in YEARS else None


def moment_text(instant: dt.datetime | None, zone: str) -> str:
    """Return an instant as a day-and-time field holds it."""
    return f"{instant.astimezone(zone_info(zone)):%Y-%m-%dT%H:%M}" if instant else ""


def amount_text(paise: int | None) -> str:
    """Return paise as one types them: "1,499" or "1,499.50"."""
    return "" if paise is None else format_rupees(paise).removeprefix("₹")


_MONEY: dict[str, Any] = {"inputmode": "decimal", "maxlength": LONGEST_AMOUNT, "autocomplete": "off"}
_COUNT: dict[str, Any] = {"inputmode": "numeric", "maxlength": 9, "autocomplete": "off"}


class Fit:
    """An amount between the smallest refund and what is left of the payment, in paise."""

    def __init__(self, left: int) -> None:
        self.left = left

    def __call__(self, form: BaseForm, field: Field) -> None:
        """Refuse too little and too much, in words."""
        del form
        paise = getattr(field, "paise", None)
        if paise is None:
            return
        if paise > self.left:
            raise ValidationError(f"At most {format_rupees(self.left)} is left of this payment.")
        if paise < min(SMALLEST_REFUND, self.left) or paise == 0:
            raise ValidationError("Enter ₹1 or more: banks send no less.")


class RefundForm(FlaskForm):  # type: ignore[misc]
    """How much goes back, and why."""

    amount = RupeesField("Amount", [DataRequired("Enter how much goes back.")], render_kw=_MONEY)
    reason = WideField("Reason", [DataRequired("Say why; it is kept with the payment."), _upto(REASON_LIMIT)],
        filters=[tidy])  # fmt: skip

    def validate_up_to(self, left: int) -> bool:
        """Check the form against what is left of the payment, in paise."""
        return bool(self.validate_on_submit(extra_validators={"amount": [Fit(left)]}))


class DecideForm(FlaskForm):  # type: ignore[misc]
    """The answer to a request for money back."""

    amount = RupeesField("Amount to give back", render_kw=_MONEY)
    answer = WideField("Answer", [_upto(REASON_LIMIT)], filters=[tidy])

    def validate_decision(self, approve: bool, left: int) -> bool:
        """Check what this decision needs: approving an amount, declining an answer."""
        checks: dict[str, list[Any]] = {
            "amount": [DataRequired("Enter how much goes back."), Fit(left)] if approve else [],
            "answer": [] if approve else [DataRequired("Say why not; the student reads it.")],
        }
        if not approve:
            self.amount.data = ""
        return bool(self.validate_on_submit(extra_validators=checks))


class SettleForm(FlaskForm):  # type: ignore[misc]
    """How unmatched money was dealt with."""

    note = WideField("What was done", [DataRequired("Say what was done with this money."), _upto(400)], filters=[tidy])


class WhyForm(FlaskForm):  # type: ignore[misc]
    """A reason that the student reads."""

    reason = WideField("Reason", [DataRequired("Say why; the student reads it."), _upto(REASON_LIMIT)], filters=[tidy])


class CouponForm(FlaskForm):  # type: ignore[misc]
    """All of a coupon. A discount is a whole per cent or rupees, by its kind."""

    code = StringField("Code", [DataRequired("Enter a code."), _upto(40)], filters=[tidy],
        render_kw={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"})  # fmt: skip
    description = StringField("Description", [_upto(200)], filters=[tidy])
    discount_type = RadioField("Takes off", choices=list(KINDS), default=DiscountType.PERCENT.value,
        validate_choice=False, validators=[AnyOf(list(DiscountType), message="Choose per cent or rupees.")],
    )  # fmt: skip
    discount_value = StringField("How much", [DataRequired("Enter how much it takes off.")], filters=[tidy],
        render_kw=_MONEY)  # fmt: skip
    min_amount = RupeesField("Smallest purchase", render_kw=_MONEY)
    valid_from = MomentField("Valid from", [DataRequired("Choose when it begins.")])
    valid_until = MomentField("Valid until")
    usage_limit = WholeField("Uses in all", render_kw=_COUNT)
    per_user_limit = WholeField("Uses per student", render_kw=_COUNT)
    package_ids = SelectMultipleField("Packages", validate_choice=False)
    is_active = BooleanField("In use", default=True)

    def validate_code(self, field: Any) -> None:
        """Said with the other fields; the service looks again."""
        if field.data and not CODE.fullmatch(field.data.upper()):
            raise ValidationError(CODE_WORDS)

    def validate_valid_until(self, field: Any) -> None:
        """The end is after the start."""
        first, last = self.valid_from.instant, field.instant
        if first is not None and last is not None and last <= first:
            raise ValidationError("The end must be after the start.")

    def validate_discount_value(self, field: Any) -> None:
        """A per cent is whole and 1 to 100; rupees are an amount above zero."""
        if self.discount_type.data != DiscountType.PERCENT:
            if read_paise(field.data) == 0:
                raise ValidationError("Enter an amount above zero.")
            return
        text = field.data.removesuffix("%").strip()
        if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= 100:
            raise ValidationError("Enter a whole per cent from 1 to 100.")

    @property
    def value(self) -> int:
        """The discount as it is kept: a whole per cent, or paise. Only for a form that validated."""
        text = str(self.discount_value.data)
        if self.discount_type.data == DiscountType.PERCENT:
            return int(text.removesuffix("%").strip())
        return parse_rupees(text)


class GrantForm(FlaskForm):  # type: ignore[misc]
    """A package given without payment."""

    user = EmailField("Student's mail address", [DataRequired("Enter the student's mail address."), _upto(254)],
        filters=[tidy], render_kw={"autocomplete": "off"})  # fmt: skip
    package = SelectField("Package", validate_choice=False, validators=[InputRequired("Choose a package.")])
    counsellor = SelectField("Counsellor", validate_choice=False)
    reason = WideField("Reason", [DataRequired("Say why it is given; admins read it."), _upto(REASON_LIMIT)],
        filters=[tidy])  # fmt: skip

    def offer(self, packages: Sequence[tuple[str, str]], counsellors: Sequence[tuple[str, str]]) -> None:
        """Fill the lists with (public id, name)."""
        self.package.choices = [("", "Choose a package"), *packages]
        self.counsellor.choices = [("", "Any counsellor of the package"), *counsellors]


class AssignForm(FlaskForm):  # type: ignore[misc]
    """The one counsellor of an enrolment."""

    counsellor = SelectField("Counsellor", validate_choice=False)


class PayoutForm(FlaskForm):  # type: ignore[misc]
    """Money paid to a counsellor outside."""

    amount = RupeesField("Amount", [DataRequired("Enter what was paid.")], render_kw=_MONEY)
    paid_at = DayField("Paid on", [DataRequired("Choose the day.")])
    bank_reference = StringField("Bank reference", [DataRequired("Enter the bank's reference."), _upto(80)],
        filters=[tidy], render_kw={"autocomplete": "off"})  # fmt: skip
    note = StringField("Note", [_upto(300)], filters=[tidy])
