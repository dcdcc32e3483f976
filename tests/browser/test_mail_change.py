"""Moving an account to another address, and what a pause looks like in place."""

from __future__ import annotations

import uuid

from playwright.sync_api import Page, expect

from tests.browser.axe import expect_accessible
from tests.browser.conftest import Watched
from tests.browser.steps import address_in
from tests.browser.world import PASSWORD, World


def _ask(page: Page, address: str, password: str) -> None:
    page.get_by_label("New address").fill(address)
    page.locator("#present_password").fill(password)
    page.get_by_role("button", name="Send the links").click()


def test_an_account_moves_when_both_mailboxes_agree(world: World, visit: Watched) -> None:
    ira, address = world.student("Ira Sen"), f"ira.{uuid.uuid4().hex[:10]}@pupil.test"
    page, mailbox = visit(ira), visit()
    page.goto("/account")
    page.get_by_text("Change the address").click()
    _ask(page, address, "not this one")
    expect(page.locator("#present_password")).to_be_focused()  # in place, and the address stays typed
    expect(page.get_by_label("New address")).to_have_value(address)
    expect_accessible(page)
    _ask(page, address, PASSWORD)
    waits = page.get_by_role("status").filter(has_text=f"A change to {address} waits.")
    expect(waits).to_be_visible()

    mailbox.goto(address_in(world.mail(ira.email, "another address"), r"/mail-change/\S+"))
    mailbox.get_by_role("button", name="Yes, I agree").click()
    expect(mailbox.get_by_role("heading", level=1)).to_have_text("One more address has to agree")
    page.goto(address_in(world.mail(address, "your address"), r"/mail-change/\S+"))
    page.get_by_role("button", name="Yes, I agree").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The address is changed")
    page.get_by_role("link", name="Go to your account").click()
    expect(page.locator("#mail-card")).to_contain_text(address)
    assert world.mail(ira.email, "new address")
    assert world.mail(address, "new address")


def test_too_many_tries_pause_in_place_with_everything_typed(world: World, visit: Watched) -> None:
    page = visit(world.student("Ira Sen"))
    visit.allow(r"status of 429")
    page.goto("/account")
    page.get_by_text("Change the address").click()
    for _ in range(5):
        _ask(page, "ira@pupil.test", "not this one")
        expect(page.locator("#present_password")).to_have_value("")
    _ask(page, "ira@pupil.test", "not this one")
    pause = page.locator("#alerts [data-error-notice]")
    expect(pause).to_contain_text("Try again in")
    expect(page.get_by_label("New address")).to_have_value("ira@pupil.test")
    expect_accessible(page)
