"""An admin gives a counsellor a photo, and lets them go with a session that came in meanwhile."""

from __future__ import annotations

import io
import re

from PIL import Image
from playwright.sync_api import expect

from tests.browser.axe import expect_accessible
from tests.browser.conftest import Watched
from tests.browser.steps import in_days
from tests.browser.world import World


def picture() -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (600, 800), "teal").save(target, "JPEG")
    return target.getvalue()


def test_a_photo_goes_up_and_nothing_typed_beside_it_is_lost(world: World, visit: Watched) -> None:
    uma = world.counsellor()
    page = visit(world.admin())
    page.goto(f"/admin/counsellors/{uma.public_id}")
    page.get_by_label("Title", exact=True).fill("Typed meanwhile")
    file = page.locator("#photo-file")
    file.set_input_files({"name": "me.png", "mimeType": "image/png", "buffer": b"a letter"})
    page.get_by_role("button", name="Put up photo").click()
    expect(page.locator("#photo-error")).to_contain_text("not a photo we can read")
    expect(file).to_be_focused()
    expect_accessible(page)
    file.set_input_files({"name": "me.jpg", "mimeType": "image/jpeg", "buffer": picture()})
    page.get_by_role("button", name="Put up photo").click()
    expect(page.get_by_role("img", name=re.compile("^Photo of"))).to_be_visible()
    page.get_by_role("button", name="Save profile").click()
    expect(page.locator("#toasts")).to_contain_text("is saved")
    expect(page.get_by_label("Title", exact=True)).to_have_value("Typed meanwhile")
    page.goto(f"/counsellors/{uma.public_id}")
    shown = page.locator("main .avatar img").first
    expect(shown).to_have_js_property("naturalWidth", 160)
    expect(shown).to_have_js_property("complete", value=True)


def test_a_session_that_came_meanwhile_is_decided_on_too(world: World, visit: Watched) -> None:
    uma = world.counsellor()
    world.book(world.enrolled(uma, name="Ira Sen"), uma, in_days(4))
    page = visit(world.admin())
    page.goto(f"/admin/counsellors/{uma.public_id}/deactivate")
    world.book(world.enrolled(uma, name="Tara Bose"), uma, in_days(5))
    page.get_by_label("Reason").fill("Moves abroad.")
    page.get_by_role("group", name=re.compile("Ira Sen")).get_by_text("Cancel").click()
    leave = page.get_by_role("button", name="Deactivate")
    leave.click()
    expect(page.get_by_role("alert")).to_contain_text("The sessions have changed")
    expect(page.locator(":focus")).to_contain_text("The sessions have changed")
    expect(page.get_by_role("listitem").filter(has_text="Tara Bose")).to_contain_text("New")
    expect(page.get_by_label("Reason")).to_have_value("Moves abroad.")
    page.get_by_role("group", name=re.compile("Tara Bose")).get_by_text("Keep").click()
    leave.click()
    expect(page.locator("#toasts")).to_contain_text("1 session cancelled, 1 session kept.")
    expect(page.get_by_role("main")).to_contain_text("Moves abroad.")
    visit.allow("404")
    page.goto(f"/counsellors/{uma.public_id}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("not")
