"""Enrolments at the desk: the list, granting, assigning, cancelling."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from tests.factories import NOW, make_counsellor, make_enrolment, make_package, make_session, make_user
from tests.payments.desk import ask, at_desk, many_enrolments, rows, statements, words
from tests.payments.world import DAY, Shop, buy, mails
from webapp.accounts.models import Role
from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.core import clock
from webapp.core.db import db
from webapp.enrolments.models import Enrolment, EnrolmentSource, EnrolmentStatus
from webapp.packages.models import ExamType

LIST, NEW = "/admin/enrolments", "/admin/enrolments/new"


@pytest.fixture(autouse=True)
def nine_thirty() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


def page_of(enrolment: Enrolment) -> str:
    return f"{LIST}/{enrolment.public_id}"


def test_nothing_yet(app: Flask, shop: Shop) -> None:
    assert "No enrolments yet" in words(at_desk(app, shop).get(LIST))


def test_filters_narrow_list_and_file_alike(app: Flask, shop: Shop) -> None:
    neet = make_package(name="NEET Desk", exam_type=ExamType.NEET)
    shop.student.name = "+91 Ananya"
    make_enrolment(shop.student, shop.package)
    make_enrolment(make_user(name="Zoya Khan", email="zoya@example.com"), neet)
    make_enrolment(make_user(name="Kabir Sethi"), shop.package, status=EnrolmentStatus.CANCELLED)
    over = make_enrolment(make_user(name="Riya Malhotra"), shop.package, expires_at=NOW)  # the sweep has not come yet
    admin = at_desk(app, shop)
    cases = [
        ({}, {"'+91 Ananya", "Zoya Khan", "Kabir Sethi", "Riya Malhotra"}),
        ({"status": "active"}, {"'+91 Ananya", "Zoya Khan"}),
        ({"status": "expired"}, {"Riya Malhotra"}),
        ({"status": "cancelled"}, {"Kabir Sethi"}),
        ({"exam": "neet"}, {"Zoya Khan"}),
        ({"package": shop.package.public_id, "status": "active"}, {"'+91 Ananya"}),
        ({"search": "zoya@"}, {"Zoya Khan"}),
        ({"search": over.public_id}, {"Riya Malhotra"}),
        ({"search": "%"}, set()),
        ({"status": "nonsense", "exam": "nonsense"}, {"'+91 Ananya", "Zoya Khan", "Kabir Sethi", "Riya Malhotra"}),
        ({"package": "pkg_unknown"}, set()),
    ]
    for asked, names in cases:
        assert {row["Student"] for row in rows(admin.export("enrolments", **asked))} == names, asked
        page = words(ask(admin, LIST, asked, htmx=True))
        assert page.startswith('<div id="enrolment-list">')
        assert all(name.strip("'") in page for name in names)
        assert names or "No enrolments here" in page


def test_ten_rows_cost_what_five_hundred_cost(app: Flask, shop: Shop) -> None:
    admin = at_desk(app, shop)
    many_enrolments(shop, 10)
    before = statements(admin, LIST)
    many_enrolments(shop, 500)
    assert statements(admin, LIST) == before <= 8
    assert len(rows(admin.export("enrolments"))) == 510


def test_an_enrolments_page_costs_the_same_with_more_sessions(app: Flask, shop: Shop) -> None:
    enrolment = make_enrolment(shop.student, shop.package, sessions_total=30)
    admin = at_desk(app, shop)
    make_session(enrolment, shop.counsellor, NOW + DAY)
    before = statements(admin, page_of(enrolment))
    for number in range(2, 20):
        make_session(enrolment, shop.counsellor, NOW + number * DAY)
    assert statements(admin, page_of(enrolment)) == before <= 14


def test_an_enrolment_with_its_sessions_and_its_payment(app: Flask, shop: Shop) -> None:
    order = buy(shop)
    assert order.enrolment is not None
    session = make_session(order.enrolment, shop.counsellor, NOW + 3 * DAY)
    page = words(at_desk(app, shop).get(page_of(order.enrolment)))
    assert f"/admin/payments/{order.public_id}" in page
    assert f"/sessions/{session.public_id}" in page
    assert "3 of 4 left" in page
    assert "1 session is freed; both people are told:" in page


# ── granting ───────────────────────────────────────────────────────────────────────────────────


def grant(app: Flask, shop: Shop, **changes: str) -> tuple[int, str]:
    data = {"user": shop.student.email, "package": shop.package.public_id, "reason": "Won the quiz.", **changes}
    answer = at_desk(app, shop).submit(NEW, data)
    return answer.status_code, " ".join(answer.get_data(as_text=True).split())


def test_a_package_is_granted_with_its_reason(app: Flask, shop: Shop) -> None:
    status, _ = grant(app, shop, user=shop.student.email.upper(), counsellor=shop.counsellor.public_id)
    assert status == 303
    made = db.session.scalars(select(Enrolment)).one()
    assert (made.user_id, made.source, made.note) == (shop.student.id, EnrolmentSource.GRANT, "Won the quiz.")
    assert made.assigned_counsellor_id == shop.counsellor.id
    page = words(at_desk(app, shop).get(page_of(made)))
    assert "Won the quiz." in page


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"user": "nobody@example.com"}, "No student has this address."),
        ({"user": ""}, "Enter the student&#39;s mail address."),
        ({"user": "%"}, "No student has this address."),
        ({"package": ""}, "Choose a package."),
        ({"package": "pkg_unknown"}, "Choose a package that is not archived."),
        ({"counsellor": "counsellor_unknown"}, "Choose an active counsellor."),
        ({"reason": "  "}, "Say why it is given; admins read it."),
        ({"reason": "x" * 501}, "within 500 characters"),
    ],
)
def test_a_wrong_grant_is_said_at_its_field(app: Flask, shop: Shop, changes: dict[str, str], message: str) -> None:
    status, page = grant(app, shop, **changes)
    assert status == 422
    assert message in page
    assert "Won the quiz." in page or "reason" in changes
    assert db.session.scalars(select(Enrolment)).all() == []


def test_only_students_and_what_their_counsellors_counsel_in(app: Flask, shop: Shop) -> None:
    staff = make_user(role=Role.COUNSELLOR, email="staff@example.com")
    assert "No student has this address." in grant(app, shop, user=staff.email)[1]
    shop.package.counsellors = [make_counsellor(name="Harpreet Gill")]
    db.session.flush()
    status, page = grant(app, shop, counsellor=shop.counsellor.public_id)
    assert status == 422
    assert "Dr. Meera Krishnan does not counsel in JEE Complete." in page
    shop.package.is_archived = True
    db.session.flush()
    assert "Choose a package that is not archived." in grant(app, shop)[1]


def test_a_link_fills_the_form(app: Flask, shop: Shop) -> None:
    asked = {"student": shop.student.public_id, "package": shop.package.public_id, "reason": "For payment pay_1"}
    page = words(ask(at_desk(app, shop), NEW, asked))
    assert f'value="{shop.student.email}"' in page
    assert f'<option selected value="{shop.package.public_id}">' in page
    assert "For payment pay_1" in page
    assert shop.admin.email not in words(at_desk(app, shop).get(NEW, student=shop.admin.public_id))


# ── assigning ──────────────────────────────────────────────────────────────────────────────────


def test_a_counsellor_is_assigned_and_lifted(app: Flask, shop: Shop) -> None:
    enrolment = make_enrolment(shop.student, shop.package)
    admin, url = at_desk(app, shop), page_of(enrolment)
    assert admin.submit(f"{url}/assign", {"counsellor": shop.counsellor.public_id}, page=url).status_code == 303
    db.session.expire_all()
    assert enrolment.assigned_counsellor_id == shop.counsellor.id
    assert "The next sessions are with Dr. Meera Krishnan." in words(admin.get(url))
    assert admin.submit(f"{url}/assign", {"counsellor": ""}, page=url).status_code == 303
    db.session.expire_all()
    assert enrolment.assigned_counsellor_id is None


def test_a_counsellor_who_does_not_fit_is_refused(app: Flask, shop: Shop) -> None:
    package = make_package(counsellors=[make_counsellor(name="Harpreet Gill")], name="NEET Desk")
    enrolment = make_enrolment(shop.student, package)
    db.session.commit()
    admin, url = at_desk(app, shop), page_of(enrolment)
    for chosen, message in (
        (shop.counsellor.public_id, "Dr. Meera Krishnan does not counsel in NEET Desk."),
        ("counsellor_unknown", "We could not find that counsellor."),
    ):
        answer = admin.submit(f"{url}/assign", {"counsellor": chosen}, page=url)
        assert message in words(answer, 422)
    db.session.expire_all()
    assert enrolment.assigned_counsellor_id is None


def test_an_ended_one_is_assigned_to_nobody(app: Flask, shop: Shop) -> None:
    enrolment = make_enrolment(shop.student, shop.package, status=EnrolmentStatus.EXPIRED)
    db.session.commit()
    admin, url = at_desk(app, shop), page_of(enrolment)
    answer = admin.submit(f"{url}/assign", {"counsellor": shop.counsellor.public_id}, page="/admin")
    assert "books no more sessions" in words(answer, 409)


# ── cancelling ─────────────────────────────────────────────────────────────────────────────────


def test_cancelling_says_which_sessions_are_freed_and_frees_them(app: Flask, shop: Shop) -> None:
    enrolment = make_enrolment(shop.student, shop.package)
    done = make_session(enrolment, shop.counsellor, NOW - DAY, status=SessionStatus.COMPLETED)
    make_session(enrolment, shop.counsellor, NOW + 3 * DAY)
    make_session(enrolment, shop.counsellor, NOW + 5 * DAY, status=SessionStatus.REQUESTED)
    db.session.commit()
    admin, url = at_desk(app, shop), page_of(enrolment)
    ask = words(admin.get(f"{url}/cancel"))
    assert "2 sessions are freed; both people are told:" in ask
    assert "Sat, 12 Dec 2026, 9:30 AM IST, Dr. Meera Krishnan" in ask
    assert admin.submit(f"{url}/cancel", {"reason": " "}).status_code == 422
    assert db.session.scalars(select(Enrolment.status)).one() == "active"
    assert admin.submit(f"{url}/cancel", {"reason": "Asked by the parents."}).status_code == 303
    db.session.expire_all()
    assert enrolment.status is EnrolmentStatus.CANCELLED
    states = {one.id: one.status for one in db.session.scalars(select(CounsellingSession))}
    assert states.pop(done.id) is SessionStatus.COMPLETED
    assert set(states.values()) == {SessionStatus.CANCELLED}
    assert mails("enrolment_cancelled")
    page = words(admin.get(url))
    assert "Cancelled; the student is told. 2 sessions freed." in page
    assert admin.get(f"{url}/cancel").status_code == 409
    assert admin.submit(f"{url}/cancel", {"reason": "Again"}, page="/admin").status_code == 409


def test_unknown_enrolments_are_not_found(app: Flask, shop: Shop) -> None:
    admin = at_desk(app, shop)
    for path in ("", "/cancel"):
        assert admin.get(f"{LIST}/enroll_unknown{path}").status_code == 404
    for path in ("/cancel", "/assign"):
        assert admin.submit(f"{LIST}/enroll_unknown{path}", {"reason": "x"}, page=LIST).status_code == 404
