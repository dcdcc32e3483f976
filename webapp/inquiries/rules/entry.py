"""What somebody may ask, and how it is cleaned: the form, the import and the API have the same rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from webapp.accounts.rules import clean_email, clean_name, clean_phone
from webapp.inquiries.models import Exam

LONGEST_MESSAGE = 2000
LONGEST_CATEGORY = 20
LONGEST_STATE = 60
LONGEST_SOURCE = 60
LONGEST_UTM = 100
LONGEST_REFERRER = 300
HIGHEST_RANK = 9_999_999

EXAM_LABELS = {
    Exam.JEE_MAIN: "JEE Main",
    Exam.JEE_ADVANCED: "JEE Advanced",
    Exam.NEET: "NEET",
    Exam.WBJEE: "WBJEE",
    Exam.OTHER: "Other",
}
CATEGORIES = ("General", "EWS", "OBC-NCL", "SC", "ST", "General-PwD", "EWS-PwD", "OBC-NCL-PwD", "SC-PwD", "ST-PwD")
STATES = (
    "Andhra Pradesh", "Arunachal Pradesh", "Assam", "Bihar", "Chhattisgarh", "Goa", "Gujarat", "Haryana",
    "Himachal Pradesh", "Jharkhand", "Karnataka", "Kerala", "Madhya Pradesh", "Maharashtra", "Manipur", "Meghalaya",
    "Mizoram", "Nagaland", "Odisha", "Punjab", "Rajasthan", "Sikkim", "Tamil Nadu", "Telangana", "Tripura",
    "Uttar Pradesh", "Uttarakhand", "West Bengal", "Andaman and Nicobar Islands", "Chandigarh",
    "Dadra and Nagar Haveli and Daman and Diu", "Delhi", "Jammu and Kashmir", "Ladakh", "Lakshadweep", "Puducherry",
    "Outside India",
)  # fmt: skip
SOURCES = ("website", "phone", "walk-in", "whatsapp", "referral", "fair", "import", "api")  # suggestions, not a limit

_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
_SPACES = re.compile(r"[\s,]+")
_EXAMS = {key: exam for exam, label in EXAM_LABELS.items() for key in (exam.value, label.lower().replace(" ", "-"))}


@dataclass(frozen=True, slots=True)
class InquiryInput:
    """An inquiry as it was typed, sent or imported.

    ``consent`` None: nobody was asked for it (an import); False: asked, and not given.
    ``source`` says by which way it came; UTM fields and ``referrer`` are cut to their length, nobody typed them.
    """

    name: str
    email: str
    phone: str
    exam: str
    rank: str = ""
    category: str = ""
    state: str = ""
    message: str = ""
    consent: bool | None = None
    source: str = "website"
    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    referrer: str = ""


@dataclass(frozen=True, slots=True)
class CleanInquiry:
    """The same, as it is stored."""

    name: str
    email: str
    phone: str
    exam: Exam
    rank: int | None
    category: str
    state: str
    message: str
    source: str
    utm_source: str
    utm_medium: str
    utm_campaign: str
    referrer: str


def check_entry(entry: InquiryInput, *, allow_test: bool) -> tuple[CleanInquiry | None, dict[str, str]]:
    """Return the cleaned inquiry, or None and what is wrong: field → words for the person.

    Args:
        allow_test: accept the domain .test, which no real address has.
    """
    typed = {name: getattr(entry, name) for name in _RULES}
    clean, wrong = check_fields(typed, allow_test=allow_test)
    if entry.consent is False:
        wrong["consent"] = "Tick this, so that we may answer you."
    if wrong:
        return None, wrong
    return (
        CleanInquiry(
            **clean,
            source=_line(entry.source)[:LONGEST_SOURCE] or "website",
            utm_source=_line(entry.utm_source)[:LONGEST_UTM],
            utm_medium=_line(entry.utm_medium)[:LONGEST_UTM],
            utm_campaign=_line(entry.utm_campaign)[:LONGEST_UTM],
            referrer=_line(entry.referrer)[:LONGEST_REFERRER],
        ),
        {},
    )


def check_fields(typed: Mapping[str, Any], *, allow_test: bool) -> tuple[dict[str, Any], dict[str, str]]:
    """Clean some of the fields a person types; return what is good and what is wrong, both by field.

    Raises:
        KeyError: no field of an inquiry is called so.
    """
    clean, wrong = {}, {}
    for name, raw in typed.items():
        try:
            clean[name] = clean_email(raw, allow_test=allow_test) if name == "email" else _RULES[name](raw)
        except ValueError as error:
            wrong[name] = str(error)
    return clean, wrong


def _line(raw: str) -> str:
    return " ".join(_UNSEEN.sub(" ", raw).split())


def _text(raw: str) -> str:
    lines = (" ".join(line.split()) for line in _UNSEEN.sub(" ", raw.replace("\r\n", "\n")).split("\n"))
    return _within("\n".join(lines).strip(), LONGEST_MESSAGE)


def _within(text: str, longest: int) -> str:
    if len(text) > longest:
        raise ValueError(f"Use at most {longest} characters.")
    return text


def _phone(raw: str) -> str:
    number = clean_phone(raw)
    if number is None:
        raise ValueError("Give a phone number we can reach you at.")
    return number


def _exam(raw: str) -> Exam:
    found = _EXAMS.get("-".join(raw.lower().replace("-", " ").replace("_", " ").split()))
    if found is None:
        raise ValueError("Choose JEE Main, JEE Advanced, NEET, WBJEE or Other.")
    return found


def _rank(raw: str | int | None) -> int | None:
    digits = _SPACES.sub("", str("" if raw is None else raw))
    if not digits:
        return None
    if not (digits.isascii() and digits.isdigit() and 1 <= int(digits[:8]) <= HIGHEST_RANK and len(digits) <= 7):
        raise ValueError("Give the rank as a whole number up to 99,99,999; a percentile fits into the message.")
    return int(digits)


_RULES: dict[str, Callable[[Any], Any]] = {
    "name": clean_name,
    "email": str,  # has a rule of its own, which wants to know where it runs
    "phone": _phone,
    "exam": _exam,
    "rank": _rank,
    "category": lambda raw: _within(_line(raw), LONGEST_CATEGORY),
    "state": lambda raw: _within(_line(raw), LONGEST_STATE),
    "message": _text,
}
