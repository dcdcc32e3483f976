"""The bell's number: on every page of somebody signed in, live, and cheap."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from redis import Redis

from tests.notifications.people import inbox_of, reader_of, somebody, tell
from tests.pages import Browser
from tests.queries import count_queries
from webapp.core import live
from webapp.core.db import transaction
from webapp.core.jobs import get_redis
from webapp.notifications.services import inbox_key, mark_read

pytestmark = pytest.mark.usefixtures("db_session")


def live_url(page: str) -> str:
    found = re.search(r'id="inbox-count"[^>]*data-live-url="([^"]+)"', page)
    assert found is not None
    return found.group(1)


def test_nothing_new_is_a_bare_204_without_the_database(app: Flask) -> None:
    user = somebody()
    tell(user, mail=False)
    browser = Browser(app, user)
    url = live_url(browser.get("/inbox").text)
    with count_queries() as seen:
        answer = browser.get(url)
    assert (answer.status_code, answer.data, seen) == (204, b"", [])
    assert "HX-Trigger" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


def test_news_and_reading_name_the_event(app: Flask) -> None:
    user = somebody()
    browser = Browser(app, user)
    url = live_url(browser.get("/student").text)
    tell(user, mail=False)
    assert browser.get(url).headers["HX-Trigger"] == "inbox-changed"
    count = browser.get("/inbox/count")
    assert "1 unread in your inbox" in count.text
    url = live_url(count.text)
    assert "HX-Trigger" not in browser.get(url).headers
    with transaction():
        mark_read(reader=reader_of(user), note_id=inbox_of(user)[0].public_id, now=inbox_of(user)[0].created_at)
    assert browser.get(url).headers["HX-Trigger"] == "inbox-changed"
    assert "unread" not in browser.get("/inbox/count").text


def test_another_person_s_news_is_none_of_mine(app: Flask) -> None:
    user, other = somebody(), somebody()
    browser = Browser(app, user)
    url = live_url(browser.get("/student").text)
    tell(other, mail=False)
    assert "HX-Trigger" not in browser.get(url).headers


def test_a_visitor_learns_nothing(app: Flask) -> None:
    user = somebody()
    tell(user, mail=False)
    before = get_redis().info("commandstats").get("cmdstat_get", {}).get("calls", 0)
    answer = Browser(app).get("/live/inbox?v=")
    assert (answer.status_code, "HX-Trigger" in answer.headers) == (204, False)
    assert get_redis().info("commandstats").get("cmdstat_get", {}).get("calls", 0) == before


def test_a_forged_cookie_learns_nothing(app: Flask) -> None:
    user = somebody()
    tell(user, mail=False)
    client = app.test_client()
    client.set_cookie("disha", "eyJfdXNlcl9pZCI6InVzZXJfeC4xIn0.aaaa.bbbb")
    assert "HX-Trigger" not in client.get("/live/inbox?v=").headers


def test_a_visitor_s_page_asks_the_database_for_no_bell(app: Flask) -> None:
    with count_queries() as seen:
        page = Browser(app).get("/login").text
    assert "inbox-count" not in page
    assert not any("notifications" in statement for statement in seen)


def test_a_page_of_somebody_signed_in_asks_once(app: Flask) -> None:
    user = somebody()
    tell(user, mail=False)
    browser = Browser(app, user)
    for url, own in (("/account", 1), ("/inbox/count", 0)):  # its own: a change of the address that waits
        with count_queries() as seen:
            page = browser.get(url).text
        assert ", 1 unread" in page
        assert sum("notifications" in statement for statement in seen) == 1
        assert len(seen) == 2 + own  # the account and the bell


def test_with_redis_away_the_number_still_stands(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    user = somebody()
    tell(user, mail=False)
    monkeypatch.setitem(app.extensions, "redis", Redis.from_url("redis://127.0.0.1:1"))
    browser = Browser(app, user)
    page = browser.get("/account").text
    assert ", 1 unread" in page
    assert "HX-Trigger" not in browser.get(live_url(page)).headers
    monkeypatch.undo()
    assert browser.get(live_url(page)).headers["HX-Trigger"] == "inbox-changed"  # and catches up


def test_a_change_while_the_page_is_made_is_not_missed(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    user = somebody()
    browser = Browser(app, user)
    count = "webapp.notifications.views.live.count_unread"

    def counted_just_before_a_change(_user_id: int) -> int:
        live.bump_now(inbox_key(user.public_id))
        return 0

    monkeypatch.setattr(count, counted_just_before_a_change)
    url = live_url(browser.get("/account").text)
    assert browser.get(url).headers["HX-Trigger"] == "inbox-changed"
