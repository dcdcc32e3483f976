"""The counsellor's side: hours that change, requests declined."""

from __future__ import annotations

import datetime as dt
import re

from playwright.sync_api import expect

from tests.browser.conftest import Watched
from tests.browser.steps import come_back, labels, time_named, times
from tests.browser.world import World
from webapp.core import clock


def test_changed_hours_are_previewed_saved_and_reach_an_open_picker(world: World, visit: Watched) -> None:
    uma = world.counsellor()
    date = (clock.now() + dt.timedelta(days=5)).date()
    student = visit(world.enrolled(uma).person)
    student.goto(f"{uma.picker}?date={date}")
    assert labels(student) == ["10:00 AM", "10:30 AM", "11:00 AM", "11:30 AM", "12:00 PM", "12:30 PM"]
    desk = visit(uma.person)
    desk.goto("/counsellor/availability")
    expect(desk.get_by_text("All saved")).to_be_visible()
    preview = desk.get_by_role("region", name="As students see it")
    for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"):
        desk.get_by_label(f"{day}, window 1, from").fill("15:00")
        desk.get_by_label(f"{day}, window 1, to").fill("17:30")
        desk.get_by_label(f"{day}, window 1, to").press("Tab")
    expect(desk.get_by_text("7 changes not saved")).to_be_visible()
    preview.get_by_role("button", name=f"{date.day} {date:%B}, 5 free").click()
    expect(preview.get_by_role("listitem").first).to_have_text("3:00 PM")
    expect(time_named(student, "10:00 AM")).to_be_visible()
    desk.get_by_role("button", name="Save hours").click()
    expect(desk.get_by_text("All saved")).to_be_visible()
    come_back(student)
    expect(time_named(student, "3:00 PM")).to_be_visible()
    assert labels(student) == ["3:00 PM", "3:30 PM", "4:00 PM", "4:30 PM", "5:00 PM"]


def test_decline_with_a_reason_gives_the_session_back(world: World, visit: Watched) -> None:
    uma = world.counsellor(mode="approval")
    ira = world.enrolled(uma)
    page = visit(ira.person)
    page.goto(uma.picker)
    address = times(page).first.get_attribute("href") or ""
    page.goto(address.partition("#")[0])
    page.get_by_role("button", name=re.compile("^Request ")).click()
    page.wait_for_url("**/sessions/session_*")
    assert world.credits_left(ira) == 3
    desk = visit(uma.person)
    desk.goto("/counsellor/sessions?show=requests")
    desk.get_by_role("article", name="Ira Sen").get_by_role("link", name=re.compile("^Decline")).click()
    desk.get_by_role("textbox", name="Reason").fill("  ")
    desk.get_by_role("button", name="Decline request").click()
    expect(desk.get_by_role("textbox", name="Reason")).to_be_focused()
    expect(desk.get_by_text("Say in a few words why").first).to_be_visible()
    desk.get_by_role("textbox", name="Reason").fill("I travel that day; any morning suits me.")
    desk.get_by_role("button", name="Decline request").click()
    expect(desk.locator(".chip", has_text="Declined").first).to_be_visible()
    page.reload()
    expect(page.locator(".chip", has_text="Declined").first).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("any morning suits me")
    expect(page.get_by_role("main")).to_contain_text("Your session came back")
    assert world.credits_left(ira) == 4
    assert "any morning suits me" in world.mail(ira.person.email, "declined")["text"]
