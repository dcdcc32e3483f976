"""What people do on the pages, found by role and name as they would find it."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

TIME = re.compile(r"^\d{1,2}:\d\d [AP]M$")
CONFIRM = re.compile(r"^(Confirm|Request) ")


def times(page: Page) -> Locator:
    """All times on offer for the chosen day."""
    return (
        page.locator("#slot-list")
        .get_by_role("link", name=TIME)
        .or_(page.locator("#slot-list").get_by_role("button", name=TIME))
    )


def time_named(page: Page, label: str) -> Locator:
    """One time of the chosen day."""
    slots = page.locator("#slot-list")
    return slots.get_by_role("link", name=label, exact=True).or_(slots.get_by_role("button", name=label, exact=True))


def labels(page: Page) -> list[str]:
    """The names of the times on offer, in order."""
    expect(times(page).first).to_be_visible()
    return [text.strip() for text in times(page).all_inner_texts()]


def agenda(page: Page) -> Locator:
    """Where one writes what to talk about."""
    return page.get_by_role("textbox", name=re.compile("talk about"))


def confirm(page: Page) -> Locator:
    """The last step's button."""
    return page.get_by_role("button", name=CONFIRM)


def expect_session_page(page: Page, state: str) -> None:
    """Wait for the booked session's page with its state."""
    page.wait_for_url(re.compile(r"/sessions/session_\w+"))
    expect(page.locator("main .chip", has_text=state).first).to_be_visible()


def expect_no_sideways_scroll(page: Page) -> None:
    """Nothing is wider than the screen."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} px too wide"


def focused(page: Page) -> str:
    """Say what has the focus: its id, or its text."""
    return str(page.evaluate("document.activeElement.id || document.activeElement.innerText.trim()"))
