"""What a package may be: the input of every door, cleaned and checked; every wrong field is named at once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from webapp.core.money import MAX_PAISE, format_rupees
from webapp.packages.rules import discounts
from webapp.packages.rules.badges import HEX, HOUSE_COLOR
from webapp.packages.rules.slugs import LONGEST_SLUG, SLUG
from webapp.packages.rules.words import read_exam

SESSION_LENGTHS = (30, 45, 60, 90)
MOST_DAYS, MOST_SESSIONS, MOST_FEATURES, MOST_HIGHLIGHTS, HIGHEST_ORDER = 3650, 500, 40, 12, 1_000_000
LIMITS = {"name": 120, "short_description": 300, "description": 5000, "terms": 5000, "badge": 30}
LABELS = {
    "name": "Name",
    "slug": "Address",
    "exam_type": "Exam",
    "short_description": "Short description",
    "description": "Description",
    "price": "Price",
    "discount_price": "Discount price",
    "discount_percentage": "Discount in per cent",
    "validity_days": "Valid for",
    "max_sessions": "Sessions",
    "session_minutes": "Length",
    "badge": "Badge",
    "badge_color": "Badge colour",
    "features": "Features",
    "highlights": "Highlights",
    "counsellor_ids": "Counsellors",
    "terms": "Terms",
    "display_order": "Place in the list",
    "is_active": "On sale",
    "is_featured": "Featured",
}
FEATURE_TITLE, FEATURE_TEXT, HIGHLIGHT = 120, 500, 120
_BREAKS = re.compile(r"\r\n?|[\u2028\u2029]")
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\u200b\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class FeatureInput:
    """One line of what a package holds, or says it does not hold."""

    title: str
    description: str = ""
    included: bool = True


@dataclass(frozen=True, slots=True)
class PackageInput:
    """A package as a door read it. Prices in paise; None for a number means that none was given.

    ``slug`` "" asks for one made from the name; ``badge_color`` "" is the house's saffron; no counsellors
    means all active ones; ``display_order`` None keeps the place (a new package goes to the end).
    """

    name: str
    exam_type: str
    price: int | None
    validity_days: int | None
    slug: str = ""
    description: str = ""
    short_description: str = ""
    discount_price: int | None = None
    discount_percentage: Decimal | None = None
    max_sessions: int | None = 1
    session_minutes: int | None = 30
    features: tuple[FeatureInput, ...] = ()
    highlights: tuple[str, ...] = ()
    counsellor_ids: tuple[str, ...] = ()
    badge: str = ""
    badge_color: str = ""
    terms: str = ""
    is_active: bool = True
    is_featured: bool = False
    display_order: int | None = None


def one_line(text: str) -> str:
    """Return typed text as one line without characters that cannot be seen."""
    return " ".join(_UNSEEN.sub("", unicodedata.normalize("NFC", text)).split())


def many_lines(text: str) -> str:
    """Return typed text with one kind of line end and without characters that cannot be seen."""
    return _UNSEEN.sub("", _BREAKS.sub("\n", unicodedata.normalize("NFC", text))).strip()


def clean(data: PackageInput) -> PackageInput:
    """Return the input as it is kept: tidy text, no empty highlights, the house's saffron as no colour."""
    color = data.badge_color.strip().lower()
    features = [FeatureInput(one_line(one.title), one_line(one.description), one.included) for one in data.features]
    return replace(
        data,
        name=one_line(data.name),
        slug=data.slug.strip().lower(),
        exam_type=data.exam_type.strip().lower(),
        short_description=one_line(data.short_description),
        description=many_lines(data.description),
        terms=many_lines(data.terms),
        badge=one_line(data.badge),
        badge_color="" if color == HOUSE_COLOR else color,
        features=tuple(features),
        highlights=tuple(text for text in map(one_line, data.highlights) if text),
        counsellor_ids=tuple(dict.fromkeys(data.counsellor_ids)),
    )


def problems_of(data: PackageInput) -> dict[str, str]:
    """Return what is wrong with a cleaned input, field → message; features as "features.0.title"."""
    return {
        **_wrong_texts(data),
        **_wrong_money(data),
        **_wrong_sessions(data),
        **_wrong_features(data.features),
        **_wrong_highlights(data.highlights),
    }


