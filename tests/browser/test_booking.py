"""Booking in other circumstances: at once, in a race, by keyboard, without scripts, on a phone."""

from __future__ import annotations

import datetime as dt
import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE_MS, Watched
from tests.browser.steps import (
    agenda,
    come_back,
    confirm,
    expect_no_sideways_scroll,
    expect_session_page,
    focused,
    labels,
    tab_to,
    time_named,
    times,
)
from tests.browser.world import PASSWORD, World
from tests.pace import patience
from webapp.bookings.picker_url import read_instant
from webapp.core import clock

TYPED = "Freeze or float after round 2?\nMy father joins."
SEEN_WITHIN = 5.0  # seconds until an open picker drops a taken time
MACHINE = 1.0  # seconds more for a machine that runs all this beside it


def start_of(page: Page, label: str) -> dt.datetime:
    """Return the instant behind a time on offer."""
    address = time_named(page, label).get_attribute("href") or ""
    start = read_instant(address.partition("at=")[2].partition("&")[0].partition("#")[0].replace("%3A", ":"))
    assert start, address
    return start


def test_instant_counsellor_confirms_at_once_and_join_waits(world: World, visit: Watched) -> None:
    kind = world.counsellor()
    ira = world.enrolled(kind)
    page = visit(ira.person)
    page.goto(kind.picker)
    time_named(page, labels(page)[0]).click()
    expect(page.get_by_role("main")).to_contain_text("3 of 4 left")
    expect(page.get_by_role("main")).to_contain_text("Free to cancel until")
    expect(confirm(page)).to_have_text(re.compile("^Confirm "))
    confirm(page).click()
    expect_session_page(page, "Confirmed")
    join = page.get_by_role("link", name="Join")
    assert join.count() == 0 or join.first.get_attribute("aria-disabled") == "true"
    assert world.mail(ira.person.email, "confirmed")["attachments"]
    soon = world.session_at(ira, kind, clock.now() + dt.timedelta(minutes=9))
    page.goto(f"/sessions/{soon}")
    expect(join.first).not_to_have_attribute("aria-disabled", "true")
    expect(join.first).to_have_attribute("href", re.compile("^https://"))
    stranger = visit(world.student("Lata Pal"))
    answer = stranger.request.get(f"/sessions/{soon}")
    assert answer.status == 404


def test_two_browsers_race_for_one_time(world: World, visit: Watched) -> None:
    wanted = world.counsellor()
    pair = [world.enrolled(wanted, name=name) for name in ("Ira Sen", "Ravi Iyer")]
    pages = [visit(one.person) for one in pair]
    for page in pages:
        page.goto(wanted.picker)
        label = labels(page)[2]
        time_named(page, label).click()
        agenda(page).fill(TYPED)
        expect(confirm(page)).to_be_enabled()
    for page in pages:
        confirm(page).click(no_wait_after=True)
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not (won := [page for page in pages if "/sessions/" in page.url]) and time.monotonic() < deadline:
        pages[0].wait_for_timeout(50)
    assert len(won) == 1
    lost = next(page for page in pages if page not in won)

    expect(lost.get_by_role("alert").filter(has_text=f"{label} was taken just now")).to_be_visible()
    expect(lost.get_by_role("alert")).to_contain_text("Nearest free times")
    expect(agenda(lost)).to_have_value(TYPED)
    assert "/book/" in lost.url
    near = lost.get_by_role("alert").get_by_role("button", name=re.compile(r"\d:\d\d [AP]M$"))
    assert near.count() >= 2
    near.first.click()
    expect(lost.get_by_role("alert")).to_have_count(0)
    expect(agenda(lost)).to_have_value(TYPED)
    confirm(lost).click()
    expect_session_page(lost, "Confirmed")
    expect(lost.get_by_role("main")).to_contain_text("My father joins.")
    assert [world.credits_left(one) for one in pair] == [3, 3]


def test_an_open_picker_drops_a_taken_time_by_itself(world: World, visit: Watched) -> None:
    wanted = world.counsellor()
    ira, ravi = world.enrolled(wanted), world.enrolled(wanted, name="Ravi Iyer")
    page = visit(ira.person)
    page.goto(wanted.picker)
    mine, taken = labels(page)[0], labels(page)[3]
    start = start_of(page, taken)
    time_named(page, mine).click()
    expect(confirm(page)).to_be_enabled()
    agenda(page).press_sequentially("Half a sent")
    world.book(ravi, wanted, start)
    begun = time.monotonic()
    expect(time_named(page, taken)).to_have_count(0, timeout=(SEEN_WITHIN + patience(MACHINE)) * 1000)
    assert time.monotonic() - begun < SEEN_WITHIN + patience(MACHINE)
    expect(agenda(page)).to_be_focused()
    page.keyboard.type("ence.")
    expect(agenda(page)).to_have_value("Half a sentence.")
    world.book(ravi, wanted, start_of(page, mine))
    come_back(page)
    expect(page.get_by_role("alert").filter(has_text=f"{mine} was taken just now")).to_be_visible()
    expect(agenda(page)).to_have_value("Half a sentence.")


