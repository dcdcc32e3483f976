"""A student's home is kept while nothing on it changes: never somebody else's, never an old one, never a token.

Under the tests every piece that is used is made again and compared (CHECK_KEPT_PIECES): a writer who forgets to say
what it changed fails the page that comes after it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import NOW, make_counsellor, make_enrolment, make_package, make_review, make_session, make_user
from tests.pages import Browser
from tests.queries import count_queries
from webapp.accounts.models import Role, User
from webapp.accounts.recipients import recipient_of
from webapp.bookings.models import CounsellingSession, NextStep
from webapp.bookings.rules import SessionStatus
from webapp.bookings.services.answers import cancel_session
from webapp.bookings.services.steps import tick_step
from webapp.core import clock
from webapp.core.db import db, transaction
from webapp.enrolments.services import return_credit
from webapp.notifications.messages import Reader
from webapp.notifications.services import mark_all_read, notify
from webapp.payments.models import Order, OrderStatus

DAY, MINUTE = dt.timedelta(days=1), dt.timedelta(minutes=1)
TOKENS = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest.fixture(autouse=True)
def nine_thirty() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def student(db_session: Session) -> User:
    """Give a student with a session ahead, one behind with a step, and a line in the inbox."""
    user = make_user(name="Ananya Chatterjee")
    enrolment, meera = make_enrolment(user, title="JEE Complete"), make_counsellor(name="Dr. Meera Krishnan")
    make_session(enrolment, meera, NOW + 2 * DAY)
    behind = make_session(enrolment, meera, NOW - 2 * DAY, status=SessionStatus.COMPLETED, agenda="Which list first")
    db_session.add(NextStep(session_id=behind.id, text="Send the marksheet", public_id="step_marksheet"))
    db_session.commit()
    with transaction():
        _tell(user, "The first line")
    return user


def _tell(user: User, title: str) -> None:
    notify(
        user=recipient_of(user),
        kind="session_reminder",
        title=title,
        body="",
        url="/student",
        dedupe_key=title,
        now=NOW,
    )


def text(browser: Browser, url: str = "/student") -> str:
    answer = browser.get(url)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def body(browser: Browser) -> str:
    """Give the home without its tokens: they carry the second in which they were made."""
    page = text(browser)
    token = browser_token(page)
    assert page.count(token) > 1
    return page.replace(token, "")


def browser_token(page: str) -> str:
    return str(TOKENS.findall(page)[0])


def test_the_second_look_asks_for_nothing_of_the_home(app: Flask, student: User) -> None:
    app.config["CHECK_KEPT_PIECES"] = False
    try:
        browser = Browser(app, student)
        first = body(browser)
        with count_queries() as seen:
            assert body(browser) == first
    finally:
        app.config["CHECK_KEPT_PIECES"] = True
    assert not [one for one in seen if "json_agg" in one]


def test_nobody_gets_what_was_made_for_another(app: Flask, student: User, db_session: Session) -> None:
    other = make_user(name="Zoya Khan")
    make_enrolment(other, title="NEET Focus")
    db_session.commit()
    hers, his = Browser(app, student), Browser(app, other)
    for _ in range(2):
        mine, theirs = text(hers), text(his)
        assert "Ananya" in mine
        assert "JEE Complete" in mine
        assert "Zoya" not in mine
        assert "NEET Focus" in theirs
        for foreign in ("Ananya", "JEE Complete", "Meera", "Which list first", "The first line", "marksheet"):
            assert foreign not in theirs


def test_every_reader_has_a_form_token_of_its_own(app: Flask, student: User, db_session: Session) -> None:
    admin = make_user(role=Role.ADMIN)
    db_session.commit()
    looking = Browser(app, admin)
    url = f"/admin/users/{student.public_id}/do/look"
    assert looking.submit(url, {"reason": "She asked us to"}, page="/admin/users").location == "/student"
    pages = [text(browser) for browser in (Browser(app, student), Browser(app, student), looking)]
    found = [set(TOKENS.findall(page)) for page in pages]
    assert [len(tokens) for tokens in found] == [1, 1, 1]
    assert len(set.union(*found)) == 3
    assert "You are looking as" in pages[2]
    assert "You are looking as" not in text(Browser(app, student))
    pieces = app.extensions["pieces"]
    held = [piece.value for key, piece in pieces._found.items() if key[0] == "student home"]
    assert held
    assert not any(token in part for tokens in found for token in tokens for value in held for part in value.parts)


def test_the_token_of_a_kept_home_is_good_for_its_forms(app: Flask, student: User) -> None:
    browser = Browser(app, student)
    assert body(browser) == body(browser)
    again = text(browser)
    answer = browser.client.post(
        "/steps/step_marksheet", data={"done": "1", "on": "home", "csrf_token": browser_token(again)}
    )
    assert answer.status_code == 303
    assert "checked data-autosubmit" in text(browser)


def _session(student: User, status: SessionStatus) -> CounsellingSession:
    mine = select(CounsellingSession).where(CounsellingSession.student_id == student.id)
    return db.session.scalars(mine.where(CounsellingSession.status == status)).one()


def _counsellor_renamed(student: User) -> None:
    _session(student, SessionStatus.SCHEDULED).counsellor.name = "Dr. Sourav Banerjee"


def _renamed(student: User) -> None:
    student.name = "Sourav Banerjee"


def _ticked(student: User) -> None:
    tick_step(actor=student, step_id="step_marksheet", done=True, now=NOW)


def _all_read(student: User) -> None:
    assert mark_all_read(reader=Reader(student.id, student.public_id, "student"), group=None, now=NOW)


def _told(student: User) -> None:
    _tell(student, "A second line")


def _credit_back(student: User) -> None:
    enrolment = _session(student, SessionStatus.SCHEDULED).enrolment
    assert enrolment is not None
    return_credit(enrolment)


def _cancelled(student: User) -> None:
    cancel_session(actor=student, session_id=_session(student, SessionStatus.SCHEDULED).public_id, reason="", now=NOW)


def _granted(student: User) -> None:
    make_enrolment(student, title="NEET Focus")


def _reviewed(student: User) -> None:
    make_review(_session(student, SessionStatus.COMPLETED))


def _ordered(student: User) -> None:
    values = {"price": 100, "amount": 100, "gateway": "none", "status": OrderStatus.CREATED, "placed_at": NOW}
    db.session.add(
        Order(user_id=student.id, package_id=make_package().id, title="A new order", expires_at=NOW + DAY, **values)
    )


@pytest.mark.parametrize(
    ("act", "before", "after"),
    [
        (_counsellor_renamed, "Meera", "Sourav"),
        (_renamed, "Good morning, Ananya", "Good morning, Sourav"),
        (_ticked, "", "checked data-autosubmit"),
        (_all_read, 'class="unread"', ""),
        (_told, "", "A second line"),
        (_credit_back, "2 of 4 sessions left", "3 of 4 sessions left"),
        (_cancelled, "Your next session is", "Nothing is booked at the moment."),
        (_granted, "", "NEET Focus"),
        (_reviewed, "Review your session", ""),
        (_ordered, "", "A new order is not paid yet."),
    ],
    ids=lambda one: getattr(one, "__name__", None),
)
def test_whatever_changes_is_on_the_next_page(
    app: Flask, student: User, act: Callable[[User], None], before: str, after: str
) -> None:
    browser = Browser(app, student)
    body(browser)
    first = body(browser)
    with transaction():
        act(student)
    second = body(browser)
    assert second == body(browser)
    if before:
        assert before in first
        assert before not in second
    if after:
        assert after not in first
        assert after in second


def test_the_minute_passes(app: Flask, student: User) -> None:
    browser = Browser(app, student)
    at = _session(student, SessionStatus.SCHEDULED).starts_at
    with clock.frozen(at - 11 * MINUTE + dt.timedelta(seconds=59)):
        assert "data-join-from" in text(browser)
    with clock.frozen(at - 10 * MINUTE):
        assert "You can join now" in text(browser)


def test_a_kept_time_runs_by_the_second(app: Flask, student: User, db_session: Session) -> None:
    until = NOW + dt.timedelta(seconds=40)
    hold = make_session(
        make_enrolment(student), make_counsellor(), NOW + 3 * DAY,
        status=SessionStatus.HELD, expires_at=until, debit=False,
    )  # fmt: skip
    with transaction():
        _ordered(student)
        db_session.flush()
        order = db_session.scalars(select(Order)).one()
        order.hold_id, order.wanted_starts_at, order.wanted_counsellor_id = hold.id, hold.starts_at, hold.counsellor_id
    browser = Browser(app, student)
    with clock.frozen(until - dt.timedelta(seconds=1)):
        assert "A time kept for you" in text(browser)
    with clock.frozen(until):
        page = text(browser)
    assert "A time kept for you" not in page
    assert "A new order is not paid yet." in page


def test_while_redis_is_away_the_home_is_read_each_time(
    app: Flask, student: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = Browser(app, student)
    text(browser)
    monkeypatch.setitem(app.extensions, "redis", Redis(port=1, socket_connect_timeout=0.1))
    with count_queries() as seen:
        assert "JEE Complete" in text(browser)
    assert [one for one in seen if "json_agg" in one]
