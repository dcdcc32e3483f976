"""What becomes of a booked session: moved, given up, cancelled, held and written about, missed."""

from __future__ import annotations

import datetime as dt
import re

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.axe import expect_accessible
from tests.browser.conftest import Watched
from tests.browser.steps import (
    address_in,
    calendar_in,
    choose_other_time,
    expect_session_page,
    in_days,
    tab_to,
)
from tests.browser.world import World
from webapp.core import clock


def session_of(page: Page) -> str:
    """The session whose page is open."""
    found = re.search(r"/sessions/(session_\w+)", page.url)
    assert found, page.url
    return found.group(1)


def expect_state(page: Page, state: str) -> None:
    """The open session is in this state."""
    expect(page.locator("main .chip", has_text=state).first).to_be_visible()


def sequence_of(calendar: str) -> int:
    """How often the calendar entry has changed."""
    found = re.search(r"^SEQUENCE:(\d+)", calendar, re.MULTILINE)
    return int(found.group(1)) if found else 0


def test_a_session_moves_from_its_page_from_the_mail_and_by_the_counsellor(world: World, visit: Watched) -> None:
    uma = world.counsellor()
    ira = world.enrolled(uma)
    first = world.book(ira, uma, in_days(5))
    page = visit(ira.person)
    page.goto(f"/sessions/{first}")
    page.get_by_role("link", name="Move", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("Moving uses no session")
    label = choose_other_time(page, 1, "School has moved my test.")
    second = session_of(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text(label)
    desk = visit(uma.person)
    desk.goto(f"/sessions/{first}")
    expect(desk.locator("#moved-to")).to_contain_text(label)
    expect(desk.get_by_role("main")).to_contain_text("School has moved my test.")

    moved = world.mail(ira.person.email, "moved")
    before, after = calendar_in(world.mail(ira.person.email, "is confirmed")), calendar_in(moved)
    assert re.findall("^UID:.*", before, re.MULTILINE) == re.findall("^UID:.*", after, re.MULTILINE)
    assert sequence_of(after) > sequence_of(before)
    page.goto(address_in(moved, r"/sessions/\w+/move"))  # a mail scanner follows links, too
    desk.goto(f"/sessions/{second}")
    expect_state(desk, "Confirmed")
    choose_other_time(page, 3)
    third = session_of(page)
    desk.reload()
    expect_state(desk, "Moved")

    desk.locator("#moved-to").get_by_role("link", name="Open it").click()
    desk.wait_for_url(f"**/sessions/{third}")
    desk.get_by_role("link", name="Move", exact=True).click()
    label = choose_other_time(desk, 0, "I travel that morning.")
    page.reload()
    page.get_by_role("link", name="Open it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(label)
    expect_state(page, "Confirmed")
    assert len({first, second, third, session_of(page)}) == 4
    assert world.credits_left(ira) == 3


def test_a_leave_asks_the_students_it_hits_for_another_time(world: World, visit: Watched) -> None:
    uma = world.counsellor()
    ira, ravi = world.enrolled(uma), world.enrolled(uma, name="Ravi Iyer")
    start = in_days(6)
    world.book(ira, uma, start)
    waiting = world.book(ravi, uma, start + dt.timedelta(hours=1))
    desk = visit(uma.person)
    desk.goto("/counsellor/availability")
    desk.get_by_text("Add a day or a range").click()
    desk.get_by_label("From", exact=True).fill(f"{start:%Y-%m-%d}")
    desk.get_by_label("To", exact=True).fill(f"{start:%Y-%m-%d}")
    desk.get_by_role("button", name="Add to the list").click()
    expect(desk.get_by_role("heading", name="2 booked sessions fall outside your new hours")).to_be_visible()
    desk.get_by_role("button", name="Offer another time for all").click()
    expect(desk.get_by_label("What to do with the session of Ira Sen")).to_have_value("offer")
    desk.get_by_role("button", name="Save hours").click()
    desk.get_by_role("link", name="Ask 2 students for another time").click()
    expect(desk.get_by_role("checkbox", checked=True)).to_have_count(2)
    desk.get_by_label("What should they know?").fill("I am at a school fair that day.")
    desk.get_by_role("button", name="Ask for another time").click()
    expect(desk.locator("#toasts")).to_contain_text("2 students are asked to choose another time.")

    page = visit(ira.person)
    asked = world.mail(ira.person.email, "asks for another time")
    assert "school fair" in asked["text"]
    page.goto(address_in(asked, r"/sessions/\w+/move"))
    choose_other_time(page)
    assert world.credits_left(ira) == 3
    other = visit(ravi.person)
    other.goto(f"/sessions/{waiting}")
    expect(other.locator("#asked")).to_contain_text("Dr. Uma asks for another time.")
    expect(other.get_by_role("link", name="Choose another time")).to_be_visible()
    desk.goto(f"/sessions/{waiting}")
    desk.get_by_role("button", name="Take it back").click()
    expect(desk.locator("#toasts")).to_contain_text("The session stays at its time")
    other.reload()
    expect(other.locator("#asked")).to_have_count(0)
    expect_state(other, "Confirmed")


def test_cancelling_says_first_what_becomes_of_the_session(world: World, visit: Watched) -> None:
    uma = world.counsellor()
    ira = world.enrolled(uma)
    far = world.book(ira, uma, in_days(5))
    near = world.session_at(ira, uma, clock.now() + dt.timedelta(hours=6))
    page = visit(ira.person)
    page.goto(f"/sessions/{far}")
    page.get_by_role("link", name="Cancel session").click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("Your session comes back and you will have 3 of 4 again.")
    expect_accessible(page)
    question.get_by_role("link", name="Keep it").click()
    expect(question).to_be_hidden()
    page.get_by_role("link", name="Cancel session").click()
    question.get_by_label(re.compile("^Why")).fill("My exam is on that day.")
    question.get_by_role("button", name="Cancel session").click()
    expect(page.locator("#toasts")).to_contain_text("Cancelled. Your session came back.")
    expect_state(page, "Cancelled")
    assert world.credits_left(ira) == 3
    for to in (ira.person.email, uma.person.email):
        assert "METHOD:CANCEL" in calendar_in(world.mail(to, "cancelled"))

    page.goto(f"/sessions/{near}")
    page.get_by_role("link", name="Cancel session").click()
    expect(question).to_contain_text("The session stays used: it is less than 24 h before the start.")
    question.get_by_role("link", name="Choose another time in the same step").click()
    expect(page.get_by_role("main")).to_contain_text("the old session stays used, the new time uses another")
    choose_other_time(page)
    assert world.credits_left(ira) == 2
    page.goto(f"/sessions/{near}")
    expect_state(page, "Cancelled")
    expect(page.get_by_role("link", name="Cancel session")).to_have_count(0)


def without_a_line(context: BrowserContext) -> None:
    """Let meeting rooms open without a network."""
    context.route("https://meet.jit.si/**", lambda route: route.fulfill(body="<title>Room</title>"))


def test_a_session_is_held_written_about_and_prepares_the_next(world: World, visit: Watched) -> None:
    uma = world.counsellor()
    ira = world.enrolled(uma)
    now = world.session_at(ira, uma, clock.now() - dt.timedelta(minutes=5), agenda="Freeze or float?")
    ahead = world.book(ira, uma, in_days(5), agenda="Choice list, second look")
    desk, page = visit(uma.person), visit(ira.person)
    without_a_line(desk.context)
    desk.goto("/counsellor")
    with desk.expect_popup() as room:
        desk.locator("#next-up").get_by_role("link", name="Join").click()
    room.value.close()
    desk.locator("#next-up").get_by_role("link", name="Session page").click()
    desk.get_by_role("button", name="Start").click()
    expect(desk.locator("#toasts")).to_contain_text("Started.")
    desk.get_by_role("link", name="Finish…").click()
    desk.get_by_label("Notes for Ira").fill("NIT Rourkela stays the first choice.\nFreeze after round 3.")
    desk.get_by_role("textbox", name="Step 1").fill("Scan the category certificate")
    desk.get_by_role("textbox", name="Step 2").fill("List five colleges")
    desk.get_by_role("button", name="Move step 2 up").click()
    expect(desk.get_by_role("textbox", name="Step 1")).to_have_value("List five colleges")
    desk.get_by_label("Private notes").fill("The father decides.")
    desk.get_by_role("button", name="Finish session").click()
    expect_session_page(desk, "Completed")
    desk.get_by_role("link", name="Add a recording").click()
    desk.get_by_role("textbox", name=re.compile("link", re.IGNORECASE)).fill("https://video.example.org/one")
    desk.get_by_role("button", name="Save recording").click()
    expect(desk.get_by_role("link", name=re.compile("^Recording, until"))).to_be_visible()

    page.goto("/student")
    page.get_by_role("checkbox", name="List five colleges").check()
    expect(page.locator("#next-steps s")).to_have_text("List five colleges")
    page.goto(f"/sessions/{now}")
    expect(page.get_by_role("main")).to_contain_text("Freeze after round 3.")
    expect(page.get_by_role("main")).not_to_contain_text("The father decides.")
    expect(page.locator("#next-steps")).to_contain_text("1 of 2 done")
    recording = page.get_by_role("link", name=re.compile("^Recording, until"))
    expect(recording).to_have_attribute("href", "https://video.example.org/one")
    world.change(now, recording_expires_at=clock.now())
    page.reload()
    expect(page.locator("#next-steps")).to_be_visible()
    expect(recording).to_have_count(0)

    desk.goto(f"/sessions/{ahead}")
    desk.get_by_role("link", name="Brief").click()
    promised = desk.get_by_role("region", name="Promised and still open")
    expect(promised.get_by_role("listitem")).to_have_count(1)
    expect(promised).to_contain_text("Scan the category certificate")
    for words in ("Choice list, second look", "Freeze after round 3.", "The father decides."):
        expect(desk.get_by_role("main")).to_contain_text(words)


def test_a_student_who_did_not_come_is_told(world: World, visit: Watched) -> None:
    uma = world.counsellor()
    ira = world.enrolled(uma)
    missed = world.session_at(ira, uma, clock.now() - dt.timedelta(minutes=20))
    desk = visit(uma.person)
    desk.goto(f"/sessions/{missed}")
    tab_to(desk, desk.get_by_role("link", name="Did not come…"))
    desk.keyboard.press("Enter")
    question = desk.get_by_role("dialog", name="Ira Sen did not come?")
    expect(question).to_contain_text("the session stays used")
    expect_accessible(desk)
    question.get_by_role("button", name="Mark as missed").click()
    expect_session_page(desk, "No-show")
    page = visit(ira.person)
    page.goto(address_in(world.mail(ira.person.email, "missed"), r"/sessions/\w+"))
    expect_state(page, "No-show")
    assert world.credits_left(ira) == 3