def test_picker_by_keyboard_alone(world: World, visit: Watched) -> None:
    kind = world.counsellor()
    page = visit(world.enrolled(kind).person)
    page.goto(kind.picker)
    days = page.locator("#month-grid .day")
    tab_to(page, days)
    title = page.locator("#month-title").inner_text()
    page.keyboard.press("PageDown")
    expect(page.locator("#month-title")).not_to_have_text(title)
    expect(page.locator("#month-grid .day:focus")).to_have_count(1)
    page.keyboard.press("PageUp")
    expect(page.locator("#month-title")).to_have_text(title)
    page.keyboard.press("PageDown")
    expect(page.locator("#month-title")).not_to_have_text(title)
    begun = page.locator("#month-grid .day:focus .visually-hidden").inner_text()
    week = "ArrowUp" if int(begun.split()[1]) > 21 else "ArrowDown"  # within the month, on whatever day this runs
    for key in (week, "ArrowRight", "ArrowLeft", "ArrowRight"):
        page.keyboard.press(key)
    there = page.locator("#month-grid .day:focus .visually-hidden").inner_text()
    assert there != begun
    assert re.match(r"\w+day \d+ \w+, 6 times free", there)
    page.keyboard.press("Enter")
    day = " ".join(there.split(",")[0].split()[1:])  # "12 December"
    number, month = day.split()
    expect(page.locator("#times-title")).to_contain_text(f"{number} {month[:3]}")
    tab_to(page, times(page))
    page.keyboard.press("Tab")
    chosen = focused(page)
    page.keyboard.press("Enter")
    expect(page.locator("#confirm-title")).to_contain_text(chosen.split()[0])
    tab_to(page, agenda(page))
    page.keyboard.type("By keys alone.")
    tab_to(page, confirm(page))
    page.keyboard.press("Enter")
    expect_session_page(page, "Confirmed")
    expect(page.get_by_role("main")).to_contain_text("By keys alone.")


def test_whole_journey_without_scripts(world: World, visit: Watched) -> None:
    asked = world.counsellor(mode="approval")
    ira = world.enrolled(asked)
    page = visit(java_script_enabled=False)
    page.goto(asked.picker)
    time_named(page, labels(page)[0]).click()
    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    page.get_by_label("Email").fill(ira.person.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"**{asked.picker}**")
    page.locator("[data-month=next]").click()
    page.locator("#month-grid a.day").nth(3).click()
    chosen = labels(page)[4]
    taken = start_of(page, chosen)
    time_named(page, chosen).click()
    agenda(page).fill(TYPED)
    world.book(world.enrolled(asked, name="Ravi Iyer"), asked, taken)
    confirm(page).click()
    expect(page.get_by_role("alert")).to_contain_text(f"{chosen} was taken just now")
    expect(agenda(page)).to_have_value(re.compile("Freeze or float"))
    page.get_by_role("alert").get_by_role("button").first.click()
    expect(agenda(page)).to_have_value(re.compile("Freeze or float"))
    confirm(page).click()
    expect_session_page(page, "Requested")

    desk = visit(asked.person, java_script_enabled=False)
    desk.goto("/counsellor/sessions?show=requests")
    desk.get_by_role("article", name="Ira Sen").get_by_role("button", name="Accept").click()
    expect(desk.locator(".chip", has_text="Confirmed").first).to_be_visible()
    page.goto("/sessions")
    page.get_by_role("main").get_by_role("listitem").filter(has_text=asked.name).get_by_role("link").click()
    expect(page.locator(".chip", has_text="Confirmed").first).to_be_visible()
    page.get_by_role("link", name="Cancel session").click()
    page.get_by_role("button", name="Cancel session").click()
    expect(page.locator(".chip", has_text="Cancelled").first).to_be_visible()
    assert world.credits_left(ira) == 4


@pytest.mark.parametrize("width", [390, 360])
def test_journey_on_a_phone(world: World, visit: Watched, width: int) -> None:
    kind, other = world.counsellor(), world.counsellor("Dr. Om Das")
    ira = world.enrolled(kind, other)
    page = visit(ira.person, viewport={"width": width, "height": 844}, has_touch=True, is_mobile=True)
    page.goto("/student")
    expect_no_sideways_scroll(page)
    page.get_by_role("main").get_by_role("link", name=re.compile("^(Book|Pick)")).first.tap()
    page.get_by_role("link", name=f"See times of {kind.name}").tap()
    page.wait_for_url(f"**{kind.picker}**")
    expect_no_sideways_scroll(page)
    chosen = labels(page)[1]
    time_named(page, chosen).tap()
    expect(page.locator("#confirm-title")).to_be_in_viewport()
    agenda(page).fill("On the bus.")
    expect_no_sideways_scroll(page)
    confirm(page).tap()
    expect_session_page(page, "Confirmed")
    expect_no_sideways_scroll(page)
    expect(page.get_by_role("main")).to_contain_text(chosen)


def test_a_login_that_ended_leads_to_sign_in_and_back(world: World, visit: Watched) -> None:
    kind = world.counsellor()
    ira = world.enrolled(kind)
    page = visit(ira.person)
    page.goto(kind.picker)
    chosen = labels(page)[2]
    time_named(page, chosen).click()
    expect(confirm(page)).to_be_enabled()
    world.end_logins(ira.person)
    confirm(page).click()
    page.wait_for_url("**/login?next=**")
    page.get_by_label("Email").fill(ira.person.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"**{kind.picker}**")
    expect(page.locator("#confirm-title")).to_contain_text(chosen.split()[0])
    confirm(page).click()
    expect_session_page(page, "Confirmed")


def test_a_browser_that_lost_its_cookies_signs_in_and_goes_on(world: World, visit: Watched) -> None:
    kind = world.counsellor()
    page = visit(world.enrolled(kind).person)
    page.goto(kind.picker)
    time_named(page, labels(page)[2]).click()
    agenda(page).fill(TYPED)
    expect(confirm(page)).to_be_enabled()
    page.context.clear_cookies()
    confirm(page).click()
    expect(page.get_by_role("alert")).to_contain_text("send it again")
    expect(agenda(page)).to_have_value(TYPED)
    confirm(page).click()
    page.wait_for_url("**/login?next=**")