def _wrong_texts(data: PackageInput) -> dict[str, str]:
    wrong = {
        name: f"Keep this within {limit:,} characters; it has {len(getattr(data, name)):,}."
        for name, limit in LIMITS.items()
        if len(getattr(data, name)) > limit
    }
    if not data.name:
        wrong["name"] = "Enter a name."
    if data.slug and len(data.slug) > LONGEST_SLUG:
        wrong["slug"] = f"Keep this within {LONGEST_SLUG} characters."
    elif data.slug and not SLUG.fullmatch(data.slug):
        wrong["slug"] = "Use small letters, digits and single hyphens, like jee-complete."
    if read_exam(data.exam_type) is None:
        wrong["exam_type"] = "Choose an exam."
    if data.badge_color and not HEX.fullmatch(data.badge_color):
        wrong["badge_color"] = "Choose a colour, like #3730a3."
    return wrong


def _wrong_money(data: PackageInput) -> dict[str, str]:
    wrong: dict[str, str] = {}
    price, lower, percentage = data.price, data.discount_price, data.discount_percentage
    if price is None or price <= 0:
        wrong["price"] = "Price must be a positive number."
    elif price > MAX_PAISE:
        wrong["price"] = f"Price must be at most {format_rupees(MAX_PAISE)}."
    if lower is not None and lower < 0:
        wrong["discount_price"] = "Discount price must be zero or more."
    elif lower is not None and price is not None and price > 0 and lower > price:
        wrong["discount_price"] = f"Must not be above the price of {format_rupees(price)}."
    if percentage is not None and not (percentage.is_finite() and 0 <= percentage <= 100):
        wrong["discount_percentage"] = "Enter a per cent from 0 to 100."
    if not wrong and price is not None:
        problem = discounts.settle(price, lower, percentage).problem
        wrong.update({"discount_percentage": problem} if problem else {})
    return wrong


def _wrong_sessions(data: PackageInput) -> dict[str, str]:
    wrong: dict[str, str] = {}
    for name, most, words in (
        ("validity_days", MOST_DAYS, "Enter a number of days"),
        ("max_sessions", MOST_SESSIONS, "Enter a number of sessions"),
    ):
        value = getattr(data, name)
        if value is None or not 1 <= value <= most:
            wrong[name] = f"{words} from 1 to {most:,}."
    if data.session_minutes not in SESSION_LENGTHS:
        wrong["session_minutes"] = "Choose 30, 45, 60 or 90 minutes."
    if data.display_order is not None and not 0 <= data.display_order <= HIGHEST_ORDER:
        wrong["display_order"] = "Enter a whole number of 0 or more."
    return wrong


def _wrong_features(features: Iterable[FeatureInput]) -> dict[str, str]:
    wrong: dict[str, str] = {}
    number = 0
    for number, one in enumerate(features, 1):
        name = f"features.{number - 1}"
        if not one.title:
            wrong[f"{name}.title"] = "Say what it is, or remove the line."
        elif len(one.title) > FEATURE_TITLE:
            wrong[f"{name}.title"] = f"Keep this within {FEATURE_TITLE} characters."
        if len(one.description) > FEATURE_TEXT:
            wrong[f"{name}.description"] = f"Keep this within {FEATURE_TEXT} characters."
    if number > MOST_FEATURES:
        wrong["features"] = f"Keep to {MOST_FEATURES} features."
    return wrong


def _wrong_highlights(highlights: tuple[str, ...]) -> dict[str, str]:
    if len(highlights) > MOST_HIGHLIGHTS:
        return {"highlights": f"Keep to {MOST_HIGHLIGHTS} highlights."}
    if any(len(text) > HIGHLIGHT for text in highlights):
        return {"highlights": f"Keep each line within {HIGHLIGHT} characters."}
    return {}


def label_of(field: str) -> str:
    """Return a field as the pages call it: "features.2.title" → "Feature 3"."""
    head, _, rest = field.partition(".")
    place = rest.partition(".")[0]
    return f"Feature {int(place) + 1}" if head == "features" and place.isdigit() else LABELS.get(head, head)
