"""What a profile, its record at the desk and a service must look like (limits: api.md "counsellors"). Pure.

Each ``clean_…`` returns the values as they are kept and the wrong fields, name → words for a person.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from urllib.parse import urlsplit

EXAMS = ("jee", "neet", "wbjee")
DURATIONS = (30, 45, 60, 90)  # minutes
MOST_PAISE = 99_999_999_99
MOST_EXPERIENCE = 70
MOST_PEOPLE = 1_000_000
MOST_ORDER = 9999
MOST_ENTRIES = 20
LONGEST_ENTRY = 120
LONGEST = {
    "name": 120, "title": 160, "bio": 4000, "short_bio": 300, "location": 120, "linkedin": 200, "twitter": 200,
    "service_title": 120, "description": 1000, "application": 1000, "reason": 500,
}  # fmt: skip
HOSTS = {"linkedin": ("linkedin.com",), "twitter": ("twitter.com", "x.com")}
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class ProfileText:
    """What the public reads of a counsellor, and what the counsellor may write: lists hold plain words."""

    name: str
    title: str
    bio: str = ""
    short_bio: str = ""
    qualifications: tuple[str, ...] = ()
    certifications: tuple[str, ...] = ()
    specializations: tuple[str, ...] = ()
    exam_types: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    experience: int = 0  # years
    location: str = ""
    linkedin: str = ""
    twitter: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """What only admins write: the start balance of ratings, the hourly rate (paise), the place in the list."""

    students_guided: int = 0
    hourly_rate: int = 0
    rating_start: Decimal = Decimal(0)
    reviews_start: int = 0
    is_featured: bool = False
    display_order: int | None = None  # None: where it is, or last


@dataclass(frozen=True, slots=True)
class ServiceText:
    """A single session on sale: minutes, and the price in paise."""

    title: str
    description: str
    duration: int
    price: int


def clean_text(text: str, *, lines: bool = False) -> str:
    """Return typed text without invisible characters and edges; on one line unless ``lines``."""
    plain = _CONTROL.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))
    return re.sub(r"\n{3,}", "\n\n", plain).strip() if lines else " ".join(plain.split())


def split_lines(text: str) -> tuple[str, ...]:
    """Return the entries of a field with one a line."""
    return _entries(text.splitlines())


def split_words(text: str) -> tuple[str, ...]:
    """Return the entries of a field with commas between them (or one a line)."""
    return _entries(re.split(r"[,;\n]", text))


def _entries(parts: Sequence[str]) -> tuple[str, ...]:
    """Without what is empty or there already, whatever its case; the first spelling stays."""
    found: dict[str, str] = {}
    for part in parts:
        if entry := clean_text(part):
            found.setdefault(entry.casefold(), entry)
    return tuple(found.values())


def clean_profile(given: ProfileText) -> tuple[ProfileText, dict[str, str]]:
    """Return a profile as it is kept, and its wrong fields."""
    wrong: dict[str, str] = {}
    texts, lists = _texts(given, wrong), _lists(given, wrong)
    if unknown := [exam for exam in given.exam_types if exam not in EXAMS]:
        wrong["exam_types"] = f"There is no exam called {unknown[0][:20]}."
    _require_range("experience", given.experience, MOST_EXPERIENCE, wrong)
    kept = ProfileText(
        name=texts["name"],
        title=texts["title"],
        bio=texts["bio"],
        short_bio=texts["short_bio"],
        qualifications=lists["qualifications"],
        certifications=lists["certifications"],
        specializations=lists["specializations"],
        exam_types=tuple(exam for exam in EXAMS if exam in given.exam_types),
        languages=lists["languages"],
        experience=given.experience,
        location=texts["location"],
        linkedin=_link("linkedin", given.linkedin, wrong),
        twitter=_link("twitter", given.twitter, wrong),
    )
    return kept, wrong


def _texts(given: ProfileText, wrong: dict[str, str]) -> dict[str, str]:
    texts = {name: clean_text(getattr(given, name)) for name in ("name", "title", "short_bio", "location")}
    texts["bio"] = clean_text(given.bio, lines=True)
    for name, text in texts.items():
        _require_length(name, text, wrong)
    needed = {"name": "Enter the name.", "title": "Say in a few words what the counselling is about."}
    wrong |= {name: words for name, words in needed.items() if not texts[name]}
    return texts


def _lists(given: ProfileText, wrong: dict[str, str]) -> dict[str, tuple[str, ...]]:
    lists = {name: _entries(getattr(given, name)) for name in _LISTS}
    for name, entries in lists.items():
        _require_entries(name, entries, wrong)
    return lists


_LISTS = ("qualifications", "certifications", "specializations", "languages")


def clean_record(given: Record) -> tuple[Record, dict[str, str]]:
    """Return the desk's record as it is kept, and its wrong fields."""
    wrong: dict[str, str] = {}
    for name, most in (("students_guided", MOST_PEOPLE), ("reviews_start", MOST_PEOPLE), ("display_order", MOST_ORDER)):
        value = getattr(given, name)
        if value is not None:
            _require_range(name, value, most, wrong)
    if not 0 <= given.hourly_rate <= MOST_PAISE:
        wrong["hourly_rate"] = "Enter an amount from ₹0 to ₹9,99,99,999.99."
    if not 0 <= given.rating_start <= 5:
        wrong["rating_start"] = "Enter a number from 0 to 5, like 4.8."
    return replace(given, rating_start=given.rating_start.quantize(Decimal("0.01"))), wrong


