"""The copy of a person's data."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import zipfile

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.dashboards.people.world import MAIL, NAME, World, make_world
from tests.factories import NOW, make_counsellor, make_enrolment, make_review, make_session, make_user
from tests.pages import Browser
from tests.queries import count_queries
from webapp.accounts.models import Role, User
from webapp.audit.models import AuditEntry
from webapp.dashboards.people.privacy.copying import zip_pieces


@pytest.fixture
def world(db_session: Session) -> World:
    return make_world()


def opened(answer) -> zipfile.ZipFile:  # type: ignore[no-untyped-def]
    assert (answer.status_code, answer.content_type) == (200, "application/zip")
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    assert archive.testzip() is None
    return archive


def mine(app: Flask, user: User) -> zipfile.ZipFile:
    return opened(Browser(app, user).submit("/account/data", page="/account"))


def table(archive: zipfile.ZipFile, name: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(archive.read(name).decode("utf-8-sig"))))


def test_everything_is_in_it(app: Flask, world: World) -> None:
    archive = mine(app, world.student)
    data = json.loads(archive.read("data.json"))
    tables = data["tables"]
    assert tables["account"][0]["Mail"] == MAIL
    assert [row["Through"] for row in tables["logins"]] == ["browser"]
    assert tables["address-changes"] == []
    assert tables["inquiries"][0]["Ticket"] == "INQ-2026-04711"
    assert tables["enrolments"][0]["Paid"] == 499_900
    assert tables["sessions"][0]["Shared notes"] == "Dear Ananya, choose Durgapur."
    assert tables["next-steps"][0]["Step"] == f"Write to {MAIL}"
    assert tables["reviews"][0]["Stars"] == 5
    assert tables["orders"][0]["Amount"] == 499_900
    assert tables["payments"][0]["Gateway's number"] == "pay_RzpXyz789"
    assert tables["receipts"][0]["Number"] == "2026-27/000123"
    assert [row["Title"] for row in tables["notifications"]] == ["Confirmed"]
    assert len(tables["mails"]) == 1
    assert table(archive, "orders.csv")[1][6] == "4999.00"
    page = archive.read("read-me.html").decode()
    assert "₹4,999" in page
    assert "2026-27/000123" in page


def test_what_staff_wrote_for_themselves_is_not(app: Flask, world: World) -> None:
    archive = mine(app, world.student)
    whole = "".join(archive.read(name).decode() for name in archive.namelist())
    assert "mother decides" not in whole
    assert "98300 41270" not in whole  # the note of the inquiry
    assert world.student.password_hash not in whole


def test_nothing_of_others(app: Flask, world: World) -> None:
    other = make_user(name="Charlie Outsider")
    archive = mine(app, other)
    whole = "".join(archive.read(name).decode() for name in archive.namelist())
    assert NAME not in whole
    assert MAIL not in whole
    assert json.loads(archive.read("data.json"))["tables"]["orders"] == []


def test_a_formula_stays_text(app: Flask, world: World, db_session: Session) -> None:
    world.session.agenda = "=cmd|' /C calc'!A0"
    world.session.shared_notes = "<script>alert(1)</script>"
    db_session.commit()
    archive = mine(app, world.student)
    assert table(archive, "sessions.csv")[1][6].startswith("'=cmd")
    assert "<script>alert" not in archive.read("read-me.html").decode()


def test_an_admin_answers_a_request(app: Flask, world: World, db_session: Session) -> None:
    url = f"/admin/users/{world.student.public_id}/data"
    archive = opened(Browser(app, world.admin).submit(url, page="/admin/users"))
    assert json.loads(archive.read("data.json"))["account"] == world.student.public_id
    entry = db_session.scalars(select(AuditEntry).where(AuditEntry.action == "user.exported")).one()
    assert (entry.actor_id, entry.subject_id) == (world.admin.id, world.student.id)


def test_a_counsellor_gets_a_copy_too(app: Flask, world: World) -> None:
    user = world.session.counsellor.user
    assert user is not None
    tables = json.loads(mine(app, user).read("data.json"))["tables"]
    assert tables["profile"][0]["Name"] == "Dr. Meera Krishnan"
    assert tables["sessions"] == []


@pytest.mark.parametrize("role", [Role.STUDENT, Role.COUNSELLOR])
def test_nobody_elses_copy(app: Flask, world: World, db_session: Session, role: Role) -> None:
    outsider = make_user(role=role)
    db_session.commit()
    url = f"/admin/users/{world.student.public_id}/data"
    assert Browser(app, outsider).submit(url, page="/account").status_code == 403


def test_a_visitor_signs_in_first(app: Flask, world: World) -> None:
    assert Browser(app).submit("/account/data", page="/login").status_code == 302


def test_as_many_statements_for_much_as_for_little(app: Flask, world: World, db_session: Session) -> None:
    def statements() -> int:
        with app.test_request_context(), count_queries() as seen:
            assert b"".join(zip_pieces(world.student, zone="Asia/Kolkata", now=NOW))
        return len(seen)

    statements()
    few = statements()
    for day in range(1, 6):
        enrolment = make_enrolment(world.student)
        session = make_session(enrolment, make_counsellor(), NOW - dt.timedelta(days=day), status="completed")
        make_review(session)
    db_session.commit()
    statements()
    assert statements() == few
