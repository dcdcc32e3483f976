"""The availability editor through its pages: rules, preview, affected sessions, two at once, permissions."""

from __future__ import annotations

import json
import re

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.dashboards.availability.editor import (
    DAY,
    EVENING,
    MINUTE,
    TODAY,
    URL,
    Editor,
    book,
    days_stored,
    stored,
)
from tests.factories import make_counsellor, make_enrolment, make_exception, make_session, make_user
from tests.pages import Browser
from webapp.availability.queries import (
    get_calendar,
    rules_of,
)
from webapp.availability.rules import BookingMode, Window
from webapp.core.db import db
from webapp.counsellors.models import Counsellor

# ── rules ──────────────────────────────────────────────────────────────────────────────────────


def test_rules_are_saved(editor: Editor, counsellor: Counsellor) -> None:
    editor.press(
        "save", session_minutes=45, step_minutes=15, notice_hours=48, buffer_before=5, buffer_after=15, horizon_days=30,
        max_per_day=3, cancel_deadline_hours=12, zone="Asia/Dubai", mode="approval",
    )  # fmt: skip
    assert editor.answer.status_code == 303
    db.session.expire_all()
    calendar = get_calendar(counsellor.id)
    assert calendar is not None
    rules = rules_of(calendar)
    assert (rules.session_minutes, rules.step_minutes, rules.notice_minutes) == (45, 15, 48 * 60)
    assert (rules.buffer_before, rules.buffer_after, rules.horizon_days, rules.max_per_day) == (5, 15, 30, 3)
    assert (rules.zone, rules.mode, calendar.cancel_deadline_hours) == ("Asia/Dubai", BookingMode.APPROVAL, 12)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("zone", "Mars/Olympus", "Choose a time zone from the list."),
        ("zone", "../../etc/passwd", "Choose a time zone from the list."),
        ("zone", "x" * 5000, "Choose a time zone from the list."),
        ("session_minutes", "37", "Choose a session length"),
        ("session_minutes", "", "Choose from the list."),
        ("step_minutes", "-5", "Choose from the list."),
        ("step_minutes", "3", "choose 5 to 240"),
        ("buffer_after", "9999", "choose 0 to 240"),
        ("notice_hours", "9" * 400, "Choose from the list."),
        ("horizon_days", "9999", "choose 1 to 365"),
        ("max_per_day", "99", "choose 1 to 48"),
        ("cancel_deadline_hours", "999", "Choose 0 to 720 hours."),
        ("mode", "whenever", "Choose how bookings are confirmed."),
    ],
)
def test_wrong_rules_are_answered_at_their_field(
    editor: Editor, counsellor: Counsellor, name: str, value: str, words: str
) -> None:
    editor.type("mon-end", "12:45")
    editor.type(name, value)
    assert editor.press("save").status_code == 422
    assert re.search(rf'id="{name}-error"[^>]*>.*?{re.escape(words)}', editor.page)
    assert editor.windows("mon") == [("10:00", "12:45")]
    assert Window(0, 600, 780) in stored(counsellor)


def test_a_notice_longer_than_the_horizon_is_told_while_choosing(editor: Editor) -> None:
    editor.press("preview", notice_hours=168, horizon_days=7)
    assert editor.answer.status_code == 200
    editor.type("notice_hours", 168)
    editor.form["horizon_days"] = "1"
    answer = editor.press("preview", htmx=True).get_data(as_text=True)
    assert 'id="notice_hours-error"' in answer
    assert "rules-marked" in answer


# ── beside the form ────────────────────────────────────────────────────────────────────────────


def test_the_preview_is_that_of_the_unsaved_form(editor: Editor) -> None:
    assert "14 December, 3 free" in editor.page
    editor.press("preview", mon_end="12:00")
    assert "14 December, 2 free" in editor.page
    assert "−2 times" in editor.page
    assert "on Mondays" in editor.page
    editor.press("show:2026-12-14")
    assert "Mon, 14 Dec: 2 times" in editor.page


def test_the_preview_counts_on_the_counsellors_clock(app: Flask, db_session: Session) -> None:
    counsellor = make_counsellor(
        windows=[(day, 0, 60) for day in range(7)], rules={"zone": "Pacific/Auckland", "notice_hours": 0}
    )
    page = Editor(app, counsellor.user).page
    assert "12:00 AM" in page
    assert "10 December, 2 free" in page


