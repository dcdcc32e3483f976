"""The desk's list of packages: parts, exams, order, switches, its file, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import insert
from sqlalchemy.orm import Session

from tests.factories import NOW, make_counsellor, make_package
from tests.packages.desk import LIST, at_desk, names, words
from tests.pages import Browser
from tests.queries import count_queries
from webapp.core import clock
from webapp.core.db import db
from webapp.core.errors import ValidationFailed
from webapp.exports.registry import find_export, read_params
from webapp.packages.models import ExamType, Package

ZONE = "Asia/Kolkata"


@pytest.fixture(autouse=True)
def nine_thirty(db_session: Session) -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def admin(app: Flask) -> Browser:
    return at_desk(app)


def a_catalogue() -> dict[str, Package]:
    made = {
        "shown": make_package(name="Shown", display_order=1),
        "neet": make_package(name="Neet", exam_type=ExamType.NEET, display_order=2),
        "hidden": make_package(name="Hidden one", is_active=False, display_order=3),
        "gone": make_package(name="Gone", is_archived=True, is_active=False, display_order=4),
    }
    db.session.commit()
    return made


def test_nothing_yet(admin: Browser) -> None:
    assert "No packages yet" in words(admin.get(LIST))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, {"Shown", "Neet", "Hidden one"}),
        ({"show": "on-sale"}, {"Shown", "Neet"}),
        ({"show": "hidden"}, {"Hidden one"}),
        ({"show": "archived"}, {"Gone"}),
        ({"exam": "NEET"}, {"Neet"}),
        ({"exam": "neet", "show": "hidden"}, set()),
        ({"page": "99"}, {"Shown", "Neet", "Hidden one"}),
    ],
)
def test_parts_and_exams(admin: Browser, query: dict[str, str], expected: set[str]) -> None:
    made = a_catalogue()
    page = words(admin.get(LIST, htmx=True, **query))
    assert {one.name for one in made.values() if f'id="row-{one.public_id}"' in page} == expected
    assert page.startswith('<section id="package-list"')
    assert ("No packages here" in page) == (not expected)


def test_unknown_filters_are_named_and_everything_is_shown(admin: Browser) -> None:
    a_catalogue()
    page = words(admin.get(LIST, show="sold", exam="<b>gate"))
    assert "“sold” is nothing to show. Choose all, on sale, hidden, archived; all are shown." in page
    assert "“&lt;b&gt;gate” is not an exam." in page
    assert "Hidden one" in page


def test_switches_act_at_once_and_keep_the_filter(admin: Browser) -> None:
    shown = a_catalogue()["shown"]
    url = f"{LIST}/{shown.public_id}"
    answer = admin.submit(f"{url}/active?show=on-sale", {"on": "0"}, page=LIST)
    assert (answer.status_code, answer.location) == (303, f"{LIST}?show=on-sale")
    assert not shown.is_active
    page = words(admin.submit(f"{url}/active?show=hidden", {"on": "1"}, page=LIST, htmx=True))
    assert "Shown is on sale." in page
    assert f'id="row-{shown.public_id}"' not in page
    page = words(admin.submit(f"{url}/featured", {"on": "1"}, page=LIST, htmx=True))
    assert f'id="featured-{shown.public_id}" role="switch" aria-checked="true"' in page
    assert shown.is_featured


def test_arrows_move_within_what_is_shown(admin: Browser) -> None:
    made = a_catalogue()
    make_package(name="Last", display_order=9)
    db.session.commit()
    url = f"{LIST}/{made['shown'].public_id}/move"
    page = words(admin.submit(f"{url}?exam=jee&show=on-sale", {"to": "down"}, page=LIST, htmx=True))
    assert names() == ["Last", "Neet", "Hidden one", "Gone", "Shown"]
    assert "Shown moved down." in page
    assert admin.submit(url, {"to": "up"}, page=LIST).status_code == 303
    assert names() == ["Last", "Neet", "Shown", "Gone", "Hidden one"]
    assert admin.submit(url, {"to": "sideways"}, page=LIST).status_code == 422


def test_a_drag_sends_the_whole_order(admin: Browser) -> None:
    made = a_catalogue()
    ids = [made[name].public_id for name in ("hidden", "shown", "neet")]
    assert "The order is saved." in words(admin.submit(f"{LIST}/order", {"package": ids}, page=LIST, htmx=True))
    assert names() == ["Hidden one", "Shown", "Neet", "Gone"]
    for wrong in (["pkg_unknown"], [ids[0], ids[0]]):
        assert admin.submit(f"{LIST}/order", {"package": wrong}, page=LIST).status_code in (404, 422)
    assert names() == ["Hidden one", "Shown", "Neet", "Gone"]


def test_archive_restore_copy_and_delete(admin: Browser) -> None:
    made = a_catalogue()
    url = f"{LIST}/{made['shown'].public_id}"
    assert admin.submit(f"{url}/archive", page=LIST).location == f"{LIST}?show=archived"
    assert made["shown"].is_archived
    assert "Restore" in words(admin.get(url))
    assert admin.submit(f"{url}/restore", page=LIST).status_code == 303
    assert (made["shown"].is_archived, made["shown"].is_active) == (False, False)
    copy = admin.submit(f"{url}/duplicate", page=LIST).location
    assert 'value="Copy of Shown"' in words(admin.get(copy))
    assert admin.submit(f"{copy}/delete", page=LIST).location == LIST
    assert admin.get(copy).status_code == 404


def test_what_was_bought_is_not_deleted(admin: Browser) -> None:
    shown = a_catalogue()["shown"]
    shown.total_enrolments = 1
    db.session.commit()
    url = f"{LIST}/{shown.public_id}"
    assert "Delete…" not in words(admin.get(url))
    assert admin.submit(f"{url}/delete", page=LIST).location == url
    assert "Archive it instead" in words(admin.get(url))
    assert db.session.get(Package, shown.id) is not None


def test_the_file_has_the_rows_of_the_filter(db_session: Session) -> None:
    made = a_catalogue()
    made["shown"].discount_price = 249_950
    made["shown"].counsellors = [make_counsellor(calendar=False, name="Uma Rao")]
    db.session.commit()
    export = find_export("packages")
    params = read_params([("show", "on-sale"), ("exam", "jee")], now=NOW, zone=ZONE)
    rows = [dict(zip(export.header, row, strict=True)) for row in export.rows(params, ZONE)]
    assert export.count(params) == len(rows) == 1
    assert (rows[0]["Name"], str(rows[0]["Discount price"]), str(rows[0]["Discount per cent"])) == (
        "Shown", "2499.50", "50",
    )  # fmt: skip
    assert (rows[0]["Counsellors"], rows[0]["Included"], rows[0]["Not included"]) == (
        "Uma Rao", "Choice list", "Hostel help",
    )  # fmt: skip
    with pytest.raises(ValidationFailed):
        export.count(read_params([("show", "sold")], now=NOW, zone=ZONE))


def test_ten_rows_cost_what_a_thousand_cost(admin: Browser) -> None:
    def fill(number: int) -> None:
        columns = {"exam_type": "jee", "price": 100, "validity_days": 1}
        many = [
            {**columns, "name": f"P{number}x{index}", "slug": f"p{number}x{index}", "public_id": f"p{number}x{index}"}
            for index in range(number)
        ]
        db.session.execute(insert(Package), many)
        db.session.commit()

    def cost() -> int:
        assert admin.get(LIST).status_code == 200
        db.session.expire_all()
        with count_queries() as seen:
            assert admin.get(LIST).status_code == 200
        return len(seen)

    fill(10)
    before = cost()
    fill(1000)
    assert cost() == before <= 8
