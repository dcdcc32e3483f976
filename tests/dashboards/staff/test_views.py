"""The desk's pages of counsellors, and a counsellor's own profile: what they show, refuse and cost."""

from __future__ import annotations

import datetime as dt
import io
import re

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.dashboards.staff.desk import LIST, Desk, text
from tests.factories import NOW, make_counsellor, make_enrolment, make_service, make_session, make_user
from tests.pages import Browser
from tests.queries import count_queries
from webapp.accounts.models import Role
from webapp.counsellors.models import Counsellor, Service

pytestmark = pytest.mark.usefixtures("db_session")
NEW = "/admin/counsellors/new"
DAY = dt.timedelta(days=1)
TYPED = {
    "name": "Kavita Deshpande",
    "title": "NEET UG and AYUSH",
    "email": "kavita@example.com",
    "phone": "98300 41270",
    "exam_types": ["neet"],
    "languages": "English, Marathi",
    "specializations": "AYUSH, State quota",
    "experience": "9",
    "hourly_rate": "2,400",
    "rating_start": "4.8",
    "reviews_start": "12",
    "students_guided": "400",
    "display_order": "",
}


def form_of(page: str) -> dict[str, str]:
    """What the profile's form on a page would send, without its choices."""
    found = re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', page)
    areas = re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>\s?([^<]*)</textarea>', page)
    return {name: value for name, value in found + areas if name not in ("csrf_token", "exam_types")}


def photo(kind: str = "JPEG", size: tuple[int, int] = (400, 500)) -> tuple[io.BytesIO, str]:
    target = io.BytesIO()
    Image.new("RGB", size, "teal").save(target, kind)
    target.seek(0)
    return target, f"me.{kind.lower()}"


# ── the list ───────────────────────────────────────────────────────────────────────────────────


def test_the_list_has_three_parts_and_filters(desk: Desk) -> None:
    make_counsellor(name="Farhan Siddiqui", is_active=False, applied_at=NOW)
    make_counsellor(name="Lakshmi Menon", is_active=False, deactivated_at=NOW, deactivated_reason="Moved on.")
    make_counsellor(name="Imran Qureshi", exam_types=["neet"], is_featured=True)
    page = text(desk.browser.get(LIST))
    assert "Dr. Meera Krishnan" in page
    assert "Farhan" not in page
    assert "Lakshmi" not in page
    assert "Farhan Siddiqui" in text(desk.browser.get(LIST, show="applications"))
    assert "Moved on." in text(desk.browser.get(LIST, show="off"))
    assert "Dr. Meera" not in text(desk.browser.get(LIST, exam="neet", search="qureshi imran"))
    assert "Nobody fits" in text(desk.browser.get(LIST, search="100%_"))
    assert "Dr. Meera Krishnan" in text(desk.browser.get(LIST, show="everything", exam="gate", page="x"))


def test_empty_parts_say_what_to_do(app: Flask) -> None:
    browser = Browser(app, make_user(role=Role.ADMIN))
    assert "Make the first one" in text(browser.get(LIST))
    assert "No applications wait" in text(browser.get(LIST, show="applications"))
    assert "Nobody is deactivated" in text(browser.get(LIST, show="off"))


def test_more_counsellors_cost_no_more_statements(desk: Desk, db_session: Session) -> None:
    def cost() -> int:
        db_session.expire_all()
        with count_queries() as seen:
            text(desk.browser.get(LIST))
        return len(seen)

    few = cost()
    for _ in range(18):
        counsellor = make_counsellor()
        make_service(counsellor)
        make_session(make_enrolment(make_user()), counsellor, NOW + DAY)
    db_session.commit()
    assert cost() == few


def test_the_arrows_move_one_place(desk: Desk) -> None:
    second = make_counsellor(name="Second", display_order=2)
    part = text(desk.browser.submit(f"{LIST}/{second.public_id}/move", {"way": "up"}, page=LIST, htmx=True))
    assert part.startswith('<div id="counsellor-list"')
    assert part.index("Second") < part.index("Dr. Meera")
    answer = desk.browser.submit(f"{LIST}/{second.public_id}/move", {"way": "down"}, page=LIST)
    assert answer.status_code == 303
    assert (desk.meera.display_order, second.display_order) == (1, 2)


def test_the_file_has_the_rows_of_the_filter(desk: Desk) -> None:
    make_counsellor(name="=HYPERLINK()", exam_types=["neet"])
    answer = desk.browser.submit("/admin/exports/new/counsellors?exam=neet", page=LIST)
    lines = answer.get_data(as_text=True).splitlines()
    assert answer.status_code == 200
    assert len(lines) == 3  # "jee, neet" is the factory's own
    assert "'=HYPERLINK()" in "".join(lines)


# ── making and changing ────────────────────────────────────────────────────────────────────────


