"""The editor's form. It carries what was typed and reads it; the rules judge it, for every door alike."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.widgets import ColorInput

from webapp.accounts.forms import Marks
from webapp.core.money import format_rupees, parse_rupees
from webapp.packages.rules import EXAM_LABELS, discounts
from webapp.packages.rules.badges import HOUSE_COLOR
from webapp.packages.rules.editing import (
    HIGHLIGHT,
    LABELS,
    LIMITS,
    MOST_FEATURES,
    MOST_HIGHLIGHTS,
    SESSION_LENGTHS,
    FeatureInput,
    PackageInput,
    clean,
    label_of,
    problems_of,
)
from webapp.packages.rules.slugs import LONGEST_SLUG
from webapp.packages.versions import differing

LONGEST_AMOUNT = 20
EXAMS = [SelectChoice("", "Choose an exam")] + [SelectChoice(exam.value, text) for exam, text in EXAM_LABELS.items()]
LENGTHS = [SelectChoice(str(one), f"{one} min") for one in SESSION_LENGTHS]
ORDER = (
    "name", "slug", "exam_type", "short_description", "description", "price", "discount_price", "discount_percentage",
    "validity_days", "max_sessions", "session_minutes", "badge", "badge_color", "features", "highlights",
    "counsellor_ids", "terms",
)  # fmt: skip
_PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,2})?")
_KEY = re.compile(r"[a-z0-9]{1,8}")
_MONEY = {"inputmode": "decimal", "maxlength": LONGEST_AMOUNT, "autocomplete": "off"}
_COUNT = {"inputmode": "numeric", "maxlength": 6, "autocomplete": "off"}


def _text(name: str, kind: type[Field] = StringField, *, required: bool = False, **more: Any) -> Field:
    marks = Marks(**({"maxlength": LIMITS[name]} if name in LIMITS else {}), **({"required": True} if required else {}))
    return kind(LABELS[name], [marks], **more)


class PackageForm(FlaskForm):  # type: ignore[misc]
    """All of a package but its features, which are `FeatureRow`s."""

    name = _text("name", required=True, render_kw={"autocomplete": "off"})
    slug = StringField(LABELS["slug"], [Marks(maxlength=LONGEST_SLUG)], render_kw={
        "autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"})  # fmt: skip
    exam_type = SelectField(LABELS["exam_type"], validate_choice=False, validators=[Marks(required=True)],
        choices=EXAMS)  # fmt: skip
    short_description = _text("short_description")
    description = _text("description", TextAreaField)
    price = _text("price", required=True, render_kw=_MONEY)
    discount_price = _text("discount_price", render_kw=_MONEY)
    discount_percentage = _text("discount_percentage", render_kw={**_MONEY, "maxlength": 6})
    validity_days = _text("validity_days", required=True, render_kw=_COUNT)
    max_sessions = _text("max_sessions", required=True, render_kw=_COUNT)
    session_minutes = SelectField(LABELS["session_minutes"], validate_choice=False, default="30",
        validators=[Marks(required=True)], choices=LENGTHS)  # fmt: skip
    badge = _text("badge", render_kw={"autocomplete": "off"})
    badge_color = _text("badge_color", widget=ColorInput(), default=HOUSE_COLOR)
    highlights = _text("highlights", TextAreaField)
    counsellor_ids = SelectMultipleField("Who counsels", validate_choice=False)
    terms = _text("terms", TextAreaField)
    is_active = BooleanField("On sale", default=True)
    is_featured = BooleanField("Featured on the landing page")


@dataclass(slots=True)
class FeatureRow:
    """One line of the editor's features; ``key`` names its inputs, ``errors`` are by "title" and "description"."""

    key: str
    title: str = ""
    description: str = ""
    included: bool = True
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is typed in it."""
        return not self.title.strip() and not self.description.strip()


@dataclass(frozen=True, slots=True)
class Wrong:
    """A field that needs a look: its name for people, the id of its input, and why."""

    label: str
    anchor: str
    text: str


@dataclass(slots=True)
class Draft:
    """What the editor holds, saved or not. ``unread`` are fields whose text is no number, with the words to say so."""

    form: PackageForm
    rows: list[FeatureRow]
    version: str = ""
    unread: dict[str, str] = field(default_factory=dict)
    wrong: list[Wrong] = field(default_factory=list)

    @property
    def data(self) -> PackageInput:
        """What was typed, as the services take it; a number that cannot be read is None."""
        texts: dict[str, Any] = {
            name: self.form[name].data or "" for name in (*LIMITS, "slug", "exam_type", "badge_color")
        }
        return PackageInput(
            **texts,
            price=self._money("price"),
            discount_price=self._money("discount_price"),
            discount_percentage=self._percent(),
            validity_days=_whole(self.form.validity_days.data),
            max_sessions=_whole(self.form.max_sessions.data),
            session_minutes=_whole(self.form.session_minutes.data),
            highlights=tuple((self.form.highlights.data or "").splitlines()),
            counsellor_ids=tuple(self.form.counsellor_ids.data or ()),
            features=tuple(FeatureInput(row.title, row.description, row.included) for row in self.rows),
            is_active=bool(self.form.is_active.data),
            is_featured=bool(self.form.is_featured.data),
        )

    def _money(self, name: str) -> int | None:
        text = (self.form[name].data or "").strip()
        if not text:
            return None
        try:
            return parse_rupees(text[: LONGEST_AMOUNT + 1])
        except ValueError as error:
            said = str(error)
            least = "a positive number" if name == "price" else "zero or more"
            self.unread[name] = f"{LABELS[name]} must be {least}." if said.startswith("Enter an amount") else said
            return None

    def _percent(self) -> Decimal | None:
        text = (self.form.discount_percentage.data or "").replace("%", "").strip()
        if not text:
            return None
        if not _PERCENT.fullmatch(text):
            self.unread["discount_percentage"] = "Enter a per cent from 0 to 100."
            return None
        return Decimal(text)

    def problems(self) -> dict[str, str]:
        """Return everything that is wrong, field → message."""
        data = clean(self.data)
        return {**problems_of(data), **self.unread}

    def named(self, problems: Mapping[str, str]) -> list[str]:
        """Return the names of the fields that have problems, in the order of the page, each once."""
        return list(dict.fromkeys(label_of(name) for name, _ in _in_order(problems)))

    def show(self, problems: Mapping[str, str]) -> None:
        """Put messages at their fields, in the order of the page."""
        self.wrong = [Wrong(label_of(name), self._mark(name, text), text) for name, text in _in_order(problems)]

    def _mark(self, name: str, text: str) -> str:
        parts = name.split(".")
        if parts[0] == "features" and len(parts) == 3:
            row = self.rows[int(parts[1])]
            row.errors[parts[2]] = text
            return f"feature-{row.key}-{parts[2]}"
        if name in self.form:
            self.form[name].errors = [text]
            return name
        return "features"


def _in_order(problems: Mapping[str, str]) -> list[tuple[str, str]]:
    places = {name: place for place, name in enumerate(ORDER)}
    return sorted(problems.items(), key=lambda one: (places.get(one[0].partition(".")[0], 99), _place_of(one[0])))


def _place_of(name: str) -> int:
    number = name.partition(".")[2].partition(".")[0]
    return int(number) if number.isdigit() else 0


def _whole(text: str | None) -> int | None:
    typed = (text or "").replace(",", "").strip()
    return int(typed) if re.fullmatch(r"[0-9]{1,9}", typed) else None


def amount_text(paise: int | None) -> str:
    """Return paise as one types them: "1,499" or "1,499.50"."""
    return "" if paise is None else format_rupees(paise).removeprefix("₹")


def read_draft(values: MultiDict[str, str], *, keep_empty: bool = True) -> Draft:
    """Return what the page sent; its features in the order in which they stand there."""
    rows = read_rows(values)
    if not keep_empty:
        rows = [row for row in rows if not row.is_empty]
    return Draft(PackageForm(formdata=values), rows, version=values.get("version", "")[:400])


def read_rows(values: MultiDict[str, str]) -> list[FeatureRow]:
    """Return the lines of features as they stand on the page: ``feature`` names them one after the other."""
    keys = [key for key in dict.fromkeys(values.getlist("feature")) if _KEY.fullmatch(key)]
    return [
        FeatureRow(
            key,
            values.get(f"feature-{key}-title", ""),
            values.get(f"feature-{key}-description", ""),
            f"feature-{key}-included" in values,
        )
        for key in keys[: 2 * MOST_FEATURES]
    ]


def draft_of(data: PackageInput, version: str) -> Draft:
    """Return a saved package as the editor shows it, with both sides of its discount."""
    return Draft(PackageForm(formdata=None, data=_texts(data)), _rows(data.features), version=version)


def _rows(features: tuple[FeatureInput, ...]) -> list[FeatureRow]:
    return [FeatureRow(str(n), one.title, one.description, one.included) for n, one in enumerate(features)]


def _texts(data: PackageInput) -> dict[str, Any]:
    off = discounts.settle(data.price, data.discount_price, data.discount_percentage) if data.price else None
    return {
        **{name: getattr(data, name) for name in (*LIMITS, "slug", "exam_type", "is_active", "is_featured")},
        "price": amount_text(data.price),
        "discount_price": amount_text(off.price if off else None),
        "discount_percentage": discounts.percent_text(off.percentage if off else None),
        "validity_days": str(data.validity_days or ""),
        "max_sessions": str(data.max_sessions or ""),
        "session_minutes": str(data.session_minutes or ""),
        "highlights": "\n".join(data.highlights),
        "counsellor_ids": list(data.counsellor_ids),
        "badge_color": data.badge_color or HOUSE_COLOR,
    }


def touched(draft: Draft) -> list[str]:
    """Return the fields in which a draft differs from the version it was made from."""
    return differing(draft.version, clean(draft.data))


def merged(draft: Draft, current: PackageInput, version: str) -> Draft:
    """Return a draft that goes on from the current state: what this editor had not touched is what it is now.

    What both changed stays as typed here; saving again then says so on purpose.
    """
    typed = clean(draft.data)
    mine = touched(draft)
    kept = replace(current, **{name: getattr(typed, name) for name in mine})
    if "discount_price" in mine:
        kept = replace(kept, discount_percentage=typed.discount_percentage)
    fresh = draft_of(kept, version)
    for name in mine:
        if name in fresh.form:
            fresh.form[name].data = draft.form[name].data
    if "discount_price" in mine:
        fresh.form.discount_percentage.data = draft.form.discount_percentage.data
    return fresh


HINTS = {"highlights": f"One a line, at most {MOST_HIGHLIGHTS} of {HIGHLIGHT} characters. They stand beside the price."}