def clean_service(given: ServiceText) -> tuple[ServiceText, dict[str, str]]:
    """Return a service as it is kept, and its wrong fields."""
    wrong: dict[str, str] = {}
    title, description = clean_text(given.title), clean_text(given.description, lines=True)
    if not title:
        wrong["title"] = "Say what the session is."
    elif len(title) > LONGEST["service_title"]:
        wrong["title"] = _too_long(LONGEST["service_title"])
    _require_length("description", description, wrong)
    if given.duration not in DURATIONS:
        wrong["duration"] = "Choose 30, 45, 60 or 90 minutes."
    if not 0 < given.price <= MOST_PAISE:
        wrong["price"] = "Enter an amount above zero, at most ₹9,99,99,999.99."
    return replace(given, title=title, description=description), wrong


def _too_long(limit: int) -> str:
    return f"Keep this within {limit} characters."


def _require_length(name: str, text: str, wrong: dict[str, str]) -> None:
    if len(text) > LONGEST[name]:
        wrong[name] = _too_long(LONGEST[name])


def _require_entries(name: str, entries: Sequence[str], wrong: dict[str, str]) -> None:
    if len(entries) > MOST_ENTRIES:
        wrong[name] = f"Keep it to {MOST_ENTRIES} entries."
    elif any(len(entry) > LONGEST_ENTRY for entry in entries):
        wrong[name] = f"Keep each entry within {LONGEST_ENTRY} characters."


def _require_range(name: str, value: int, most: int, wrong: dict[str, str]) -> None:
    if not 0 <= value <= most:
        wrong[name] = f"Enter a whole number from 0 to {most}."


def _link(name: str, raw: str, wrong: dict[str, str]) -> str:
    """Return the https address of a profile elsewhere, "" for none."""
    text = clean_text(raw)
    if not text:
        return ""
    address = text if "://" in text else f"https://{text}"
    host = _attempt(lambda: (urlsplit(address).hostname or "").removeprefix("www."))
    fits = any(host == known or host.endswith(f".{known}") for known in HOSTS[name])
    if not fits or not address.startswith("https://") or " " in address:
        wrong[name] = f"Enter the address of the profile, like https://{HOSTS[name][-1]}/in/name."
    elif len(address) > LONGEST[name]:
        wrong[name] = _too_long(LONGEST[name])
    return address


def _attempt(read: Callable[[], str]) -> str:
    try:
        return read()
    except ValueError:  # such as an unclosed bracket
        return ""
