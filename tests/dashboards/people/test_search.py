"""Finding anything by two letters."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.dashboards.people.world import World, make_world
from tests.factories import make_counsellor, make_enrolment, make_session, make_user
from tests.pages import Browser
from tests.queries import count_queries
from webapp.accounts.models import Role
from webapp.dashboards.people.finding import find_anything

ZONE = "Asia/Kolkata"


@pytest.fixture
def world(db_session: Session) -> World:
    return make_world()


def found(typed: str) -> dict[str, list[str]]:
    groups = find_anything(typed, zone=ZONE)
    assert groups is not None
    return {group.title: [hit.title for hit in group.hits] for group in groups}


@pytest.mark.parametrize("typed", ["an", "ananya", "chat an", "ANANYA@EX", "98300", "+91 98300 41270"])
def test_a_person_and_everything_of_theirs(app: Flask, world: World, typed: str) -> None:
    with app.test_request_context():
        assert found(typed) == {
            "Users": ["Ananya Chatterjee"],
            "Leads": ["Ananya Chatterjee"],
            "Sessions": ["Ananya Chatterjee"],
            "Orders": ["Ananya Chatterjee"],
        }


def test_sessions_by_counsellor_and_number(app: Flask, world: World) -> None:
    with app.test_request_context():
        assert found("meera")["Sessions"] == ["Ananya Chatterjee"]
        assert found(world.session.public_id) == {"Sessions": ["Ananya Chatterjee"]}


def test_orders_by_every_number(app: Flask, world: World) -> None:
    numbers = (
        world.order.public_id,
        str(world.order.gateway_order_id),
        world.payment.gateway_payment_id,
        world.payment.public_id,
        world.receipt.receipt_number,
    )
    with app.test_request_context():
        for number in numbers:
            assert found(number) == {"Orders": ["Ananya Chatterjee"]}, number


def test_a_lead_by_its_ticket(app: Flask, world: World) -> None:
    with app.test_request_context():
        assert found(world.inquiry.ticket_number) == {"Leads": ["Ananya Chatterjee"]}
        assert found(world.inquiry.ticket_number[-5:])["Leads"] == ["Ananya Chatterjee"]


def test_a_lead_is_found_by_who_asked_not_by_what(app: Flask, world: World) -> None:
    with app.test_request_context():
        assert find_anything("please", zone=ZONE) == []


@pytest.mark.parametrize("typed", ["", "a", " a ", "%", "\x00", "&|!"])
def test_too_little_finds_nothing(app: Flask, world: World, typed: str) -> None:
    with app.test_request_context():
        assert find_anything(typed, zone=ZONE) is None


def test_as_many_statements_for_many_as_for_few(app: Flask, world: World) -> None:
    with app.test_request_context():
        find_anything("an", zone=ZONE)
        with count_queries() as few:
            find_anything("an", zone=ZONE)
        meera = make_counsellor(name="Anand Rao")
        for number in range(30):
            student = make_user(name=f"Ankit {number}")
            make_session(make_enrolment(student), meera, world.session.starts_at + dt.timedelta(days=number + 1))
        with count_queries() as many:
            groups = find_anything("an", zone=ZONE) or []
    assert len(many) == len(few) == 4
    assert all(len(group.hits) <= 5 for group in groups)


class TestPage:
    def test_a_page_and_its_part(self, app: Flask, world: World) -> None:
        browser = Browser(app, world.admin)
        page = browser.get("/admin/search", q="anan").get_data(as_text=True)
        assert f'href="/admin/users/{world.student.public_id}"' in page
        part = browser.get("/admin/search", htmx=True, q="anan").get_data(as_text=True)
        assert part.strip().startswith('<div class="hits" id="hits">')
        assert 'data-live="4 found"' in part

    def test_what_is_typed_stays_text(self, app: Flask, world: World) -> None:
        html = Browser(app, world.admin).get("/admin/search", q="<script>alert(1)").get_data(as_text=True)
        assert "<script>alert" not in html
        assert "Nothing begins with" in html

    def test_every_admin_page_has_the_dialog(self, app: Flask, world: World) -> None:
        html = Browser(app, world.admin).get("/admin/users").get_data(as_text=True)
        assert '<dialog class="dialog palette" id="palette"' in html
        assert "js/palette" in html

    @pytest.mark.parametrize("role", [Role.STUDENT, Role.COUNSELLOR])
    def test_only_admins_find(self, app: Flask, db_session: Session, role: Role) -> None:
        outsider = make_user(role=role)
        db_session.commit()
        assert Browser(app, outsider).get("/admin/search", q="an").status_code == 403
        assert Browser(app).get("/admin/search", q="an").status_code == 302
