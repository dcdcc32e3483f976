"""The inbox: news arrives while one looks, opens, goes and comes back; preferences and the way out of a mail."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import expect_fit_for_everybody
from tests.browser.conftest import PATIENCE_MS, Watched
from tests.browser.steps import come_back, in_days
from tests.browser.world import Person, World
from tests.pace import patience
from webapp.accounts.models import User
from webapp.accounts.recipients import recipient_of
from webapp.core import clock
from webapp.core.db import db
from webapp.notifications.services import notify
from webapp.notifications.unsubscribing import make_key

LIVE_MS = 12_000  # two rounds of asking


def tell(world: World, person: Person, *titles: str, kind: str = "session_confirmed") -> None:
    """Tell a person some things, as a feature does."""

    def work() -> None:
        to = recipient_of(db.session.get_one(User, person.id))
        for title in titles:
            notify(
                user=to,
                kind=kind,
                title=title,
                body="Sat, 12 Dec 2026, 10:00 AM IST with Dr. Uma Rao",
                url="/sessions",
                dedupe_key=f"{title}:{person.public_id}",
                now=clock.now(),
            )

    world.write(work)


def bell(page: Page) -> Locator:
    return page.get_by_role("link", name=re.compile("^Inbox"))


def expect_unread(page: Page, number: int, within: float = PATIENCE_MS) -> None:
    """Wait until the bell says how many lines are unread."""
    name = f"Inbox, {number} unread" if number else "Inbox"
    expect(bell(page)).to_have_accessible_name(re.compile(rf"^\s*{name}\s*$"), timeout=within)


def test_news_arrives_while_one_looks(visit: Watched, world: World) -> None:
    student = world.student()
    page = visit(student)
    page.goto("/student")
    expect_unread(page, 0)
    bell(page).focus()
    tell(world, student, "Session confirmed")
    expect_unread(page, 1, patience(LIVE_MS))
    expect(bell(page)).to_be_focused()  # the number changes under the cursor, the link stays
    expect(page.locator("#live")).to_have_text("1 unread in your inbox")


def test_home_shows_the_newest_and_leads_on(visit: Watched, world: World) -> None:
    counsellor = world.counsellor()
    bought = world.enrolled(counsellor)
    page = visit(bought.person)
    page.goto("/student")
    expect(page.locator("#inbox")).to_contain_text("When a counsellor answers")
    session = world.book(bought, counsellor, in_days(4))
    come_back(page)
    page.locator("#inbox").get_by_role("button", name=re.compile("Session confirmed")).click()
    page.wait_for_url(f"**/sessions/{session}")
    expect_unread(page, 0)


def test_both_are_told_of_a_booking(visit: Watched, world: World) -> None:
    counsellor = world.counsellor()
    page = visit(counsellor.person)
    page.goto("/counsellor")
    bought = world.enrolled(counsellor)
    world.book(bought, counsellor, in_days(4))
    come_back(page)
    expect(page.locator("#inbox").get_by_role("button", name=re.compile("Session confirmed"))).to_be_visible()


def test_reading_deleting_and_bringing_back(visit: Watched, world: World) -> None:
    student = world.student()
    tell(world, student, "First news", "Second news", "Third news")
    page = visit(student)
    page.goto("/inbox")
    expect_unread(page, 3)
    page.get_by_role("button", name=re.compile("^Mark as read: Second")).click()
    expect_unread(page, 2)
    page.get_by_role("navigation", name="Which lines").get_by_role("link", name="Unread").click()
    expect(page).to_have_url(re.compile(r"show=unread"))
    expect(page.locator("#inbox-list .rows > li")).to_have_count(2)
    page.get_by_role("button", name=re.compile("^Delete: Third")).click()
    expect(page.locator("#inbox-list .rows > li")).to_have_count(1)
    expect_unread(page, 1)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#toasts").get_by_text("“Third news” is back.")).to_be_visible()
    expect(page.locator("#inbox-list .rows > li")).to_have_count(2)
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.get_by_role("heading", name="All read")).to_be_visible()
    expect_unread(page, 0)
    page.reload()
    expect(page.get_by_role("heading", name="All read")).to_be_visible()
    page.get_by_role("navigation", name="Which lines").get_by_role("link", name="All").click()
    expect(page.locator("#inbox-list .rows > li")).to_have_count(3)


def test_without_script_everything_works_too(visit: Watched, world: World) -> None:
    student = world.student()
    tell(world, student, "First news", "Second news")
    page = visit(student, java_script_enabled=False)
    page.goto("/inbox")
    page.get_by_role("button", name=re.compile("^Mark as read: First")).click()
    expect_unread(page, 1)
    page.get_by_label("About").select_option("reminders")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name="Nothing about this")).to_be_visible()
    page.get_by_role("link", name="Show everything").click()
    page.get_by_role("button", name=re.compile("^Delete: Second")).click()
    expect(page.locator("#inbox-list .rows > li")).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#inbox-list .rows > li")).to_have_count(2)
    page.get_by_role("button", name=re.compile("Second news")).first.click()
    page.wait_for_url("**/sessions")


def test_a_hidden_page_does_not_ask(visit: Watched, world: World) -> None:
    page = visit.with_clock(world.student())
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/live/inbox" in request.url else None)
    page.goto("/student")
    with page.expect_response("**/live/inbox**"):
        page.clock.fast_forward(5_000)
    page.evaluate(
        "Object.defineProperty(document, 'hidden', { value: true, configurable: true });"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    before = len(asked)
    page.clock.fast_forward(60_000)
    page.evaluate("fetch('/healthz')")  # what was asked before it has been seen by now
    assert len(asked) == before
    with page.expect_response("**/live/inbox**"):
        page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")


def test_choosing_what_one_is_told(visit: Watched, world: World) -> None:
    page = visit(world.student())
    page.goto("/inbox")
    page.get_by_role("link", name="What you are told").first.click()
    box = page.get_by_role("checkbox", name="How was your session?: Mail")
    expect(box).to_be_checked()
    box.uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#toasts").get_by_text("Saved. This holds from the next message on.")).to_be_visible()
    expect(page.get_by_role("checkbox", name="How was your session?: Mail")).not_to_be_checked()
    expect(page.get_by_role("checkbox", name="How was your session?: Inbox")).to_be_checked()


def test_the_way_out_of_a_mail(visit: Watched, world: World) -> None:
    student = world.student()
    key = world.write(lambda: make_key(student.public_id, "session_reminder"))
    page = visit(None)
    page.goto(f"/unsubscribe/{key}")
    page.get_by_role("button", name="Stop these mails").click()
    expect(page.get_by_role("heading", name="No more mail of this kind", exact=True)).to_be_visible()
    page.get_by_role("button", name="Send them again").click()
    expect(page.get_by_role("button", name="Stop these mails")).to_be_visible()


def test_full_and_empty_are_fit_for_everybody(visit: Watched, world: World) -> None:
    full = world.student()
    tell(world, full, *[f"News {number} with rather many words in its title" for number in range(25)])
    page = visit(full)
    for address in ("/inbox", "/inbox?page=2", "/inbox?undo=note_x", "/student"):
        page.goto(address)
        expect_fit_for_everybody(page)
