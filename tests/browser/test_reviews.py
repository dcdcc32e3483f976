"""A review, by keyboard alone: written, mended, published, answered, and where everybody reads it."""

from __future__ import annotations

import datetime as dt
import re
import uuid

from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import expect_accessible
from tests.browser.conftest import Watched
from tests.browser.steps import expect_session_page, tab_to
from tests.browser.world import World
from webapp.bookings.rules import SessionStatus
from webapp.core import clock


def press(page: Page, there: Locator, *keys: str, most: int = 60) -> None:
    """Tab to something and press keys on it."""
    tab_to(page, there, most)
    for key in keys:
        page.keyboard.press(key)


def test_a_review_by_keyboard_from_stars_to_the_landing_page(world: World, visit: Watched) -> None:
    uma = world.counsellor()
    kavya = world.enrolled(uma, name="Kavya Iyer")
    start, words = clock.now() - dt.timedelta(hours=3), f"She knew every cut-off. {uuid.uuid4().hex[:6]}"
    over = {"status": SessionStatus.COMPLETED, "started_at": start, "finished_at": start + dt.timedelta(minutes=30)}
    session = world.session_at(kavya, uma, start, **over)

    page = visit(kavya.person)
    page.goto(f"/sessions/{session}")
    press(page, page.get_by_role("link", name="Your review"), "Enter")
    page.wait_for_url("**/review")
    send = page.get_by_role("button", name="Send review")
    press(page, send, "Enter")
    expect(page.get_by_role("alert")).to_contain_text("Choose one to five stars.")
    expect_accessible(page)
    stars = page.get_by_role("radio", name=re.compile(r"^\d stars?"))
    press(page, stars, "Space", "ArrowRight", "ArrowRight", "ArrowRight")
    expect(page.get_by_role("radio", name="4 stars")).to_be_checked()
    tab_to(page, page.get_by_role("textbox", name=re.compile("What should others know")))
    page.keyboard.type(words)
    press(page, page.get_by_role("checkbox", name="patient"), "Space")
    press(page, page.locator("summary", has_text="Rate it part by part"), "Enter")
    expertise = page.get_by_role("group", name="Expertise").get_by_role("radio")
    press(page, expertise, "ArrowLeft")
    expect(expertise.last).to_be_checked()
    press(page, send, "Enter")
    expect_session_page(page, "Completed")

    press(page, page.get_by_role("link", name="Your review"), "Enter")
    page.wait_for_url("**/review")
    press(page, stars, "ArrowRight")
    expect(page.get_by_role("radio", name=re.compile("^5 stars"))).to_be_checked()
    expect(page.get_by_role("checkbox", name="patient")).to_be_checked()
    expect(expertise.last).to_be_checked()
    press(page, page.get_by_role("button", name="Change review"), "Enter")
    expect_session_page(page, "Completed")

    admin = visit(world.admin())
    admin.goto("/admin/reviews")
    press(admin, admin.get_by_role("button", name="Publish the review of Kavya Iyer"), "Enter", most=200)
    expect(admin.get_by_role("article").filter(has_text=words)).to_have_count(0)
    desk = visit(uma.person)
    desk.goto("/counsellor/reviews")
    press(desk, desk.locator("summary", has_text="Answer the review of Kavya Iyer"), "Enter")
    tab_to(desk, desk.get_by_role("textbox", name=re.compile("^Your answer")))
    desk.keyboard.type("Thank you, Kavya.")
    press(desk, desk.get_by_role("button", name="Publish answer"), "Enter")
    expect(desk.get_by_role("article")).to_contain_text("Your answer,")

    anybody = visit(None)
    for address in (f"/counsellors/{uma.public_id}", f"/packages/{kavya.package}", "/"):
        anybody.goto(address)
        card = anybody.get_by_role("figure").filter(has_text=words)
        expect(card).to_contain_text("Kavya I.")
        expect(card).to_contain_text("Thank you, Kavya.")
        expect(card.get_by_role("img", name="5 of 5 stars")).to_be_visible()
    page.goto(f"/sessions/{session}/review")
    expect(page.get_by_role("main")).to_contain_text("can't be changed any more")
