"""The availability editor through its pages: hours and days that differ."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.dashboards.availability.editor import (
    DAY,
    EVENING,
    TODAY,
    URL,
    Editor,
    book,
    days_stored,
    stored,
)
from tests.factories import make_counsellor, make_exception, make_user
from tests.pages import Browser
from tests.queries import count_queries
from webapp.availability.queries import (
    get_calendar,
)
from webapp.availability.rules import Window
from webapp.core import live
from webapp.core.db import db
from webapp.counsellors.models import Counsellor

# ── the page ───────────────────────────────────────────────────────────────────────────────────


def test_the_page_shows_what_is_stored(editor: Editor) -> None:
    assert editor.answer.status_code == 200
    assert editor.windows("thu") == [("10:00", "13:00"), ("17:00", "20:00")]
    assert editor.form["session_minutes"] == "60"
    assert "All saved" in editor.page
    assert "on-sun" in editor.form


def test_saving_what_was_opened_changes_nothing(editor: Editor, counsellor: Counsellor) -> None:
    before = get_calendar(counsellor.id)
    assert before is not None
    version, told = before.version, live.version(f"slots:{counsellor.public_id}")
    assert editor.press("save").status_code == 303
    db.session.expire_all()
    after = get_calendar(counsellor.id)
    assert after is not None
    assert after.version == version
    assert live.version(f"slots:{counsellor.public_id}") == told


def test_a_new_counsellor_starts_empty_and_saves(app: Flask, db_session: Session) -> None:
    counsellor = make_counsellor(calendar=False)
    editor = Editor(app, counsellor.user)
    assert "Not saved yet" in editor.page
    editor.press("add:mon")
    assert editor.press("save").status_code == 303
    assert stored(counsellor) == [Window(0, 600, 780)]


def test_the_page_asks_few_questions(app: Flask, counsellor: Counsellor) -> None:
    browser = Browser(app, counsellor.user)
    for number in range(5):
        book(counsellor, EVENING + number * 7 * DAY)
        make_exception(counsellor, TODAY + (20 + number) * DAY)
    with count_queries() as seen:
        assert browser.get(URL).status_code == 200
    assert len(seen) <= 7, "\n".join(seen)


# ── the week ───────────────────────────────────────────────────────────────────────────────────


def test_windows_are_added_and_removed_without_saving(editor: Editor, counsellor: Counsellor) -> None:
    editor.press("add:mon")
    assert editor.windows("mon") == [("10:00", "13:00"), ("14:00", "16:00")]
    assert 'id="mon-start-1"' in editor.page
    assert re.search(r'id="mon-start-1"[^>]* autofocus', editor.page)
    assert "1 change not saved" in editor.page
    editor.press("remove:mon:0")
    assert editor.windows("mon") == [("14:00", "16:00")]
    assert Window(0, 600, 780) in stored(counsellor)
    assert editor.press("save").status_code == 303
    assert Window(0, 840, 960) in stored(counsellor)
    assert Window(0, 600, 780) not in stored(counsellor)


def test_removing_the_last_window_switches_the_day_off(editor: Editor, counsellor: Counsellor) -> None:
    editor.press("remove:mon:0")
    assert "on-mon" not in editor.form
    assert editor.press("save").status_code == 303
    assert [w for w in stored(counsellor) if w.weekday == 0] == []


def test_a_day_switched_off_keeps_its_hours_until_it_is_saved(editor: Editor, counsellor: Counsellor) -> None:
    del editor.form["on-mon"]
    editor.press("preview")
    assert editor.windows("mon") == [("10:00", "13:00")]
    assert editor.press("save").status_code == 303
    assert [w for w in stored(counsellor) if w.weekday == 0] == []


def test_a_day_switched_on_without_hours_is_asked_for_them(editor: Editor) -> None:
    editor.press("remove:mon:0")
    editor.type("on-mon", "1")
    assert editor.press("save").status_code == 422
    assert "Add hours on Monday, or switch the day off." in editor.page
    editor.press("toggle:mon")
    assert editor.windows("mon") == [("10:00", "13:00")]


def test_a_day_is_copied_to_the_chosen_days(editor: Editor, counsellor: Counsellor) -> None:
    editor.type("copy-thu", ["sat", "sun"])
    editor.press("copy:thu")
    assert editor.windows("sun") == editor.windows("sat") == [("10:00", "13:00"), ("17:00", "20:00")]
    assert "Thursday copied to Saturday, Sunday." in editor.page
    assert editor.press("save").status_code == 303
    assert Window(6, 1020, 1200) in stored(counsellor)


@pytest.mark.parametrize("end", ["00:00", "24:00"])
def test_a_window_may_end_at_midnight(editor: Editor, counsellor: Counsellor, end: str) -> None:
    editor.type("fri-start", "22:00")
    editor.type("fri-end", end)
    editor.press("preview")
    assert ">midnight<" in editor.page
    assert editor.press("save").status_code == 303
    assert Window(4, 1320, 1440) in stored(counsellor)
    assert Editor(editor.browser.client.application, counsellor.user).windows("fri") == [("22:00", "00:00")]


@pytest.mark.parametrize(
    ("starts", "ends", "words"),
    [
        (["10:00", "12:00"], ["13:00", "14:00"], "10:00 AM – 1:00 PM overlaps 12:00 PM – 2:00 PM."),
        (["13:00"], ["10:00"], "1:00 PM – 10:00 AM ends before it starts."),
        (["10:00"], ["10:00"], "10:00 AM – 10:00 AM has no length."),
        (["10:00"], [""], "Enter both times of a window"),
        (["banana"], ["25:99"], "Enter both times of a window"),
        (["x" * 9000], ["\x00"], "Enter both times of a window"),
        (["10:00", "12:00"], ["11:00"], "Enter both times of a window"),
        ([f"{n // 60:02}:{n % 60:02}" for n in range(0, 1400, 2)] * 3, ["10:00"] * 2000, "At most 12 windows a day."),
    ],
)
def test_wrong_hours_are_answered_at_the_day(
    editor: Editor, counsellor: Counsellor, starts: list[str], ends: list[str], words: str
) -> None:
    before = stored(counsellor)
    editor.type("mon-start", starts)
    editor.type("mon-end", ends)
    editor.type("tue-end", "12:30")
    assert editor.press("save").status_code == 422
    day = editor.page[editor.page.index('id="day-mon"') : editor.page.index('id="day-tue"')]
    assert words in day
    assert 'aria-invalid="true"' in day
    assert "Nothing has been saved." in editor.page
    assert editor.windows("tue") == [("10:00", "12:30")]
    assert len(editor.windows("mon")) <= 24
    assert stored(counsellor) == before


# ── days that differ ───────────────────────────────────────────────────────────────────────────


def test_a_range_is_added_listed_as_one_and_saved(editor: Editor, counsellor: Counsellor) -> None:
    editor.press("pick:2026-12-24")
    editor.press("pick:2026-12-26")
    assert (editor.form["ex-first"], editor.form["ex-last"]) == ("2026-12-24", "2026-12-26")
    editor.press("ex-put", ex_reason="  Christmas\nin Chennai ")
    assert "Thu, 24 – Sat, 26 Dec" in editor.page
    assert "Off · Christmas in Chennai" in editor.page
    assert "Not saved yet" in editor.page
    assert days_stored(counsellor) == []
    assert editor.press("save").status_code == 303
    assert days_stored(counsellor) == [(dt.date(2026, 12, day), (), "Christmas in Chennai") for day in (24, 25, 26)]


def test_special_hours_replace_a_day(editor: Editor, counsellor: Counsellor) -> None:
    make_exception(counsellor, dt.date(2026, 12, 19), [], "away")
    editor.press("preview")
    editor.press("pick:2026-12-19")
    assert editor.form["ex-reason"] == "away"
    editor.press("ex-more")
    assert editor.form["ex-kind"] == "special"
    editor.type("ex-start", ["08:00", "20:00"])
    editor.type("ex-end", ["14:00", "00:00"])
    editor.press("ex-put", ex_reason="mock test day")
    assert "8:00 AM – 2:00 PM, 8:00 PM – midnight · mock test day" in editor.page
    assert editor.press("save").status_code == 303
    assert days_stored(counsellor) == [(dt.date(2026, 12, 19), ((480, 840), (1200, 1440)), "mock test day")]


def test_a_removed_day_has_a_way_back(editor: Editor, counsellor: Counsellor) -> None:
    for day in (24, 25, 26):
        make_exception(counsellor, dt.date(2026, 12, day), [], "Christmas")
    editor.press("preview")
    editor.press("ex-drop:2026-12-24..2026-12-26")
    assert "Goes when you save" in editor.page
    editor.press("ex-keep:2026-12-24..2026-12-26")
    assert "Goes when you save" not in editor.page
    editor.press("ex-drop:2026-12-24..2026-12-26")
    assert editor.press("save").status_code == 303
    assert days_stored(counsellor) == []


def test_a_new_day_is_taken_out_again(editor: Editor, counsellor: Counsellor) -> None:
    editor.press("pick:2026-12-24")
    editor.press("ex-put")
    editor.press("ex-undo:0")
    assert editor.press("save").status_code == 303
    assert days_stored(counsellor) == []


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"ex-first": ""}, "Choose a date."),
        ({"ex-first": "2026-13-45"}, "Choose a date."),
        ({"ex-first": "9999-12-31"}, "Choose a date."),
        ({"ex-first": "2026-12-20", "ex-last": "soon"}, "Choose a date, or leave it empty"),
        ({"ex-first": "2026-12-20", "ex-last": "2026-12-19"}, "The range ends before it starts."),
        ({"ex-first": "2026-12-20", "ex-last": "2028-01-20"}, "A range holds at most 366 days."),
        ({"ex-first": "2026-12-08"}, "That day has passed"),
        ({"ex-first": "2031-12-08"}, "within the next two years"),
        ({"ex-first": "2026-12-20", "ex-kind": "special"}, "Enter the hours of that day"),
        (
            {"ex-first": "2026-12-20", "ex-kind": "special", "ex-start": "12:00", "ex-end": "11:00"},
            "ends before it starts",
        ),
        ({"ex-first": "2026-12-20", "ex-reason": "x" * 121}, "At most 120 characters; these are 121."),
    ],
)
def test_wrong_days_are_answered_at_their_field(editor: Editor, typed: dict[str, str], words: str) -> None:
    for name, value in typed.items():
        editor.type(name, value)
    editor.press("ex-put")
    assert words in editor.page
    assert 'name="new"' not in editor.page
    for name, value in typed.items():
        assert editor.form[name] == value


def test_a_day_begun_but_not_added_is_not_lost_by_saving(editor: Editor, counsellor: Counsellor) -> None:
    editor.press("pick:2026-12-24")
    assert editor.press("save").status_code == 422
    assert "Add this day to the list, or clear it, before you save." in editor.page
    editor.press("ex-clear")
    assert editor.press("save").status_code == 303
    assert days_stored(counsellor) == []


def test_students_never_see_the_reason(app: Flask, counsellor: Counsellor) -> None:
    make_exception(counsellor, TODAY + DAY, [], "a private matter")
    assert "a private matter" in Editor(app, counsellor.user).page
    browser = Browser(app, make_user())
    assert "a private matter" not in browser.get(f"/counsellors/{counsellor.public_id}").get_data(as_text=True)


def test_the_month_can_be_turned_and_linked(editor: Editor) -> None:
    editor.press("month:2027-01")
    assert "January 2027" in editor.page
    assert "January 2027" in editor.browser.get(URL, month="2027-01").get_data(as_text=True)
    assert "December 2026" in editor.browser.get(URL, month="1999-01").get_data(as_text=True)
