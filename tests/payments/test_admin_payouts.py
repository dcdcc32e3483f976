"""Payouts at the desk and a counsellor's own earnings, both from the ledger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import insert, select

from tests.factories import NOW, make_counsellor, make_enrolment, make_session, make_user
from tests.pages import Browser
from tests.payments.desk import at_desk, rows, statements, words
from tests.payments.world import DAY, Shop
from webapp.accounts.models import Role
from webapp.audit.models import AuditEntry
from webapp.bookings.rules import SessionStatus
from webapp.core import clock
from webapp.core.db import db
from webapp.counsellors.models import Counsellor
from webapp.enrolments.models import EnrolmentSource
from webapp.exports.models import ExportFile
from webapp.payments.jobs import post_due_earnings
from webapp.payments.models import Payout
from webapp.payments.rules.periods import Period, period_span
from webapp.payments.services import ledger

LIST = "/admin/payouts"
MINE = "/counsellor/earnings"
GOOD = {"amount": "500", "paid_at": "2026-12-09", "bank_reference": "UTR 1"}


@pytest.fixture(autouse=True)
def nine_thirty() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


def earn(shop: Shop, *days: int, name: str = "Ananya Chatterjee", counsellor: Counsellor | None = None) -> None:
    """Complete sessions so many days ago; each is worth ₹1,000, of which ₹700 are the counsellor's."""
    enrolment = make_enrolment(
        make_user(name=name),
        shop.package,
        source=EnrolmentSource.PURCHASE,
        sessions_total=len(days),
        amount_paid=100000 * len(days),
    )
    for ago in days:
        make_session(enrolment, counsellor or shop.counsellor, NOW - ago * DAY, status=SessionStatus.COMPLETED)
    db.session.commit()
    post_due_earnings(NOW)


def page_of(counsellor: Counsellor) -> str:
    return f"{LIST}/{counsellor.public_id}"


def record(app: Flask, shop: Shop, **changes: str) -> tuple[int, str]:
    url = page_of(shop.counsellor)
    answer = at_desk(app, shop).submit(url, {**GOOD, **changes})
    return answer.status_code, " ".join(answer.get_data(as_text=True).split())


# ── the desk ───────────────────────────────────────────────────────────────────────────────────


def test_nothing_is_owed_yet(app: Flask, shop: Shop) -> None:
    page = words(at_desk(app, shop).get(LIST))
    assert "Nothing is owed to counsellors." in page
    assert "Dr. Meera Krishnan" in page
    assert "No payouts yet" in page
    assert "Nothing is owed now." in words(at_desk(app, shop).get(page_of(shop.counsellor)))


def test_earned_paid_out_and_pending(app: Flask, shop: Shop) -> None:
    earn(shop, 1, 2, 3)
    page = words(at_desk(app, shop).get(LIST))
    assert "₹2,100 is owed to counsellors." in page
    assert record(app, shop, amount="1,000.50", note="November")[0] == 303
    page = words(at_desk(app, shop).get(LIST))
    assert 'data-label="Earned">₹2,100<' in page
    assert 'data-label="Paid out">₹1,000.50<' in page
    assert 'data-label="Pending">₹1,099.50<' in page
    assert "UTR 1" in page
    assert ledger.check().is_sound
    found = rows(at_desk(app, shop).export("payouts"))
    assert [(row["Amount"], row["Paid on"], row["Note"]) for row in found] == [("1000.50", "2026-12-09", "November")]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"amount": "700.01"}, "This is more than the ₹700 that are owed."),
        ({"amount": "-1"}, "Enter an amount of zero or more."),
        ({"amount": "1.234"}, "Use at most two decimals."),
        ({"amount": "0"}, "Enter an amount above zero."),
        ({"amount": ""}, "Enter what was paid."),
        ({"amount": "1e999999"}, "Enter at most"),
        ({"paid_at": ""}, "Choose the day."),
        ({"paid_at": "tomorrow"}, "Choose a day."),
        ({"paid_at": "2026-12-10"}, "This day is still to come."),
        ({"paid_at": "0001-01-01"}, "Choose a day."),
        ({"bank_reference": " "}, "Enter the bank&#39;s reference."),
        ({"bank_reference": "x" * 81}, "within 80 characters"),
        ({"note": "x" * 301}, "within 300 characters"),
    ],
)
def test_a_wrong_payout_is_said_at_its_field_and_nothing_is_booked(
    app: Flask, shop: Shop, changes: dict[str, str], message: str
) -> None:
    earn(shop, 1)
    status, page = record(app, shop, **changes)
    assert status == 422
    assert message in page
    assert db.session.scalars(select(Payout)).all() == []
    assert ledger.balance_of(shop.counsellor.id) == 70000


def test_more_than_is_owed_is_never_paid_by_two_presses(app: Flask, shop: Shop) -> None:
    earn(shop, 1)
    assert record(app, shop)[0] == 303
    status, page = record(app, shop)
    assert status == 422
    assert "This is more than the ₹200 that are owed." in page


def test_ten_counsellors_cost_what_a_hundred_cost(app: Flask, shop: Shop) -> None:
    def fill(number: int) -> None:
        for index in range(number):
            earn(shop, 1, name=f"Student {number} {index}", counsellor=make_counsellor(calendar=False))
        db.session.execute(
            insert(Payout),
            [
                {
                    "public_id": f"p{number}x{index}",
                    "counsellor_id": shop.counsellor.id,
                    "amount": 100,
                    "bank_reference": "x",
                    "paid_at": NOW,
                    "recorded_by_id": shop.admin.id,
                }
                for index in range(number * 5)
            ],
        )

    admin = at_desk(app, shop)
    fill(10)
    before = statements(admin, LIST)
    fill(100)
    assert statements(admin, LIST) == before <= 8


