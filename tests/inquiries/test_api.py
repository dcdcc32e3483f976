"""`/api/v1/counselling-inquiries`: sent by anybody, worked with by admins."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import NOW, make_package, make_user
from tests.inquiries.leads_world import DAY, make_lead, many_leads
from tests.programs import Program, details, partner_key
from tests.queries import count_queries
from webapp.accounts.models import User
from webapp.core.db import db
from webapp.enrolments.models import Enrolment
from webapp.inquiries.api import EXAMPLE
from webapp.inquiries.models import Exam, Inquiry, InquiryStatus

URL = "/counselling-inquiries"


@pytest.fixture
def desk(app: Flask, admin: User, redis: Redis) -> Program:
    return Program(app, admin)


@pytest.fixture
def nobody(app: Flask, db_session: Session, redis: Redis) -> Program:
    return Program(app)


class TestSending:
    def test_anybody_gets_a_ticket(self, nobody: Program, db_session: Session) -> None:
        answer = nobody.post(URL, EXAMPLE, status=201)
        assert set(answer["data"]) == {"_id", "ticketNumber"}
        assert answer["data"]["ticketNumber"].startswith("INQ-")
        assert "24 hours" in answer["message"]
        row = db_session.scalars(select(Inquiry)).one()
        assert (row.exam, row.rank, row.utm_source, row.source) == (
            Exam.JEE_MAIN,
            24500,
            "newsletter",
            "partner-school",
        )
        assert row.phone == "+919831022334"

    def test_every_wrong_field_is_named(self, nobody: Program) -> None:
        wrong = details(
            nobody.post(URL, {"email": "x", "phone": "1", "exam": "gate", "rank": 0, "site": 1}, status=400)
        )
        assert set(wrong) == {"name", "email", "phone", "exam", "rank", "site"}
        assert wrong["name"] == "Name is required."
        assert wrong["exam"] == "Exam must be one of jee-main, jee-advanced, neet, wbjee, other."

    def test_the_same_key_makes_one(self, nobody: Program, db_session: Session) -> None:
        headers = {"Idempotency-Key": "one"}
        first = nobody.post(URL, EXAMPLE, status=201, headers=headers)
        assert nobody.post(URL, EXAMPLE, status=201, headers=headers) == first
        assert len(db_session.scalars(select(Inquiry)).all()) == 1

    def test_one_too_many_is_told_when(self, nobody: Program) -> None:
        for _ in range(50):
            nobody.ask("POST", URL, {})
        refused = nobody.ask("POST", URL, EXAMPLE, status=429)
        assert int(refused.headers["Retry-After"]) > 0
        assert refused.headers["X-RateLimit-Remaining"] == "0"


class TestTheList:
    def test_it_is_filtered_and_counted(self, desk: Program, admin: User) -> None:
        make_lead(name="Ritika Sen", exam=Exam.NEET, assignee_id=admin.id, asked_at=NOW - 3 * DAY)
        make_lead(name="Arjun Das", status=InquiryStatus.CLOSED, asked_at=NOW - 2 * DAY)
        make_lead(name="Zoya Khan")
        answer = desk.get(URL)
        assert [row["name"] for row in answer["data"]] == ["Zoya Khan", "Arjun Das", "Ritika Sen"]
        assert answer["stats"] == {"total": 3, "new": 2, "contacted": 0, "converted": 0, "closed": 1}
        assert answer["pagination"]["total"] == 3

        def names(query: str) -> list[str]:
            return [row["name"] for row in desk.get(f"{URL}?{query}")["data"]]

        assert names("status=closed") == ["Arjun Das"]
        assert names("exam=neet") == ["Ritika Sen"]
        assert names(f"assignedTo={admin.public_id}") == ["Ritika Sen"]
        assert names("assignedTo=none&status=new") == ["Zoya Khan"]
        day = (NOW - 2 * DAY).date().isoformat()
        assert names(f"dateFrom={day}") == ["Zoya Khan", "Arjun Das"]
        assert names(f"dateTo={day}&sort=createdAt") == ["Ritika Sen", "Arjun Das"]
        assert desk.get(f"{URL}?status=closed")["stats"]["total"] == 3

    @pytest.mark.parametrize("part", ["Ritika", "ritika.s", "98310 22334", "9831022334", "ticket"])
    def test_search_finds_name_mail_phone_and_ticket(self, desk: Program, nobody: Program, part: str) -> None:
        ticket = nobody.post(URL, EXAMPLE, status=201)["data"]["ticketNumber"]
        make_lead(name="Somebody Else")
        found = desk.get(f"{URL}?search={ticket if part == 'ticket' else part}")["data"]
        assert [row["ticketNumber"] for row in found] == [ticket]

    def test_wrong_parameters_are_named(self, desk: Program) -> None:
        wrong = details(desk.get(f"{URL}?status=open&dateFrom=2026-02-30&sort=name&limit=0&colour=1", status=400))
        assert set(wrong) == {"status", "dateFrom", "sort", "limit", "colour"}

    def test_it_costs_the_same_at_any_size(self, desk: Program, admin: User) -> None:
        def ask() -> int:
            db.session.commit()
            db.session.expire_all()
            with count_queries() as seen:
                desk.get(f"{URL}?limit=100")
            return len(seen)

        make_lead(assignee_id=admin.id)
        few = ask()
        many_leads(20, assignee_id=admin.id)
        for _ in range(20):
            make_lead(assignee_id=make_user(role="admin").id)
        assert ask() == few


class TestOne:
    def test_the_second_of_a_person_shows_the_first_ones_ticket(self, desk: Program, nobody: Program) -> None:
        first = nobody.post(URL, EXAMPLE, status=201)["data"]
        second = nobody.post(URL, {**EXAMPLE, "message": "And NEET?", "phone": "98310 99999"}, status=201)["data"]
        assert second["ticketNumber"] != first["ticketNumber"]
        found = desk.get(f"{URL}/{second['_id']}")["data"]
        assert found["duplicateOf"] == first["ticketNumber"]
        assert first["ticketNumber"] in found["timeline"][1]["text"]
        assert desk.get(f"{URL}/{first['_id']}")["data"]["duplicateOf"] is None
        rows = desk.get(URL)["data"]
        assert [row["duplicateOf"] for row in rows] == [first["ticketNumber"], None]

    def test_it_is_worked_with(self, desk: Program, admin: User) -> None:
        lead = make_lead()
        body = {"status": "contacted", "assignedTo": admin.public_id, "notes": "Called.", "followUpDate": "2027-01-05"}
        changed = desk.patch(f"{URL}/{lead.public_id}", body)["data"]
        assert {name: changed[name] for name in body} == body
        assert changed["answeredAt"] is not None
        changed = desk.patch(
            f"{URL}/{lead.public_id}", {"assignedTo": None, "followUpDate": None, "notes": "Called again."}
        )["data"]
        assert (changed["assignedTo"], changed["followUpDate"], changed["notes"]) == (
            None,
            None,
            "Called.\nCalled again.",
        )
        assert [line["kind"] for line in changed["timeline"]][-1] == "note"
        assert changed["timeline"][-1]["by"] == admin.name

    def test_what_may_not_be_is_refused_whole(self, desk: Program) -> None:
        lead = make_lead()
        db.session.commit()  # a refusal rolls back
        url = f"{URL}/{lead.public_id}"
        refused = desk.patch(url, {"status": "converted", "notes": "No."}, status=400)
        assert refused["error"]["code"] == "INVALID_STATE"
        assert desk.get(url)["data"]["notes"] == ""
        wrong = details(desk.patch(url, {"assignedTo": make_user().public_id}, status=400))
        assert list(wrong) == ["assignedTo"]
        assert list(details(desk.patch(url, {"followUpDate": "2020-01-01"}, status=400))) == ["followUpDate"]
        assert list(details(desk.patch(url, {"name": "X", "status": "open"}, status=400))) == ["status", "name"]

    def test_there_is_no_other(self, desk: Program) -> None:
        assert desk.get(f"{URL}/inquiry_nobody", status=404)["error"]["code"] == "NOT_FOUND"
        desk.patch(f"{URL}/inquiry_nobody", {"status": "closed"}, status=404)
        desk.post(f"{URL}/inquiry_nobody/convert", {}, status=404)


class TestConverting:
    def test_a_package_is_given(self, desk: Program, db_session: Session) -> None:
        lead, package = make_lead(), make_package()
        done = desk.post(f"{URL}/{lead.public_id}/convert", {"packageId": package.public_id})["data"]
        enrolment = db_session.scalars(select(Enrolment)).one()
        assert (done["status"], done["convertedToEnrollment"]) == ("converted", enrolment.public_id)
        assert done["paymentLink"] is None
        user = db_session.scalars(select(User).where(User.email == lead.email)).one()
        assert (done["userId"], enrolment.user_id) == (user.public_id, user.id)
        again = desk.post(f"{URL}/{lead.public_id}/convert", {}, status=400)
        assert again["error"]["code"] == "INVALID_STATE"

    def test_without_one_there_is_a_link_to_pay(self, desk: Program) -> None:
        lead = make_lead()
        done = desk.post(f"{URL}/{lead.public_id}/convert", {})["data"]
        assert (done["status"], done["convertedToEnrollment"]) == ("converted", None)
        assert done["userId"]
        assert done["paymentLink"] == "http://localhost/packages"

    def test_a_package_that_is_none(self, desk: Program) -> None:
        lead = make_lead()
        wrong = details(desk.post(f"{URL}/{lead.public_id}/convert", {"packageId": "pkg_nobody"}, status=400))
        assert list(wrong) == ["packageId"]
        assert lead.status is InquiryStatus.NEW


@pytest.mark.parametrize("who", ["student", "counsellor", None])
def test_only_admins_work_with_them(app: Flask, db_session: Session, who: str | None) -> None:
    lead = make_lead()
    db_session.commit()
    program = Program(app, make_user(role=who) if who else None)
    wanted = 403 if who else 401
    one = f"{URL}/{lead.public_id}"
    asked: list[tuple[str, str, Any]] = [
        ("GET", URL, None), ("GET", one, None), ("PATCH", one, {}), ("POST", f"{one}/convert", {}),
        ("GET", f"{URL}/inquiry_nobody", None),
    ]  # fmt: skip
    for method, path, body in asked:
        assert program.ask(method, path, body).status_code == wanted, (method, path)


def test_a_partner_sends_with_the_right_to_write(app: Flask, admin: User, redis: Redis) -> None:
    writer = Program(app, key=partner_key(admin, "inquiries:write")[1])
    writer.post(URL, EXAMPLE, status=201)
    assert len(writer.get(URL)["data"]) == 1
    reader = Program(app, key=partner_key(admin, "inquiries:read")[1])
    reader.post(URL, EXAMPLE, status=403)
