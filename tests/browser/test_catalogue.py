"""The catalogue's desk by keyboard: a package is made, its features and its place in the list are moved."""

from __future__ import annotations

import re
import uuid

from playwright.sync_api import expect

from tests.browser.conftest import Watched
from tests.browser.world import World


def test_a_package_is_made_and_moved_by_keyboard(world: World, visit: Watched) -> None:
    page, name = visit(world.admin()), f"WBJEE Late {uuid.uuid4().hex[:6]}"
    page.goto("/admin/packages/new")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Exam", exact=True).select_option("wbjee")
    page.get_by_label("Price", exact=True).fill("8,000")
    page.get_by_label(re.compile("^Discount price")).fill("6,000")
    expect(page.get_by_label(re.compile("per cent off"))).to_have_value("25")
    page.get_by_label("Feature 1, title").fill("Last")
    page.get_by_role("button", name="Add a feature").press("Enter")
    expect(page.get_by_label("Feature 2, title")).to_be_focused()
    page.keyboard.type("First")
    page.get_by_role("button", name="Move feature 2 up").press("Enter")
    expect(page.get_by_label("Feature 1, title")).to_have_value("First")
    expect(page.get_by_role("button", name="Move feature 1 down")).to_be_focused()
    expect(page.locator("#preview").get_by_text("25 % off")).to_be_visible()
    page.get_by_label("Name", exact=True).press("Enter")
    page.wait_for_url("**/admin/packages/pkg_*")
    expect(page.get_by_label("Feature 1, title")).to_have_value("First")
    page.goto("/admin/packages?exam=wbjee")
    rows = page.locator("tbody tr")
    expect(rows.last).to_contain_text(name)
    up = page.get_by_role("button", name=f"Move {name} up")
    up.press("Enter")
    expect(rows.last).not_to_contain_text(name)
    expect(up).to_be_focused()
    page.reload()
    expect(rows.last).not_to_contain_text(name)