def test_unknown_counsellors_are_not_found(app: Flask, shop: Shop) -> None:
    admin = at_desk(app, shop)
    assert admin.get(f"{LIST}/counsellor_unknown").status_code == 404
    assert admin.export("earnings", counsellor="counsellor_unknown").status_code == 404
    assert admin.submit(f"{LIST}/counsellor_unknown", GOOD, page=LIST).status_code == 404


# ── a counsellor's own ─────────────────────────────────────────────────────────────────────────


def mine(app: Flask, shop: Shop) -> Browser:
    return Browser(app, shop.counsellor.user)


def test_own_sessions_with_the_share_of_each(app: Flask, shop: Shop) -> None:
    earn(shop, 1, 2)
    earn(shop, 1, name="Charlie", counsellor=make_counsellor(name="Harpreet Gill"))
    page = words(mine(app, shop).get(MINE))
    assert "₹1,400 earned" in page
    assert page.count('data-label="Share">₹700<') == 2
    assert "Charlie" not in page
    assert "Your share is 70 %" in page
    assert "<dt>Pending</dt><dd>₹1,400</dd>" in page


def test_periods_and_their_file(app: Flask, shop: Shop) -> None:
    earn(shop, 1, 5, 20, 400)  # 8 and 4 December, 19 November, a year before
    expected = {"week": 1, "month": 2, "last-month": 1, "year": 3, "all": 4, "nonsense": 2}
    for period, number in expected.items():
        found = rows(mine(app, shop).submit(f"{MINE}.csv?period={period}", page=MINE))
        assert len(found) == number, period
        assert all(row["Share"] == "700.00" for row in found)
        page = words(mine(app, shop).get(MINE, htmx=True, period=period))
        assert page.startswith('<div id="earnings-list"')
        assert f"₹{number * 700:,} earned" in page


def test_taking_ones_own_file_away_is_in_the_log(app: Flask, shop: Shop) -> None:
    earn(shop, 1, 5)
    browser = mine(app, shop)
    other = make_counsellor(name="Harpreet Gill")
    url = f"{MINE}.csv?period=all&counsellor={other.public_id}"  # what is not asked for on this page is not heard
    assert len(rows(browser.submit(url, page=MINE))) == 2
    export = db.session.scalars(select(ExportFile)).one()
    assert shop.counsellor.user is not None
    assert (export.owner_id, export.kind, export.total) == (shop.counsellor.user.id, "earnings", 2)
    assert export.params == {"period": ["all"], "counsellor": [shop.counsellor.public_id]}
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.entity == "export")).one()
    assert (entry.actor_id, entry.entity_id) == (shop.counsellor.user.id, export.public_id)
    assert browser.get(f"{MINE}.csv").status_code == 405


def test_the_desk_sees_the_same(app: Flask, shop: Shop) -> None:
    earn(shop, 1, 400)
    page = words(at_desk(app, shop).get(page_of(shop.counsellor)))
    assert "₹1,400 earned" in page
    assert len(rows(at_desk(app, shop).export("earnings", counsellor=shop.counsellor.public_id))) == 2


def test_payouts_are_told_to_the_counsellor(app: Flask, shop: Shop) -> None:
    earn(shop, 1)
    record(app, shop, note="For December")
    page = words(mine(app, shop).get(MINE))
    assert "UTR 1" in page
    assert "For December" in page


def test_a_counsellor_without_a_profile(app: Flask, shop: Shop) -> None:
    browser = Browser(app, make_user(role=Role.COUNSELLOR))
    assert "No profile yet" in words(browser.get(MINE))
    assert browser.submit(f"{MINE}.csv", page=MINE).status_code == 404


def test_more_sessions_cost_no_more_statements(app: Flask, shop: Shop) -> None:
    earn(shop, *range(1, 4))
    before = statements(mine(app, shop), f"{MINE}?period=all")
    earn(shop, *range(10, 60))
    assert statements(mine(app, shop), f"{MINE}?period=all") == before <= 12


def test_a_span_is_the_calendars_of_its_zone() -> None:
    late = dt.datetime(2026, 11, 30, 20, 0, tzinfo=dt.UTC)  # 1 December in India
    since, until = period_span(Period.MONTH, "Asia/Kolkata", late)
    assert since is not None
    assert (since.isoformat(), until) == ("2026-12-01T00:00:00+05:30", None)
    since, until = period_span(Period.LAST_MONTH, "Asia/Kolkata", late)
    assert since is not None
    assert until is not None
    assert (since.date().isoformat(), until.date().isoformat()) == ("2026-11-01", "2026-12-01")
    assert period_span(Period.ALL, "Asia/Kolkata", late) == (None, None)
    january = dt.datetime(2027, 1, 5, tzinfo=dt.UTC)
    since, _ = period_span(Period.LAST_MONTH, "Asia/Kolkata", january)
    assert since is not None
    assert since.date().isoformat() == "2026-12-01"
    since, _ = period_span(Period.WEEK, "Asia/Kolkata", NOW)  # a Wednesday
    assert since is not None
    assert since.date().isoformat() == "2026-12-07"