def test_every_blocker_is_named(editor: Editor, counsellor: Counsellor) -> None:
    book(counsellor)
    editor.press("explain", at="2026-12-17T18:15", thu_end=["13:00", "18:00"])
    answer = editor.page[editor.page.index('id="explain"') :]
    assert "Thu, 17 Dec 2026, 6:15 PM IST is not free." in answer
    assert "Outside the hours of Thursdays" in answer
    assert "A session is booked for 6:00 – 6:30 PM IST." in answer
    assert "Answered with the changes on this page." in answer


def test_a_free_time_is_called_free(editor: Editor) -> None:
    page = editor.browser.get(URL, at="2026-12-17T17:00").get_data(as_text=True)
    assert "Thu, 17 Dec 2026, 5:00 PM IST is free" in page
    assert "Inside your hours 5:00 PM – 8:00 PM" in page


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("2026-12-17", "Enter a date and a time."),
        ("2026-99-99T10:00", "Enter a date and a time."),
        ("2026-12-17T25:00", "Enter a date and a time."),
        ("2199-12-17T10:00", "Choose a date within ten years."),
    ],
)
def test_a_moment_that_cannot_be_asked_about(editor: Editor, at: str, words: str) -> None:
    editor.press("explain", at=at)
    assert words in editor.page


@pytest.mark.parametrize("query", [{"month": "2026-13"}, {"month": "x"}, {"show": "2026-02-30"}, {"at": "yesterday"}])
def test_a_malformed_address_is_answered_in_place(editor: Editor, query: dict[str, str]) -> None:
    answer = editor.browser.client.get(URL, query_string=query)
    assert answer.status_code == 422
    assert "could not be read" in answer.get_data(as_text=True)
    assert 'id="week"' in answer.get_data(as_text=True)


# ── sessions outside the new hours ─────────────────────────────────────────────────────────────


def test_affected_sessions_need_a_choice_and_keep_leaves_them(editor: Editor, counsellor: Counsellor) -> None:
    session_id = book(counsellor)
    editor.press("remove:thu:1")
    assert "1 booked session falls outside your new hours" in editor.page
    assert "Neha Kulkarni" in editor.page
    assert editor.press("save").status_code == 422
    assert "Nothing has been saved yet." in editor.page
    assert Window(3, 1020, 1200) in stored(counsellor)
    editor.type(f"choice-{session_id}", "keep")
    answer = editor.press("save")
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith(URL)
    assert Window(3, 1020, 1200) not in stored(counsellor)
    page = Editor(editor.browser.client.application, counsellor.user)
    page.press("preview", mon_end="12:00")
    assert "outside your new hours" not in page.page  # decided once, not asked again


def test_offering_another_time_leads_to_the_sessions(editor: Editor, counsellor: Counsellor) -> None:
    first, second = book(counsellor), book(counsellor, EVENING + 7 * DAY, "Arjun Menon")
    editor.press("remove:thu:1")
    editor.type(f"choice-{first}", "offer")
    editor.type(f"choice-{second}", "keep")
    answer = editor.press("save")
    assert answer.status_code == 303
    assert first in answer.headers["Location"]
    assert second not in answer.headers["Location"]
    page = editor.browser.client.get(answer.headers["Location"]).get_data(as_text=True)
    assert "Neha Kulkarni" in page
    assert "Arjun Menon" not in page
    assert f"/sessions/{first}" in page
    assert "1 more outside the hours" in page


def test_one_choice_for_all(editor: Editor, counsellor: Counsellor) -> None:
    ids = [book(counsellor), book(counsellor, EVENING + 7 * DAY, "Arjun Menon")]
    editor.press("remove:thu:1")
    editor.press("all:keep")
    assert [editor.form[f"choice-{name}"] for name in ids] == ["keep", "keep"]
    assert editor.press("save").status_code == 303


def test_a_day_off_counts_for_sessions_too(editor: Editor, counsellor: Counsellor) -> None:
    book(counsellor)
    editor.press("pick:2026-12-17")
    editor.press("ex-put")
    assert "1 booked session falls outside your new hours" in editor.page


def test_a_session_booked_after_the_warning_is_asked_about_too(editor: Editor, counsellor: Counsellor) -> None:
    first = book(counsellor)
    editor.press("remove:thu:1")
    editor.type(f"choice-{first}", "keep")
    late = book(counsellor, EVENING + 7 * DAY, "Arjun Menon")
    assert editor.press("save").status_code == 422
    assert "Arjun Menon" in editor.page
    assert editor.form[f"choice-{first}"] == "keep"
    assert editor.form[f"choice-{late}"] == ""


