"""The desk's charts: what they count, what they cost, and their files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import NOW, make_counsellor, make_enrolment, make_package, make_review, make_session, make_user
from tests.pages import Browser
from tests.queries import count_queries
from webapp.accounts.models import Role
from webapp.bookings.rules import SessionStatus
from webapp.core import clock
from webapp.core.db import db
from webapp.dashboards.admin.charts.forecast import forecast
from webapp.dashboards.admin.charts.funnel import funnel, totals
from webapp.dashboards.admin.charts.pages import charts
from webapp.dashboards.admin.charts.revenue import revenue_by_week
from webapp.dashboards.admin.charts.utilisation import utilisation
from webapp.inquiries.models import Exam, Inquiry, InquiryStatus, LeadPerson
from webapp.payments.models import Match, Payment, PaymentStatus, Refund, RefundStatus

IST, DAY, HOUR = "Asia/Kolkata", dt.timedelta(days=1), dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def nine_thirty() -> Iterator[None]:
    with clock.frozen(NOW):  # Wed, 9 Dec 2026, 9:30 AM IST
        yield


def lead(number: int, asked_at: dt.datetime, **columns: object) -> Inquiry:
    person = LeadPerson(created_at=asked_at)
    db.session.add(person)
    db.session.flush()
    row = Inquiry(
        **{
            "ticket_number": f"INQ-2026-{number:05d}",
            "person_id": person.id,
            "name": f"Lead {number}",
            "email": f"lead{number}@example.com",
            "phone": f"+9198765{number:05d}",
            "email_key": f"lead{number}@example.com",
            "phone_key": f"+9198765{number:05d}",
            "exam": Exam.NEET,
            "asked_at": asked_at,
            "answer_due_at": asked_at + DAY,
            **columns,
        }
    )
    db.session.add(row)
    db.session.flush()
    return row


def test_the_funnel_follows_a_weeks_inquiries_to_the_review(db_session: Session) -> None:
    monday = NOW - 2 * DAY
    student, package, counsellor = make_user(), make_package(), make_counsellor()
    lead(1, monday)
    lead(2, monday, status=InquiryStatus.CONTACTED, answered_at=NOW)
    won = lead(3, monday, status=InquiryStatus.CONVERTED, converted_at=NOW, converted_user_id=student.id)
    enrolment = make_enrolment(student, package, amount_paid=500_000, enrolled_at=won.asked_at + HOUR)
    held = make_session(enrolment, counsellor, won.asked_at + 2 * HOUR, status=SessionStatus.COMPLETED)
    make_review(held, created_at=NOW)
    lead(4, monday - 7 * DAY, status=InquiryStatus.CLOSED)
    lead(5, monday - 70 * DAY)  # before the first week shown
    db_session.flush()
    weeks = funnel(IST, NOW)
    assert [week.counts for week in weeks[-2:]] == [(1, 0, 0, 0, 0, 0), (3, 2, 1, 1, 1, 1)]
    assert sum(sum(week.counts) for week in weeks[:-2]) == 0
    assert totals(weeks)[:3] == [
        ("Inquiries", 4, ""),
        ("Contacted", 2, "50 % of inquiries"),
        ("Converted", 1, "50 % of contacted"),
    ]


def test_what_went_before_the_inquiry_is_not_its_merit(db_session: Session) -> None:
    student = make_user()
    make_enrolment(student, amount_paid=500_000, enrolled_at=NOW - 30 * DAY)
    lead(1, NOW - DAY, status=InquiryStatus.CONVERTED, converted_at=NOW, converted_user_id=student.id)
    assert funnel(IST, NOW)[-1].counts == (1, 1, 1, 0, 0, 0)


def _payment(number: int, amount: int, at: dt.datetime, match: Match = Match.ENROLLED) -> Payment:
    row = Payment(
        gateway="sandbox",
        gateway_payment_id=f"pay_{number}",
        status=PaymentStatus.SUCCEEDED,
        match=match,
        amount=amount,
        currency="INR",
        captured_at=at,
    )
    db.session.add(row)
    db.session.flush()
    return row


def test_revenue_is_what_was_taken_for_orders_less_what_went_back(db_session: Session) -> None:
    paid = _payment(1, 500_000, NOW - DAY)
    _payment(2, 300_000, NOW - 7 * DAY)
    _payment(3, 999_999, NOW - DAY, Match.UNKNOWN_ORDER)
    db_session.add(
        Refund(
            payment_id=paid.id,
            amount=100_000,
            status=RefundStatus.PROCESSED,
            idempotency_key="once",
            requested_at=NOW,
            processed_at=NOW,
        )
    )
    db_session.flush()
    weeks = revenue_by_week(IST, NOW)
    assert len(weeks) == 12
    assert [(week.packages, week.refunds, week.net) for week in weeks[-2:]] == [
        (300_000, 0, 300_000),
        (500_000, 100_000, 400_000),
    ]


def test_a_sunday_night_in_india_is_still_that_week(db_session: Session) -> None:
    _payment(1, 500_000, dt.datetime(2026, 12, 6, 18, 0, tzinfo=dt.UTC))  # Sun, 11:30 PM IST
    _payment(2, 700_000, dt.datetime(2026, 12, 6, 19, 0, tzinfo=dt.UTC))  # Mon, 12:30 AM IST
    assert [week.packages for week in revenue_by_week(IST, NOW)[-2:]] == [500_000, 700_000]


def test_heat_is_booked_of_open_by_weekday(db_session: Session) -> None:
    meera = make_counsellor(name="Dr. Meera Krishnan", windows=[(0, 600, 780), (2, 600, 660)])
    enrolment, monday = make_enrolment(make_user()), dt.datetime(2026, 12, 7, 5, 0, tzinfo=dt.UTC)
    for week in range(2):
        make_session(enrolment, meera, monday - week * 7 * DAY, status=SessionStatus.COMPLETED)
    make_session(enrolment, meera, monday - 14 * DAY, status=SessionStatus.CANCELLED)
    make_counsellor(name="Closed", windows=[(0, 600, 660)], is_active=False)
    (row,) = utilisation(IST, NOW)
    mondays, wednesdays = row.days[0], row.days[2]
    assert (row.counsellor, mondays.open, mondays.booked, mondays.share) == (meera.name, 4 * 180, 60, 8)
    assert (wednesdays.open, wednesdays.booked, wednesdays.share, wednesdays.heat) == (4 * 60, 0, 0, 0)
    assert row.days[1].share is None


def test_unused_sessions_are_spread_over_the_time_that_is_left(db_session: Session) -> None:
    package = make_package(session_minutes=60, max_sessions=4)
    make_enrolment(make_user(), package, sessions_total=4, session_minutes=60, expires_at=NOW + 14 * DAY)
    make_enrolment(make_user(), package, sessions_total=8, session_minutes=60, expires_at=NOW + 56 * DAY)
    make_enrolment(
        make_user(), package, sessions_total=8, sessions_used=8, session_minutes=60, expires_at=NOW + 7 * DAY
    )
    make_counsellor(windows=[(2, 600, 720)])
    weeks = forecast(IST, NOW)
    assert [week.wanted for week in weeks] == [180, 180, 60, 60]
    assert [week.open for week in weeks] == [120] * 4
    assert [week.short for week in weeks] == [60, 60, 0, 0]


def test_more_of_everything_costs_no_more_statements(app: Flask, db_session: Session) -> None:
    make_counsellor()
    enrolment = make_enrolment(make_user(), sessions_total=9)
    with count_queries() as few:
        charts(IST, NOW)
    for number in range(6):
        counsellor = make_counsellor()
        make_session(enrolment, counsellor, NOW - number * DAY, status=SessionStatus.COMPLETED)
        lead(number, NOW - number * DAY)
        _payment(number, 1000, NOW - number * DAY)
    with count_queries() as many:
        charts(IST, NOW)
    assert len(many) == len(few) <= 12


@pytest.mark.parametrize("name", ["funnel", "revenue", "utilisation", "forecast"])
def test_every_chart_has_its_file(app: Flask, db_session: Session, name: str) -> None:
    make_counsellor(name="=HYPERLINK(1)")
    admin = Browser(app, make_user(role=Role.ADMIN))
    answer = admin.get(f"/admin/charts/{name}.csv")
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    assert "\n=HYPERLINK" not in answer.get_data(as_text=True)
    assert admin.get("/admin/charts/secrets.csv").status_code == 404
    for role in (Role.STUDENT, Role.COUNSELLOR):
        assert Browser(app, make_user(role=role)).get(f"/admin/charts/{name}.csv").status_code == 403
    assert Browser(app, None).get(f"/admin/charts/{name}.csv").status_code == 302


def test_the_home_shows_each_chart_with_its_table(app: Flask, db_session: Session) -> None:
    make_counsellor(name="Dr. Meera Krishnan", windows=[(0, 600, 780)])
    page = Browser(app, make_user(role=Role.ADMIN)).get("/admin").get_data(as_text=True)
    for words in ("From question to review", "Revenue by week", "Open hours in use", "The next four weeks"):
        assert words in page
    for name in ("funnel", "revenue", "utilisation", "forecast"):
        assert f"/admin/charts/{name}.csv" in page
