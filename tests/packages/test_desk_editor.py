"""The editor: every field, every refusal with all that was typed, two editors at once, live parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import NOW, make_counsellor, make_package
from tests.packages.desk import FORM, LIST, NEW, at_desk, form_of, only, words
from tests.pages import Browser
from tests.queries import count_queries
from webapp.core import clock
from webapp.core.db import db
from webapp.packages.models import ExamType, Package
from webapp.packages.rules.badges import HOUSE_COLOR


@pytest.fixture(autouse=True)
def nine_thirty(db_session: Session) -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def admin(app: Flask) -> Browser:
    return at_desk(app)


def count() -> int:
    return db.session.scalar(select(func.count()).select_from(Package)) or 0


def test_a_package_with_every_field(admin: Browser) -> None:
    uma, away = make_counsellor(calendar=False, name="Uma Rao"), make_counsellor(calendar=False, is_active=False)
    db.session.commit()
    assert away.name not in words(admin.get(NEW))
    answer = admin.submit(NEW, {
        **FORM,
        "name": "<script>NEET</script> & Co",
        "slug": "",
        "short_description": "Short",
        "description": "One\r\n\r\nTwo",
        "price": "₹19,999.50",
        "discount_percentage": "25 %",
        "badge": "New",
        "badge_color": "#3730a3",
        "highlights": "First\r\n\r\nSecond",
        "terms": "Terms",
        "counsellor_ids": [uma.public_id],
        "is_active": [],
        "is_featured": "y",
        "feature": ["b", "a", "c"],
        "feature-a-title": "Second line",
        "feature-b-title": "First line",
        "feature-b-included": "1",
        "feature-c-title": "  ",
    })  # fmt: skip
    made = only()
    assert (answer.status_code, answer.location) == (303, f"{LIST}/{made.public_id}")
    assert (made.name, made.slug) == ("<script>NEET</script> & Co", "script-neet-script-co")
    assert (made.exam_type, made.price, made.discount_price) == (ExamType.NEET, 1_999_950, 1_500_000)
    assert (made.is_active, made.is_featured, made.highlights) == (False, True, ["First", "Second"])
    assert [(one.title, one.included) for one in made.features] == [("First line", True), ("Second line", False)]
    assert made.counsellors == [uma]
    page = words(admin.get(answer.location))
    assert "<script>NEET" not in page
    for value in ("19,999.50", "15,000", "25", "#3730a3", "First line", "script-neet-script-co"):
        assert f'value="{value}"' in page, value


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "x" * 4000}, "it has 4,000."),
        ({"price": "0"}, "Price must be a positive number."),
        ({"price": "-5"}, "Price must be a positive number."),
        ({"price": "NaN"}, "Price must be a positive number."),
        ({"price": "lots"}, "Price must be a positive number."),
        ({"price": ""}, "Price must be a positive number."),
        ({"price": "1e20"}, "Enter at most ₹9,99,99,999.99."),
        ({"price": "1.234"}, "Use at most two decimals."),
        ({"price": "9" * 4000}, "Enter at most"),
        ({"discount_price": "21,999"}, "Must not be above the price of ₹19,999."),
        ({"discount_price": "-1"}, "Discount price must be zero or more."),
        ({"discount_price": "14,999", "discount_percentage": "40"}, "This price is 25 % off."),
        ({"discount_percentage": "many"}, "Enter a per cent from 0 to 100."),
        ({"discount_percentage": "101"}, "Enter a per cent from 0 to 100."),
        ({"validity_days": "1.5"}, "Enter a number of days from 1 to 3,650."),
        ({"max_sessions": "0"}, "Enter a number of sessions from 1 to 500."),
        ({"session_minutes": "50"}, "Choose 30, 45, 60 or 90 minutes."),
        ({"exam_type": "gate"}, "Choose an exam."),
        ({"slug": "No Good"}, "Use small letters"),
        ({"badge_color": "url(x)"}, "Choose a colour"),
        ({"counsellor_ids": ["counsellor_unknown"]}, "One of these counsellors does not exist."),
        ({"feature": ["0"], "feature-0-description": "only why"}, "Say what it is, or remove the line."),
    ],
)
def test_a_wrong_field_is_named_there_and_in_the_save_bar(
    admin: Browser, changes: dict[str, Any], message: str
) -> None:
    page = words(admin.submit(NEW, {**FORM, **changes}), 422)
    assert message in page
    assert page.count('aria-invalid="true"') == (0 if "counsellor_ids" in changes else 1)
    assert "One field needs a look" in page
    assert count() == 0


def test_all_that_is_wrong_comes_at_once_and_all_that_was_typed_stays(admin: Browser) -> None:
    wrong = {**FORM, "name": "", "price": "-5", "validity_days": "x", "terms": "<b>Mine</b>", "badge": "Hot"}
    page = words(admin.submit(NEW, wrong), 422)
    assert "3 fields need a look" in page
    assert ">Name</a>, " in page
    assert ">Valid for</a>" in page
    for kept in ('value="-5"', 'value="x"', "&lt;b&gt;Mine&lt;/b&gt;", 'value="Hot"'):
        assert kept in page, kept


def test_an_address_is_taken_once(admin: Browser) -> None:
    make_package(slug="neet-steady")
    db.session.commit()
    page = words(admin.submit(NEW, FORM), 409)
    assert "Another package has this address already." in page
    assert 'value="neet-steady"' in page
    assert count() == 1


def test_a_package_is_changed_and_its_history_told(admin: Browser) -> None:
    package = make_package(name="Old", badge="Hot", badge_color="#0f766e")
    db.session.commit()
    url = f"{LIST}/{package.public_id}"
    assert 'value="#0f766e"' in words(admin.get(url))
    answer = admin.submit(url, form_of(package, name="New name", badge_color=HOUSE_COLOR, price="4,500"))
    assert (answer.status_code, answer.location) == (303, url)
    assert (package.name, package.badge_color, package.price) == ("New name", None, 450_000)
    page = words(admin.get(url))
    assert "New name is saved." in page
    assert 'id="history"' in page
    assert "Nisha Verma" in page


def test_the_second_of_two_editors_sees_what_changed_and_keeps_what_they_typed(app: Flask, admin: Browser) -> None:
    package = make_package(name="Old", price=499_900)
    db.session.commit()
    url, second = f"{LIST}/{package.public_id}", at_desk(app)
    mine = form_of(package, name="Mine", terms="My terms")
    theirs = form_of(package, name="Theirs", price="5,999", badge="Hot")
    assert admin.submit(url, theirs).status_code == 303
    answer = second.submit(url, mine)
    page = words(answer, 409)
    assert '<b class="strong">Name</b> is now: Theirs <span class="muted">(yours is kept below)</span>' in page
    assert '<b class="strong">Price</b> is now: ₹5,999</li>' in page
    assert 'value="Mine"' in page  # typed by both: stays as typed here
    assert "My terms" in page
    assert 'value="5,999"' in page  # not touched here: theirs
    assert package.name == "Theirs"
    version = page.partition('name="version" value="')[2].partition('"')[0]
    again = {**mine, "price": "5,999", "badge": "Hot", "version": version}
    assert second.submit(url, again).status_code == 303
    assert (package.name, package.price, package.badge, package.terms) == ("Mine", 599_900, "Hot", "My terms")


def test_lines_of_features_without_script(admin: Browser) -> None:
    package = make_package(features=[("One", True), ("Two", False)])
    db.session.commit()
    url, parts = f"{LIST}/{package.public_id}", f"{LIST}/features?package={package.public_id}"
    typed = form_of(package, name="Not saved", do="down:0")
    page = words(admin.submit(parts, typed, page=url))
    assert page.index('value="Two"') < page.index('value="One"')
    assert 'value="Not saved"' in page
    assert "Feature 3, title" in words(admin.submit(parts, {**typed, "do": "add"}, page=url))
    assert 'value="One"' not in words(admin.submit(parts, {**typed, "do": "remove:0"}, page=url))
    part = words(admin.submit(parts, {**typed, "feature": ["1", "0"], "do": "sorted"}, page=url, htmx=True))
    assert part.startswith('<div class="stack g3" id="features"')
    assert part.index('value="Two"') < part.index('value="One"')
    for wrong in ("", "up:9", "fly:0"):
        assert admin.submit(parts, {**typed, "do": wrong}, page=url).status_code == 422
    db.session.expire_all()
    assert [one.title for one in package.features] == ["One", "Two"]


@pytest.mark.parametrize(
    ("by", "typed", "expected"),
    [
        ("discount_price", {"discount_price": "14,999"}, "25"),
        ("discount_percentage", {"discount_percentage": "25"}, "14,999"),
        ("discount_percentage", {"discount_percentage": "25", "discount_price": "1"}, "14,999"),
        ("price", {"discount_price": "9,999.50", "discount_percentage": "3"}, "50"),
        ("price", {"discount_percentage": "3"}, "3"),
        ("discount_price", {"discount_price": "", "discount_percentage": "3"}, ""),
        ("discount_price", {"discount_price": "oops", "discount_percentage": "3"}, "3"),
        ("discount_price", {"discount_price": "30,000", "discount_percentage": "3"}, "3"),
    ],
)
def test_each_side_of_the_discount_fills_the_other(
    admin: Browser, by: str, typed: dict[str, str], expected: str
) -> None:
    other = "discount_price" if by == "discount_percentage" else "discount_percentage"
    part = words(admin.submit(f"{LIST}/discount?by={by}", {**FORM, **typed}, page=NEW, htmx=True))
    assert part.startswith(f'<div class="field" id="{other}-field">')
    assert f'value="{expected}"' in part


def test_an_address_is_suggested_until_one_is_typed(admin: Browser) -> None:
    make_package(slug="neet-swift")
    db.session.commit()

    def suggest(**typed: str) -> str:
        return words(admin.submit(f"{LIST}/slug", typed, page=NEW, htmx=True))

    assert 'value="neet-swift-2"' in suggest(name="NEET Swift", slug="")
    assert 'value="neet-two"' in suggest(name="NEET Two", slug="neet-swift-2", suggested="neet-swift-2")
    assert 'value="my-own"' in suggest(name="NEET Two", slug="my-own", suggested="neet-swift-2")
    assert admin.submit(f"{LIST}/discount?by=magic", FORM, page=NEW).status_code == 422


def test_the_card_shows_what_is_typed_and_saves_nothing(admin: Browser) -> None:
    package = make_package(name="Old", price=499_900)
    db.session.commit()
    typed = form_of(package, name="<i>Typed</i>", price="oops", badge="Hot", badge_color="#000000")
    part = words(admin.submit(f"{LIST}/card?package={package.public_id}", typed, page=LIST, htmx=True))
    assert "&lt;i&gt;Typed&lt;/i&gt;" in part
    assert "₹4,999" in part  # the price that is saved stands in for one that cannot be read
    assert "Not shown as typed yet: Price." in part
    assert 'data-ink="light"' in part
    assert package.name == "Old"


@pytest.mark.parametrize("typed", [{}, {"feature": ["0", "../x", "0"], "name": "x" * 4000}, {"price": "0"}])
def test_a_card_of_nearly_nothing(admin: Browser, typed: dict[str, Any]) -> None:
    assert "Not shown as typed yet" in words(admin.submit(f"{LIST}/card", typed, page=NEW, htmx=True))
    assert "Preview." in words(admin.submit(f"{LIST}/preview", typed, page=NEW))
    assert count() == 0


def test_the_page_as_a_student_sees_it(admin: Browser) -> None:
    uma, ravi = make_counsellor(name="Uma Rao"), make_counsellor(name="Ravi Das")
    package = make_package(counsellors=[ravi])
    db.session.commit()
    typed = form_of(package, name="Typed", description="Lead.", counsellor_ids=[uma.public_id], slug="typed")
    page = words(admin.submit(f"{LIST}/preview?package={package.public_id}", typed, page=LIST))
    assert "<h1>Typed</h1>" in page
    assert "Uma Rao" in page
    assert "Ravi Das" not in page
    assert "nothing is saved by looking" in page
    assert 'content="noindex"' in page
    assert package.name != "Typed"


def test_the_editor_costs_the_same_for_many_lines(admin: Browser) -> None:
    few = make_package()
    many = make_package(features=[(f"Line {number}", True) for number in range(30)],
        counsellors=[make_counsellor(calendar=False) for _ in range(8)])  # fmt: skip
    db.session.commit()
    counts = []
    for package in (few, many):
        url = f"{LIST}/{package.public_id}"
        admin.get(url)
        db.session.expire_all()
        with count_queries() as seen:
            assert admin.get(url).status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 12
