"""A student changes what a booked session is to be about; nobody else does, and not once it has begun."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.bookings.test_views_sessions import TEN, Scene, plain
from tests.bookings.world import mails
from tests.factories import NOW
from webapp.bookings.queries import history_of
from webapp.bookings.rules import SessionStatus
from webapp.core import clock
from webapp.core.db import db

MINE = "CSE at Durgapur or ECE at Rourkela?\n\nMy father joins."


@pytest.fixture(autouse=True)
def frozen(db_session: Session) -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def scene(app: Flask) -> Scene:
    return Scene(app)


def test_without_scripts_the_agenda_is_a_page_and_the_counsellor_reads_it_in_the_brief(scene: Scene) -> None:
    browser, version = scene.as_(scene.student), scene.session.version
    assert scene.url(act="/agenda") in browser.get(scene.url()).text
    assert 'maxlength="1000"' in browser.get(scene.url(act="/agenda")).text
    answer = browser.submit(scene.url(act="/agenda"), {"agenda": MINE})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{scene.url()}#agenda")
    page = plain(browser.get(scene.url()).text)
    assert "My father joins." in page
    assert "Agenda changed by you" in page
    assert (
        "My father joins."
        in scene.as_(scene.counsels).get(f"/counsellor/sessions/{scene.session.public_id}/brief").text
    )
    assert scene.session.version == version  # no calendar entry changes, and nobody is written to
    assert not mails()


def test_htmx_swaps_only_the_agenda(scene: Scene) -> None:
    browser, url = scene.as_(scene.student), scene.url(scene.request, "/agenda")
    form = browser.get(url, htmx=True).text
    assert form.lstrip().startswith('<section class="card" id="agenda"')
    assert "Which NITs?" in form
    answer = browser.submit(url, {"agenda": "Which NITs, and why?"}, page="/account", htmx=True)
    assert answer.status_code == 200
    assert "Saved." in answer.text
    assert "<textarea" not in answer.text
    assert scene.request.agenda == "Which NITs, and why?"
    browser.submit(url, {"agenda": "Which NITs, and why?"}, page="/account", htmx=True)
    assert [change.event for change in history_of(scene.request)] == ["agenda"]  # the same again is no change
    browser.submit(url, {"agenda": "  "}, page="/account", htmx=True)
    assert scene.request.agenda == ""


@pytest.mark.parametrize("htmx", [False, True])
def test_too_long_is_kept_in_the_form_and_changes_nothing(scene: Scene, htmx: bool) -> None:
    text = "x" * 1001
    answer = scene.as_(scene.student).submit(
        scene.url(scene.request, "/agenda"), {"agenda": text}, page="/account", htmx=htmx
    )
    assert answer.status_code == 422
    assert "Keep this within 1000 characters." in answer.text
    assert text in answer.text
    assert scene.request.agenda == "Which NITs?"


def test_outsiders_find_nothing_and_counsellors_only_read(scene: Scene) -> None:
    charlie, other = scene.outsiders()
    assert scene.as_(charlie).get(scene.url(act="/agenda")).status_code == 404
    assert scene.as_(charlie).submit(scene.url(act="/agenda"), {"agenda": "x"}, page="/account").status_code == 404
    for staff in (other, scene.counsels):
        assert scene.as_(staff).get(scene.url(act="/agenda")).status_code == 403
        assert scene.as_(staff).submit(scene.url(act="/agenda"), {"agenda": "x"}, page="/account").status_code == 403
    assert scene.as_(None).get(scene.url(act="/agenda")).status_code == 302
    assert scene.url(act="/agenda") not in scene.as_(scene.counsels).get(scene.url()).text
    assert scene.session.agenda == ""


@pytest.mark.parametrize("case", ["begun", "cancelled", "request ran out"])
def test_too_late_says_so_and_changes_nothing(scene: Scene, case: str) -> None:
    session = scene.request if case == "request ran out" else scene.session
    if case == "cancelled":
        session.status = SessionStatus.CANCELLED
        db.session.commit()
    before = session.agenda
    later = {"begun": TEN, "cancelled": NOW, "request ran out": TEN + dt.timedelta(hours=22)}[case]
    with clock.frozen(later):
        browser = scene.as_(scene.student)
        assert scene.url(session, "/agenda") not in browser.get(scene.url(session)).text
        assert browser.get(scene.url(session, "/agenda")).status_code == 409
        for htmx in (False, True):
            answer = browser.submit(scene.url(session, "/agenda"), {"agenda": "Late"}, page="/account", htmx=htmx)
            assert answer.status_code == 409
            assert "until the session begins" in answer.text
    assert session.agenda == before
