"""The admin finds anybody in two keystrokes, by keyboard only, and looks at the app as a student."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.axe import expect_accessible
from tests.browser.conftest import Watched
from tests.browser.world import World


def test_two_letters_find_a_person_and_the_admin_looks_as_them(visit: Watched, world: World) -> None:
    student = world.student("Xyra Quist")
    page = visit(world.admin())
    page.goto("/admin")
    page.keyboard.press("Control+k")
    box = page.get_by_role("searchbox", name="Find a person, lead, session or order")
    expect(box).to_be_focused()
    page.keyboard.type("xy")
    hit = page.get_by_role("link", name=re.compile("Xyra Quist")).first
    expect(hit).to_be_visible()
    expect_accessible(page)
    page.keyboard.press("ArrowDown")
    expect(hit).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(box).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Xyra Quist")).to_be_visible()

    page.get_by_role("link", name="Look as this person").press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("She cannot find her package")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/student")
    bar = page.get_by_role("region", name="Looking as somebody else")
    expect(bar).to_contain_text(student.name)
    expect_accessible(page)
    bar.get_by_role("button", name="Stop looking").press("Enter")
    expect(page.get_by_role("heading", level=1, name="Xyra Quist")).to_be_visible()
    expect(page.get_by_role("region", name="Looking as somebody else")).to_have_count(0)


def test_without_script_the_search_is_a_page(visit: Watched, world: World) -> None:
    world.student("Zyta Quist")
    page = visit(world.admin(), java_script_enabled=False)
    page.goto("/admin")
    page.get_by_role("link", name=re.compile("Find anything")).first.click()
    page.get_by_role("searchbox", name="Search").fill("zyta")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name=re.compile("Zyta Quist")).click()
    expect(page.get_by_role("heading", level=1, name="Zyta Quist")).to_be_visible()