def test_a_request_outside_the_hours_can_be_declined_from_the_list(editor: Editor, counsellor: Counsellor) -> None:
    person = make_user(name="Kabir Anand")
    session = make_session(make_enrolment(person), counsellor, EVENING + 5 * 60 * MINUTE, status="requested")
    db.session.commit()
    page = editor.browser.get(f"{URL}/outside").get_data(as_text=True)
    assert f"/counsellor/sessions/{session.public_id}/decline" in page
    assert "Requested" in page


def test_the_list_is_calm_when_nothing_lies_outside(editor: Editor) -> None:
    answer = editor.browser.get(f"{URL}/outside")
    assert "Every session is inside the hours" in answer.get_data(as_text=True)


# ── two at once ────────────────────────────────────────────────────────────────────────────────


def test_two_tabs_conflict_and_nothing_typed_is_lost(app: Flask, counsellor: Counsellor) -> None:
    mine, theirs = Editor(app, counsellor.user), Editor(app, counsellor.user)
    theirs.type("fri-end", "12:00")
    theirs.press("pick:2026-12-24")
    theirs.press("ex-put")
    assert theirs.press("save", notice_hours=48).status_code == 303
    mine.type("tue-end", "14:00")
    assert mine.press("save").status_code == 409
    assert "Friday: 10:00 AM – 1:00 PM is now 10:00 AM – 12:00 PM." in mine.page
    assert "Notice at least: 24 hours is now 48 hours." in mine.page
    assert "Thu, 24 Dec: now off." in mine.page
    assert mine.windows("tue") == [("10:00", "14:00")]
    assert mine.windows("fri") == [("10:00", "12:00")]
    assert mine.form["notice_hours"] == "48"
    assert mine.press("save").status_code == 303
    assert {Window(1, 600, 840), Window(4, 600, 720)} <= set(stored(counsellor))


def test_where_both_changed_the_same_mine_stays_in_the_form(app: Flask, counsellor: Counsellor) -> None:
    mine, theirs = Editor(app, counsellor.user), Editor(app, counsellor.user)
    theirs.press("save", fri_end="12:00")
    assert mine.press("save", fri_end="15:00").status_code == 409
    assert mine.windows("fri") == [("10:00", "15:00")]
    assert Window(4, 600, 720) in stored(counsellor)


@pytest.mark.parametrize(
    "base", ["", "{", "[1,2,3]", '[["a"],{},[]]', "[" * 5000, "x" * 70000, '[[],{},[["a"]]]', "null"]
)
@pytest.mark.parametrize("version", ["", "-1", "0", "9" * 30, "one"])
def test_a_forged_version_is_a_conflict_too(editor: Editor, version: str, base: str) -> None:
    editor.type("version", version)
    editor.type("base", base)
    assert editor.press("save").status_code == 409
    assert "changed elsewhere" in editor.page


# ── who, and how ───────────────────────────────────────────────────────────────────────────────


def test_an_admin_edits_any_counsellors(app: Flask, counsellor: Counsellor) -> None:
    url = f"/admin/counsellors/{counsellor.public_id}/availability"
    editor = Editor(app, make_user(role="admin"), url)
    assert f"When students can book {counsellor.name}" in editor.page
    answer = editor.press("save", mon_end="12:00")
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith(url)
    assert Window(0, 600, 720) in stored(counsellor)


def test_another_counsellor_finds_nothing(app: Flask, counsellor: Counsellor) -> None:
    other = make_counsellor()
    browser = Browser(app, other.user)
    for tail in ("", "/outside"):
        assert browser.get(f"/admin/counsellors/{counsellor.public_id}/availability{tail}").status_code == 404
        assert browser.get(f"/admin/counsellors/{other.public_id}/availability{tail}").status_code == 200


def test_students_have_no_such_page(app: Flask, counsellor: Counsellor) -> None:
    assert Browser(app, make_user()).get(URL).status_code == 403
    assert Browser(app, make_user(role="counsellor")).get(URL).status_code == 404


def test_a_forged_form_changes_nothing(editor: Editor, counsellor: Counsellor) -> None:
    editor.type("mon-end", "12:00")
    editor.type("csrf_token", "forged")
    assert editor.press("save").status_code == 400
    assert Window(0, 600, 780) in stored(counsellor)


