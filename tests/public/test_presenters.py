from __future__ import annotations

import datetime as dt

from webapp.counsellors.models import Counsellor
from webapp.packages.models import ExamType, Package, PackageFeature
from webapp.packages.presenters import first_sentence, package_cards
from webapp.public.presenters import (
    background,
    counsellor_card,
    counsellors_words,
    description,
    paragraphs,
    soonest_first,
    tracks,
)

NOON = dt.datetime(2026, 12, 9, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def a_package(number: int, *, featured: bool = False, features: int = 3) -> Package:
    package = Package(
        id=number,
        name=f"Plan {number}",
        exam_type=ExamType.NEET,
        description="First. Second.",
        short_description="",
        price=500000,
        discount_price=400000,
        validity_days=270,
        max_sessions=7,
        session_minutes=45,
        is_featured=featured,
    )
    for position in range(features):
        package.features.append(PackageFeature(title=f"Yes {position}", included=True))
        package.features.append(PackageFeature(title=f"No {position}", included=False))
    return package


def a_counsellor(**columns: object) -> Counsellor:
    empty: dict[str, object] = {
        "id": 7, "name": "Meera", "title": "JoSAA", "qualifications": [], "specializations": [], "exam_types": ["neet"],
        "languages": ["Hindi", "Tamil"], "experience": 0, "students_guided": 0, "short_bio": "",
    }  # fmt: skip
    return Counsellor(**{**empty, **columns})


def test_a_package_card_tells_price_terms_and_what_is_missing() -> None:
    card = package_cards([a_package(1, features=6)], ["/packages/plan-1"])[0]
    assert (card.price, card.original) == (400000, 500000)
    assert card.terms == "7 sessions of 45 min · valid for 9 months"
    assert card.text == "First."
    assert [included for _, included in card.features] == [True] * 4 + [False] * 2
    assert (card.exam, card.badge) == ("NEET UG", None)


def test_only_the_first_featured_package_stands_out() -> None:
    packages = [a_package(1), a_package(2, featured=True), a_package(3, featured=True)]
    assert [card.hot for card in package_cards(packages, ["", "", ""])] == [False, True, False]
    assert package_cards([], []) == []


def test_a_counsellor_card_falls_back_on_what_is_known() -> None:
    plain = counsellor_card(a_counsellor(), "/c", None)
    assert (plain.line, plain.tags, plain.languages, plain.soonest) == ("", ["NEET UG"], "Hindi, Tamil", None)
    rich = a_counsellor(qualifications=["B.Tech, IIT Madras"], experience=11, students_guided=1900)
    assert background(rich) == "B.Tech, IIT Madras. 11 years, 1,900 students."
    assert background(a_counsellor(experience=1, students_guided=1)) == "1 year, 1 student."
    said = a_counsellor(short_bio="Calm.", specializations=["A", "B", "C", "D"])
    assert counsellor_card(said, "/c", NOON).line == "Calm."
    assert counsellor_card(said, "/c", NOON).tags == ["A", "B", "C"]


def test_who_is_free_soonest_comes_first_and_the_rest_keeps_its_order() -> None:
    assert soonest_first([1, 2, 3, 4], {3: NOON, 1: NOON + HOUR}) == [3, 1, 2, 4]


def test_words() -> None:
    assert [counsellors_words(number) for number in (0, 1, 9)] == ["No counsellors", "1 counsellor", "9 counsellors"]
    assert paragraphs("One\nline.\n\n\nTwo. ") == ["One line.", "Two."]
    assert first_sentence("Only one") == "Only one"
    assert description("Short.", "") == "Short."
    long = description("word " * 100)
    assert len(long) <= 158
    assert long.endswith(" …")


def test_tracks_count_their_counsellors() -> None:
    urls = {exam: f"/{exam.value}" for exam in ExamType}
    found = tracks({"jee": 9, "neet": 1}, urls)
    assert [(one.label, one.counsellors) for one in found] == [
        ("JEE", "9 counsellors"),
        ("NEET UG", "1 counsellor"),
        ("WBJEE", ""),
    ]
