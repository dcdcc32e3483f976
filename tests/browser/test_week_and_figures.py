"""The counsellor's week, figures and students, and a calendar that subscribes to a feed, in a browser."""

from __future__ import annotations

import datetime as dt
import re

from ical.calendar_stream import IcsCalendarStream
from playwright.sync_api import expect

from tests.browser.conftest import Watched
from tests.browser.world import World
from webapp.core import clock

PHONE = {"width": 390, "height": 844}
IST = dt.timedelta(hours=5, minutes=30)


def next_week() -> dt.datetime:
    """Wednesday of next week, 10:30 AM in India."""
    today = (clock.now() + IST).replace(hour=10, minute=30, second=0, microsecond=0)
    return today + dt.timedelta(days=9 - today.weekday()) - IST


def test_a_booking_is_found_in_the_week_and_opens(visit: Watched, world: World) -> None:
    uma = world.counsellor()
    bought = world.enrolled(uma, name="Kavya Iyer")
    session = world.book(bought, uma, next_week())
    page = visit(uma.person)
    page.goto("/counsellor/week")
    title = page.get_by_role("heading", level=1)
    this_week = title.inner_text()
    page.get_by_role("link", name="Week after").click()
    expect(title).not_to_have_text(this_week)
    expect(title).to_be_focused()
    expect(page).to_have_url(re.compile(r"\?week=\d{4}-W\d\d$"))
    entry = page.get_by_role("link", name=re.compile("Kavya Iyer.*10:30 AM.*confirmed"))
    expect(entry).to_be_visible()
    page.reload()
    expect(entry).to_be_visible()
    page.go_back()
    expect(title).to_have_text(this_week)
    page.go_forward()
    entry.click()
    page.wait_for_url(f"**/sessions/{session}")


def test_a_phone_shows_one_day_and_a_strip(visit: Watched, world: World) -> None:
    uma = world.counsellor()
    start = next_week()
    world.book(world.enrolled(uma, name="Kavya Iyer"), uma, start)
    page = visit(uma.person, viewport=PHONE)
    year, week, _ = start.isocalendar()
    page.goto(f"/counsellor/week?week={year}-W{week:02d}")
    expect(page.locator(".day-col:visible")).to_have_count(1)
    entry = page.get_by_role("link", name=re.compile("Kavya Iyer"))
    expect(entry).to_be_hidden()
    page.get_by_role("navigation", name="Day").get_by_role("link", name=re.compile("something booked")).click()
    expect(entry).to_be_visible()
    expect(page.locator(".day-col:visible")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"day="))


def test_the_chart_draws_the_table(visit: Watched, world: World) -> None:
    page = visit(world.counsellor().person)
    page.goto("/counsellor/figures")
    expect(page.locator("canvas")).to_be_visible()
    page.get_by_text("Figures as a table").click()
    expect(page.get_by_role("table").get_by_role("row")).to_have_count(13)


def test_without_scripts_the_figures_are_all_there(visit: Watched, world: World) -> None:
    page = visit(world.counsellor().person, java_script_enabled=False)
    page.goto("/counsellor/figures")
    expect(page.locator("canvas")).to_be_hidden()
    page.get_by_text("Figures as a table").click()
    expect(page.get_by_role("table").get_by_role("row")).to_have_count(13)


def test_a_calendar_subscribes_until_the_address_is_closed(visit: Watched, world: World) -> None:
    uma = world.counsellor()
    bought = world.enrolled(uma)
    session = world.book(bought, uma, next_week())
    page = visit(bought.person)
    visit.allow("status of 404")
    page.goto("/account")
    page.get_by_role("link", name="Set up a feed").click()
    page.get_by_role("button", name="Make my address").click()
    address = page.get_by_label("Your private address").input_value()
    stranger = visit(None).request
    answer = stranger.get(address)
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    (entry,) = IcsCalendarStream.calendar_from_ics(answer.text()).events
    assert (entry.uid.partition("@")[0], entry.dtstart) == (session, next_week())
    same = stranger.get(address, headers={"If-None-Match": answer.headers["etag"]})
    assert same.status == 304
    page.get_by_role("link", name="Turn off…").click()
    page.get_by_role("button", name="Turn off").click()
    expect(page.get_by_role("button", name="Make my address")).to_be_visible()
    assert stranger.get(address).status == 404
