"""What people do on the pages, found by role and name as they would find it."""

from __future__ import annotations

import datetime as dt
import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.world import Mail
from tests.pace import patience
from webapp.core import clock

TIME = re.compile(r"^\d{1,2}:\d\d [AP]M$")
CONFIRM = re.compile(r"^(Confirm|Request) ")
TOO_WIDE = """async (patience) => {
  const until = performance.now() + patience;
  const wide = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
  while (wide() > 0 && performance.now() < until) await new Promise((next) => setTimeout(next, 20));
  return wide();
}"""


def in_days(days: int) -> dt.datetime:
    """10:30 AM in India, in some days."""
    return clock.now().replace(hour=5, minute=0, second=0, microsecond=0) + dt.timedelta(days=days)


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
    """Nothing is wider than the screen, once what watches the window's size has had its turn."""
    wide = page.evaluate(TOO_WIDE, patience(1000))
    assert wide <= 0, f"{page.url} is {wide} px too wide"


def focused(page: Page) -> str:
    """Say what has the focus: its id, or its text."""
    return str(page.evaluate("document.activeElement.id || document.activeElement.innerText.trim()"))


def come_back(page: Page) -> None:
    """Look at a tab again: the page asks at once whether something is new, instead of within seconds."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def tab_to(page: Page, there: Locator, most: int = 60) -> None:
    """Press Tab until ``there`` has the focus."""
    for _ in range(most):
        if there.evaluate_all("all => all.includes(document.activeElement)"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reached {there}; last was {focused(page)!r}")


def choose_other_time(page: Page, which: int = 0, why: str = "") -> str:
    """In a picker that moves a session: choose a time, say why and confirm; return the time's label."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose another time")
    label = labels(page)[which]
    time_named(page, label).click()
    expect(time_named(page, label)).to_have_attribute("aria-current", "true")
    page.get_by_role("textbox", name=re.compile("^Why")).fill(why)
    confirm(page).click()
    expect_session_page(page, "Confirmed")
    return label


def address_in(mail: Mail, path: str) -> str:
    """The address in a mail's text whose path matches a pattern."""
    found = re.search(rf"https?://[^\s/]+{path}", mail["text"])
    assert found, mail["text"]
    return found.group()


def calendar_in(mail: Mail) -> str:
    """The calendar file of a mail, its folded lines joined."""
    file = next(file for file in mail["attachments"] if file["filename"].endswith(".ics"))
    return str(file["text"]).replace("\r\n", "\n").replace("\n ", "")