@pytest.mark.parametrize(
    "action",
    [
        "nonsense", "add", "add:xyz", "remove:mon:x", "remove:mon", "copy:", "month:2026-99", "pick:never", "show:",
        "ex-drop:x", "ex-keep:2026-12-24..", "ex-undo:7", "ex-fewer:x", "all:burn", ":", "toggle:",
    ],
)  # fmt: skip
def test_unknown_buttons_are_refused_plainly(editor: Editor, action: str) -> None:
    answer = editor.press(action)
    assert answer.status_code in {200, 400}
    assert answer.status_code == 200 or "does not know that button" in editor.page


def test_forged_entries_are_ignored_or_refused(editor: Editor, counsellor: Counsellor) -> None:
    editor.type("new", ["x", "2026-12-24..2026-12-24|9-1|", "9999-12-31..9999-12-31||", "2026-12-24..2029-12-24||"])
    editor.type("drop", ["x", "2026-12-24..2020-12-24"])
    assert editor.press("save").status_code == 303
    assert days_stored(counsellor) == []
    editor = Editor(editor.browser.client.application, counsellor.user)
    editor.type("new", ["2020-12-24..2020-12-24||", "2026-12-24..2026-12-24|0-60,30-90|"])
    assert editor.press("save").status_code == 422
    assert days_stored(counsellor) == []


@pytest.mark.parametrize(
    ("action", "main", "beside"),
    [
        ("add:mon", 'id="day-mon"', ("preview", "impact", "savebar")),
        ("toggle:mon", 'id="day-mon"', ("preview", "impact", "savebar")),
        ("copy:mon", 'id="week"', ("preview", "impact", "savebar")),
        ("month:2027-01", 'id="exceptions"', ("preview", "impact", "savebar")),
        ("preview", 'id="preview"', ("impact", "savebar", "foot-mon", "foot-sun")),
        ("show:2026-12-14", 'id="preview"', ("impact", "savebar")),
        ("explain", 'id="explain"', ()),
    ],
)
def test_htmx_gets_the_part_and_what_depends_on_it(
    editor: Editor, action: str, main: str, beside: tuple[str, ...]
) -> None:
    answer = editor.press(action, htmx=True)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "HX-Request" in answer.headers["Vary"]
    assert "<html" not in text
    assert main in text[:400]
    for name in beside:
        assert re.search(rf'<[^>]*id="{name}"[^>]*hx-swap-oob="true"', text), name


def test_htmx_saves_by_redirect_and_refuses_in_place(editor: Editor) -> None:
    answer = editor.press("save", htmx=True, mon_end="12:00")
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, URL)
    answer = editor.press("save", htmx=True)  # the version has risen since
    assert answer.status_code == 409
    assert answer.get_data(as_text=True).lstrip().startswith('<div id="editor"')


def test_the_base_names_what_is_stored(editor: Editor, counsellor: Counsellor) -> None:
    make_exception(counsellor, TODAY + DAY, [], "one")
    make_exception(counsellor, TODAY + 2 * DAY, [], "one")
    page = Editor(editor.browser.client.application, counsellor.user)
    days, rules, spans = json.loads(page.form["base"])
    assert days[3] == "600-780,1020-1200"
    assert rules["session_minutes"] == "60"
    assert spans == [["2026-12-10..2026-12-11", "", "one"]]


def test_bookings_are_paused_and_opened_again(editor: Editor, counsellor: Counsellor) -> None:
    assert "Bookings are paused" not in editor.page
    editor.press("preview", bookings="paused")
    assert "Bookings are paused: students find no time here." in editor.page  # the preview says it before saving
    assert "−" in editor.page.split('id="preview"')[1]
    assert counsellor_is_open(counsellor)
    editor.press("save", bookings="paused")
    assert editor.answer.status_code == 303
    assert not counsellor_is_open(counsellor)
    editor.answer = editor.browser.get(editor.url)
    editor.read()
    assert editor.form["bookings"] == "paused"
    assert "Bookings are paused" in editor.page
    editor.press("save", bookings="open")
    assert counsellor_is_open(counsellor)


def counsellor_is_open(counsellor: Counsellor) -> bool:
    db.session.expire_all()
    calendar = get_calendar(counsellor.id)
    assert calendar is not None
    return calendar.is_open


def test_neither_open_nor_paused_is_refused(editor: Editor, counsellor: Counsellor) -> None:
    assert editor.press("save", bookings="maybe").status_code == 422
    assert "Choose whether bookings are taken." in editor.page
    assert counsellor_is_open(counsellor)
