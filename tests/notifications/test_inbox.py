"""The pages of the inbox: lists, steps, and whose they are."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from tests.factories import NOW
from tests.notifications.people import inbox_of, reader_of, somebody, tell
from tests.pages import Browser
from tests.queries import count_queries
from webapp.accounts.models import User
from webapp.core import clock
from webapp.core.db import transaction
from webapp.core.due import run_due_work
from webapp.core.errors import NotFound
from webapp.notifications.models import Notification
from webapp.notifications.presenters import ago, safe_path
from webapp.notifications.queries import count_unread
from webapp.notifications.services import delete_note, mark_read, restore_note

pytestmark = pytest.mark.usefixtures("db_session")


def titles(page: str) -> list[str]:
    return re.findall(r"(Session confirmed \d+|Reminder \d+)</(?:b|span)>", page)


def full(user: User, lines: int = 3) -> None:
    for number in range(lines):
        tell(user, number, mail=False)


def key(user: User, number: int = 0) -> str:
    return inbox_of(user)[number].public_id


def test_the_newest_is_first_and_unread_is_said(app: Flask) -> None:
    user = somebody()
    full(user)
    page = Browser(app, user).get("/inbox").text
    assert titles(page) == ["Session confirmed 2", "Session confirmed 1", "Session confirmed 0"]
    assert page.count("Unread: ") == 3
    assert "with Dr. Meera Krishnan" in page


def test_an_empty_inbox_says_what_will_come(app: Flask) -> None:
    page = Browser(app, somebody()).get("/inbox").text
    assert "Nothing here yet" in page
    assert "Mark all as read" not in page


def test_filters_are_in_the_url(app: Flask) -> None:
    user = somebody()
    full(user, 2)
    tell(user, 7, mail=False, kind="session_reminder", title="Reminder 7")
    browser = Browser(app, user)
    with transaction():
        mark_read(reader=reader_of(user), note_id=key(user), now=NOW)
    assert titles(browser.get("/inbox?show=unread").text) == ["Reminder 7", "Session confirmed 1"]
    assert titles(browser.get("/inbox?group=reminders").text) == ["Reminder 7"]
    assert titles(browser.get("/inbox?group=sessions&show=unread").text) == ["Session confirmed 1"]
    assert "Nothing about this" in browser.get("/inbox?group=money").text
    assert len(titles(browser.get("/inbox?show=x&group=y&page=z").text)) == 3  # nonsense is everything


def test_pages_of_twenty(app: Flask) -> None:
    user = somebody()
    full(user, 45)
    browser = Browser(app, user)
    assert len(titles(browser.get("/inbox").text)) == 20
    assert titles(browser.get("/inbox?page=3").text) == [f"Session confirmed {n}" for n in range(4, -1, -1)]
    assert titles(browser.get("/inbox?page=99").text) == titles(browser.get("/inbox?page=3").text)


def test_htmx_gets_the_list_alone(app: Flask) -> None:
    user = somebody()
    full(user)
    answer = Browser(app, user).get("/inbox?show=unread", htmx=True)
    assert answer.text.lstrip().startswith("<div")
    assert "<html" not in answer.text
    assert "HX-Request" in answer.headers["Vary"]


def test_opening_reads_it_and_leads_on(app: Flask) -> None:
    user = somebody()
    full(user, 1)
    browser = Browser(app, user)
    answer = browser.submit(f"/inbox/{key(user)}/open", page="/inbox")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sessions")
    assert inbox_of(user)[0].read_at is not None
    assert "Unread: " not in browser.get("/inbox").text


def test_looking_changes_nothing(app: Flask) -> None:
    user = somebody()
    full(user, 1)
    browser = Browser(app, user)
    for url in ("/inbox", "/inbox/latest", "/inbox/count", f"/inbox/{key(user)}/open", f"/inbox/{key(user)}/delete"):
        assert browser.get(url).status_code in {200, 405}
    (line,) = inbox_of(user)
    assert (line.read_at, line.deleted_at) == (None, None)


@pytest.mark.parametrize(
    "url", ["//evil.example/x", "https://evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
def test_a_line_never_leads_off_the_site(app: Flask, url: str) -> None:
    user = somebody()
    tell(user, mail=False, url=url)
    answer = Browser(app, user).submit(f"/inbox/{key(user)}/open", page="/inbox")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/inbox")
    assert safe_path("/sessions/x") == "/sessions/x"


def test_reading_one_stays_on_the_same_list(app: Flask) -> None:
    user = somebody()
    full(user, 2)
    browser = Browser(app, user)
    answer = browser.submit(f"/inbox/{key(user)}/read?show=unread&group=sessions", page="/inbox")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/inbox?show=unread&group=sessions")
    assert [line.read_at is None for line in inbox_of(user)] == [False, True]


def test_reading_all_or_those_shown(app: Flask) -> None:
    user, other = somebody(), somebody()
    full(user, 2)
    full(other, 1)
    tell(user, 7, mail=False, kind="session_reminder", title="Reminder 7")
    browser = Browser(app, user)
    assert "Mark these as read" in browser.get("/inbox?group=reminders").text
    browser.submit("/inbox/read-all?group=reminders", page="/inbox")
    assert [line.read_at is None for line in inbox_of(user)] == [True, True, False]
    answer = browser.submit("/inbox/read-all", page="/inbox")
    assert answer.status_code == 303
    assert "Everything is marked as read." in browser.get("/inbox").text
    assert count_unread(user.id) == 0
    assert count_unread(other.id) == 1  # not somebody else's
    browser.submit("/inbox/read-all", page="/inbox")
    assert "There was nothing unread." in browser.get("/inbox").text


def test_deleting_can_be_undone(app: Flask) -> None:
    user = somebody()
    full(user, 2)
    browser = Browser(app, user)
    answer = browser.submit(f"/inbox/{key(user, 1)}/delete", page="/inbox")
    assert answer.status_code == 303
    page = browser.get(answer.headers["Location"]).text
    assert titles(page) == ["Session confirmed 0"]
    undo = re.search(r'action="(/inbox/note_\w+/restore[^"]*)"', page)
    assert undo is not None
    assert count_unread(user.id) == 1
    browser.submit(undo.group(1), page="/inbox")
    page = browser.get("/inbox").text
    assert "is back" in page
    assert titles(page) == ["Session confirmed 1", "Session confirmed 0"]
    assert count_unread(user.id) == 2  # it comes back unread, as it was


def test_a_deleted_line_is_not_told_again(app: Flask) -> None:
    user = somebody()
    full(user, 1)
    browser = Browser(app, user)
    browser.submit(f"/inbox/{key(user)}/delete", page="/inbox")
    full(user, 1)
    assert "Nothing here yet" in browser.get("/inbox").text


def test_a_deleted_line_cannot_be_opened_or_deleted_again(app: Flask) -> None:
    user = somebody()
    full(user, 1)
    browser = Browser(app, user)
    url = f"/inbox/{key(user)}"
    browser.submit(f"{url}/delete", page="/inbox")
    assert browser.submit(f"{url}/open", page="/inbox").status_code == 404
    assert browser.submit(f"{url}/delete", page="/inbox").status_code == 404
    assert browser.submit(f"{url}/restore", page="/inbox").status_code == 303
    assert browser.submit(f"{url}/restore", page="/inbox").status_code == 303  # twice is no error


def test_what_was_deleted_is_forgotten_after_a_month(db_session: Session) -> None:
    user = somebody()
    full(user, 2)
    with transaction():
        delete_note(reader=reader_of(user), note_id=key(user), now=NOW)
    assert run_due_work(NOW + dt.timedelta(days=29))["inbox"] == 0
    assert run_due_work(NOW + dt.timedelta(days=31))["inbox"] == 1
    assert len(inbox_of(user)) == 1


def test_htmx_steps_answer_with_list_bell_and_undo(app: Flask) -> None:
    user = somebody()
    full(user, 2)
    browser = Browser(app, user)
    answer = browser.submit(f"/inbox/{key(user)}/delete?show=unread", page="/inbox", htmx=True)
    assert answer.status_code == 200
    assert titles(answer.text) == ["Session confirmed 1"]
    assert re.search(r'id="inbox-count"[^>]*hx-swap-oob="true"[^>]*>\s*<span[^>]*>Inbox, 1 unread', answer.text)
    assert "Deleted." in answer.text
    assert "/restore?show=unread" in answer.text


@pytest.mark.parametrize("step", ["open", "read", "delete", "restore"])
def test_somebody_else_s_line_does_not_exist(app: Flask, step: str) -> None:
    owner, outsider = somebody(), somebody(name="Charlie Outsider")
    full(owner, 1)
    answer = Browser(app, outsider).submit(f"/inbox/{key(owner)}/{step}", page="/inbox")
    assert answer.status_code == 404
    (line,) = inbox_of(owner)
    assert (line.read_at, line.deleted_at) == (None, None)


def test_an_admin_has_no_way_into_it_either(app: Flask) -> None:
    owner, admin = somebody(), somebody(role="admin")
    full(owner, 1)
    assert Browser(app, admin).submit(f"/inbox/{key(owner)}/read", page="/inbox").status_code == 404


def test_the_services_say_not_found(db_session: Session) -> None:
    owner, outsider = somebody(), somebody()
    full(owner, 1)
    with pytest.raises(NotFound), transaction():
        mark_read(reader=reader_of(outsider), note_id=key(owner), now=NOW)
    with pytest.raises(NotFound), transaction():
        restore_note(reader=reader_of(outsider), note_id=key(owner))


def test_a_visitor_is_sent_to_sign_in(app: Flask) -> None:
    answer = Browser(app).get("/inbox")
    assert (answer.status_code, "/login" in answer.headers["Location"]) == (302, True)


@pytest.mark.parametrize("role", ["student", "counsellor", "admin"])
def test_every_role_has_one(app: Flask, role: str) -> None:
    user = somebody(role=role)
    full(user, 1)
    browser = Browser(app, user)
    assert titles(browser.get("/inbox").text) == ["Session confirmed 0"]
    assert browser.get("/account/notifications").status_code == 200


def test_the_page_costs_the_same_whatever_is_in_it(app: Flask) -> None:
    costs = []
    for lines in (1, 45):
        user = somebody()
        full(user, lines)
        browser = Browser(app, user)
        browser.get("/inbox")
        with count_queries() as seen:
            browser.get("/inbox")
        costs.append(len(seen))
    assert costs[0] == costs[1] <= 4  # account, count of the list, lines, bell


def test_words_of_strangers_stay_words(app: Flask) -> None:
    user = somebody()
    tell(user, mail=False, title='<img src=x onerror="x">', body="<b>bold</b>")
    page = Browser(app, user).get("/inbox").text
    assert "<img src=x" not in page
    assert "&lt;b&gt;bold" in page


@pytest.mark.parametrize(("before", "words"), [
    (dt.timedelta(seconds=20), "Just now"),
    (dt.timedelta(minutes=8), "8 min ago"),
    (dt.timedelta(hours=3), "6:30 AM IST"),
    (dt.timedelta(hours=10), "Yesterday"),
    (dt.timedelta(days=11), "28 Nov"),
    (dt.timedelta(days=365), "9 Dec 2025"),
])  # fmt: skip
def test_when_it_was_in_short(before: dt.timedelta, words: str) -> None:
    assert ago(NOW - before, NOW, "Asia/Kolkata") == words


def test_the_home_shows_the_newest_three(app: Flask) -> None:
    user = somebody()
    full(user, 5)
    with clock.frozen(NOW):
        part = Browser(app, user).get("/inbox/latest").text
    assert titles(part) == ["Session confirmed 4", "Session confirmed 3", "Session confirmed 2"]
    assert 'id="inbox"' in part


def test_the_count_stops_at_a_hundred(app: Flask, db_session: Session) -> None:
    user = somebody()
    full(user, 103)
    assert count_unread(user.id) == 100
    assert ", 99+ unread" in Browser(app, user).get("/inbox").text
    db_session.execute(update(Notification).values(read_at=NOW))
    assert count_unread(user.id) == 0