def test_a_counsellor_is_made_and_invited(desk: Desk, db_session: Session) -> None:
    answer = desk.browser.submit(NEW, TYPED)
    made = db_session.scalars(select(Counsellor).where(Counsellor.email == "kavita@example.com")).one()
    assert answer.status_code == 303
    assert answer.location.endswith(f"/admin/counsellors/{made.public_id}")
    assert (made.specializations, made.hourly_rate, made.review_count) == (["AYUSH", "State quota"], 240000, 12)
    page = text(desk.browser.get(answer.location))
    assert "An invitation goes to kavita@example.com." in page
    assert "Invited, not in yet" in page
    assert desk.browser.submit(f"{LIST}/{made.public_id}/invite", page=f"{LIST}/{made.public_id}").status_code == 303


def test_everything_wrong_is_marked_and_nothing_typed_is_lost(desk: Desk, db_session: Session) -> None:
    wrong = {
        **TYPED, "name": "<b>" + "x" * 4000, "email": "nobody", "experience": "many", "rating_start": "five",
        "hourly_rate": "-3", "phone": "12", "exam_types": ["gate"],
    }  # fmt: skip
    page = text(desk.browser.submit(NEW, wrong), 422)
    assert page.count('class="error"') == 7
    assert "State quota" in page
    assert "<b>xxx" not in page
    assert len(list(db_session.scalars(select(Counsellor)))) == 1


def test_an_address_that_is_taken_is_marked(desk: Desk) -> None:
    make_user(email="kavita@example.com")
    page = text(desk.browser.submit(NEW, TYPED), 422)
    assert "This address has an account as student." in page
    page = text(desk.browser.submit(NEW, {**TYPED, "email": desk.meera.email}), 409)
    assert "a counsellor’s profile already" in page


def test_a_profile_is_changed(desk: Desk) -> None:
    typed = {**form_of(text(desk.browser.get(desk.url))), "title": "New words", "exam_types": ["wbjee"]}
    assert desk.browser.submit(desk.url, typed).status_code == 303
    assert (desk.meera.title, desk.meera.exam_types) == ("New words", ["wbjee"])
    assert desk.meera.rating == desk.meera.rating_start


def test_a_stale_page_shows_what_changed_and_saves_the_second_time(desk: Desk, db_session: Session) -> None:
    typed = {**form_of(text(desk.browser.get(desk.url))), "title": "Mine", "exam_types": ["jee", "neet"]}
    desk.meera.title = "Theirs"
    db_session.commit()
    page = text(desk.browser.submit(desk.url, typed), 409)
    assert "Title: stored is “Theirs”" in page
    assert 'value="Mine"' in page
    assert desk.meera.title == "Theirs"
    again = {**typed, "seen": form_of(page)["seen"]}
    assert desk.browser.submit(desk.url, again).status_code == 303
    assert desk.meera.title == "Mine"


@pytest.mark.parametrize("seen", ["", "yesterday", "x" * 5000])
def test_a_form_with_a_forged_state_is_stale(desk: Desk, seen: str) -> None:
    typed = {**form_of(text(desk.browser.get(desk.url))), "seen": seen, "exam_types": ["jee", "neet"]}
    text(desk.browser.submit(desk.url, typed), 409)


# ── photo ──────────────────────────────────────────────────────────────────────────────────────


