"""A student's own notes on a session: written, changed and emptied on its page; nobody else reads them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.bookings.test_views_sessions import Scene, plain
from tests.bookings.world import mails
from tests.factories import NOW, make_user
from webapp.accounts.models import Role
from webapp.bookings.rules import SessionStatus
from webapp.core import clock
from webapp.core.db import db

ACT = "/my-notes"
MINE = "Lock Rourkela above Durgapur.\n\nAsk father about the fees."


@pytest.fixture(autouse=True)
def frozen(db_session: Session) -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def scene(app: Flask) -> Scene:
    return Scene(app)


def test_without_scripts_the_notes_are_a_page_and_only_the_student_reads_them(scene: Scene) -> None:
    browser, version = scene.as_(scene.student), scene.session.version
    empty = browser.get(scene.url()).text
    assert scene.url(act=ACT) in empty
    assert "Keep here what you do not want to forget." in empty
    assert 'maxlength="5000"' in browser.get(scene.url(act=ACT)).text
    answer = browser.submit(scene.url(act=ACT), {"notes": MINE})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{scene.url()}#own-notes")
    assert "Ask father about the fees." in plain(browser.get(scene.url()).text)
    admin = make_user(role=Role.ADMIN)
    db.session.commit()
    for staff in (scene.counsels, admin):
        page = scene.as_(staff).get(scene.url()).text
        assert "Ask father" not in page
        assert scene.url(act=ACT) not in page
    assert scene.session.version == version  # no calendar entry changes, and nobody is written to
    assert not mails()


def test_htmx_swaps_only_the_notes(scene: Scene) -> None:
    browser, url = scene.as_(scene.student), scene.url(act=ACT)
    assert browser.get(url, htmx=True).text.lstrip().startswith('<section class="card" id="own-notes"')
    answer = browser.submit(url, {"notes": MINE}, page="/account", htmx=True)
    assert answer.status_code == 200
    assert "Saved." in answer.text
    assert "<textarea" not in answer.text
    assert "Ask father" in browser.get(url, htmx=True).text
    browser.submit(url, {"notes": " \r\n "}, page="/account", htmx=True)
    assert scene.session.student_notes == ""


@pytest.mark.parametrize("htmx", [False, True])
def test_too_long_is_kept_in_the_form_and_changes_nothing(scene: Scene, htmx: bool) -> None:
    answer = scene.as_(scene.student).submit(scene.url(act=ACT), {"notes": "x" * 5001}, page="/account", htmx=htmx)
    assert answer.status_code == 422
    assert "Keep this within 5000 characters." in answer.text
    assert "x" * 5001 in answer.text
    assert scene.session.student_notes == ""


def test_outsiders_find_nothing_and_staff_have_no_such_page(scene: Scene) -> None:
    charlie, other = scene.outsiders()
    assert scene.as_(charlie).get(scene.url(act=ACT)).status_code == 404
    assert scene.as_(charlie).submit(scene.url(act=ACT), {"notes": "x"}, page="/account").status_code == 404
    for staff in (other, scene.counsels):
        assert scene.as_(staff).get(scene.url(act=ACT)).status_code == 403
        assert scene.as_(staff).submit(scene.url(act=ACT), {"notes": "x"}, page="/account").status_code == 403
    assert scene.as_(None).get(scene.url(act=ACT)).status_code == 302
    assert scene.session.student_notes == ""


def test_a_request_and_a_cancelled_session_take_no_notes(scene: Scene) -> None:
    browser = scene.as_(scene.student)
    assert scene.url(scene.request, ACT) not in browser.get(scene.url(scene.request)).text
    scene.session.status, scene.session.student_notes = SessionStatus.CANCELLED, MINE
    db.session.commit()
    page = browser.get(scene.url()).text
    assert "Ask father" in page  # what was written stays to be read
    assert scene.url(act=ACT) not in page
    for session in (scene.request, scene.session):
        assert browser.get(scene.url(session, ACT)).status_code == 409
        for htmx in (False, True):
            answer = browser.submit(scene.url(session, ACT), {"notes": "Late"}, page="/account", htmx=htmx)
            assert answer.status_code == 409
            assert "confirmed or was held" in answer.text
    assert scene.session.student_notes == MINE