def test_a_photo_goes_up_everywhere_and_down_again(desk: Desk, app: Flask) -> None:
    answer = desk.browser.submit(f"{desk.url}/photo", {"photo": photo()}, page=desk.url)
    first = desk.meera.photo
    assert answer.status_code == 303
    assert first
    for url in (desk.url, LIST, f"/counsellors/{desk.meera.public_id}", "/counsellors"):
        assert f"/media/{first}-" in text(Browser(app, desk.admin).get(url))
    part = text(desk.browser.submit(f"{desk.url}/photo", {"photo": photo("PNG")}, page=desk.url, htmx=True))
    assert part.startswith('<section class="card" id="photo"')
    assert desk.meera.photo != first
    assert desk.browser.get(f"/media/{first}-160.webp").status_code == 404
    assert desk.browser.get(f"/media/{desk.meera.photo}-160.webp").status_code == 200
    desk.browser.submit(f"{desk.url}/photo", {"remove": "yes"}, page=desk.url)
    assert desk.meera.photo is None


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ((io.BytesIO(b"a letter, not a photo"), "me.png"), "not a photo we can read"),
        ((io.BytesIO(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "me.svg"), "not a photo we can read"),
        ((io.BytesIO(b"\xff\xd8\xff" + b"0" * 2000), "me.jpg"), "larger than 5 MB"),
        ((io.BytesIO(b""), ""), "Choose a photo first."),
    ],
    ids=["text", "svg", "too large", "none"],
)
@pytest.mark.parametrize("htmx", [True, False])
def test_what_is_no_photo_is_said_at_the_field(
    desk: Desk, sent: tuple[io.BytesIO, str], said: str, htmx: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.core.pictures.MOST_BYTES", 1000)  # the true limit: tests/core/test_pictures.py
    data = {"photo": (io.BytesIO(sent[0].getvalue()), sent[1])}
    page = text(desk.browser.submit(f"{desk.url}/photo", data, page=desk.url, htmx=htmx), 422)
    assert said in page
    assert 'aria-describedby="photo-hint photo-error"' in page
    assert desk.meera.photo is None
    assert ("<html" in page) != htmx


def test_a_photo_whose_row_can_not_be_written_is_dropped(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    dropped: list[str | None] = []

    def broken(**_: object) -> None:
        raise RuntimeError("the database is away")

    monkeypatch.setattr("webapp.dashboards.staff.photos.set_photo", broken)
    monkeypatch.setattr("webapp.dashboards.staff.photos.drop_photo", dropped.append)
    token = desk.browser.token(desk.url)
    answer = desk.browser.client.post(f"{desk.url}/photo", data={"photo": photo(), "csrf_token": token})
    assert answer.status_code == 500
    assert len(dropped) == 1


# ── single sessions ────────────────────────────────────────────────────────────────────────────


def test_single_sessions_are_put_on_sale_changed_and_taken_off(desk: Desk, db_session: Session) -> None:
    new = f"{desk.url}/services/new"
    typed = {"title": "Choice list check", "description": "", "duration": "45", "price": "1,799"}
    assert desk.browser.submit(new, typed).status_code == 303
    service = db_session.scalars(select(Service)).one()
    here = f"{desk.url}/services/{service.public_id}"
    assert 'value="1,799"' in text(desk.browser.get(here))
    assert desk.browser.submit(here, {**typed, "price": "1999.50"}).status_code == 303
    assert service.price == 199950
    part = text(desk.browser.submit(f"{here}/switch", {"on": "no"}, page=desk.url, htmx=True))
    assert "Off sale" in part
    assert part.startswith('<section class="card" id="services"')
    assert desk.browser.submit(f"{here}/move", {"way": "up"}, page=desk.url).status_code == 303
    assert not service.is_active


def test_a_wrong_single_session_is_marked(desk: Desk, db_session: Session) -> None:
    wrong = {"title": "", "description": "x" * 1001, "duration": "forty", "price": "0"}
    page = text(desk.browser.submit(f"{desk.url}/services/new", wrong), 422)
    assert page.count('class="error"') == 4
    assert not list(db_session.scalars(select(Service)))
    other = make_service(make_counsellor())
    assert desk.browser.get(f"{desk.url}/services/{other.public_id}").status_code == 404


# ── one's own profile ──────────────────────────────────────────────────────────────────────────


def test_a_counsellor_changes_the_own_profile_without_the_desk_s_fields(app: Flask, desk: Desk) -> None:
    assert desk.meera.user is not None
    own, here = Browser(app, desk.meera.user), "/counsellor/profile"
    page = text(own.get(here))
    assert "For the desk" not in page
    before = (desk.meera.email, desk.meera.hourly_rate, desk.meera.is_featured)
    typed = {
        **form_of(page), "short_bio": "Eleven years.", "exam_types": ["jee"], "hourly_rate": "1", "is_featured": "y",
        "email": "other@example.com",
    }  # fmt: skip
    assert own.submit(here, typed).status_code == 303
    assert desk.meera.short_bio == "Eleven years."
    assert (desk.meera.email, desk.meera.hourly_rate, desk.meera.is_featured) == before
    assert own.submit(f"{here}/photo", {"photo": photo("WEBP")}, page=here).status_code == 303
    assert desk.meera.photo
    assert "Choose a photo first." in text(own.submit(f"{here}/photo", {}, page=here), 422)
    assert "Enter the name." in text(own.submit(here, {**typed, "name": " "}), 422)


# ── outsiders ──────────────────────────────────────────────────────────────────────────────────


def test_outsiders_see_and_change_nothing(app: Flask, desk: Desk) -> None:
    service = make_service(desk.meera)
    pages = ["", "/deactivate", "/services/new", f"/services/{service.public_id}"]
    posts = [
        *pages, "/move", "/invite", "/photo", "/approve", "/decline", "/reactivate",
        f"/services/{service.public_id}/switch", f"/services/{service.public_id}/move",
    ]  # fmt: skip
    urls = [LIST, NEW, *(desk.url + page for page in pages)]
    for role in (Role.STUDENT, Role.COUNSELLOR):
        browser = Browser(app, make_user(role=role))
        token = browser.token("/account")
        assert {browser.get(url).status_code for url in urls} == {403}
        answers = [browser.client.post(desk.url + page, data={"csrf_token": token}) for page in posts]
        assert {answer.status_code for answer in answers} == {403}
    nobody = Browser(app)
    assert {nobody.get(url).status_code for url in urls} == {302}
    assert nobody.get("/counsellor/profile").status_code == 302
    assert Browser(app, make_user()).get("/counsellor/profile").status_code == 403
    new = Browser(app, make_user(role=Role.COUNSELLOR))
    assert "Your profile is not set up yet" in text(new.get("/counsellor/profile"))
    assert new.submit("/counsellor/profile", TYPED, page="/account").status_code == 404
    for url in (f"{LIST}/counsellor_nobody", f"{LIST}/counsellor_nobody/deactivate"):
        assert desk.browser.get(url).status_code == 404
