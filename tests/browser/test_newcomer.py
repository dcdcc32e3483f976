"""From the landing page to a session on two calendars, as people go."""

from __future__ import annotations

import re
import uuid

from playwright.sync_api import Locator, expect

from tests.browser.conftest import Watched
from tests.browser.steps import agenda, confirm, expect_session_page, labels, time_named
from tests.browser.world import PASSWORD, World

MOST_CLICKS, MOST_FORMS = 7, 2  # from the landing page to a time asked for


class Clicks:
    """Counts what the hand does."""

    def __init__(self) -> None:
        self.clicks = self.forms = 0

    def __call__(self, button: Locator, *, sends_form: bool = False) -> None:
        button.click()
        self.clicks += 1
        self.forms += sends_form


def test_newcomer_signs_up_verifies_books_and_both_see_it(world: World, visit: Watched) -> None:
    uma, other = world.counsellor("Dr. Uma Rao", mode="approval"), world.counsellor("Dr. Om Das")
    slug, email = world.package(uma, other), f"asha.{uuid.uuid4().hex[:10]}@pupil.test"
    page, click = visit(), Clicks()

    page.goto("/")
    click(page.get_by_role("banner").get_by_role("link", name="Sign up"))
    page.get_by_label("Name", exact=False).first.fill("Asha Menon")
    page.get_by_label("Email").fill(email)
    page.get_by_label(re.compile("^Password")).fill(PASSWORD)
    click(page.get_by_role("main").get_by_role("button", name="Make account"), sends_form=True)
    expect(page.get_by_role("heading", level=1)).to_have_text("Look in your inbox")

    link = re.search(r"http\S+/verify/\S+", world.mail(email, "verify")["text"])
    assert link
    page.goto(link.group())
    click(page.get_by_role("button", name="Verify address"))
    page.wait_for_url("**/student")
    world.give(email, slug)
    page.reload()

    click(page.get_by_role("main").get_by_role("link", name=re.compile("^(Book|Pick)")).first)
    click(page.get_by_role("link", name=f"See times of {uma.name}"))
    label = labels(page)[1]
    click(time_named(page, label))
    agenda(page).fill("Which NITs are realistic?\nMy rank is 12,000.")
    click(confirm(page), sends_form=True)
    expect_session_page(page, "Requested")
    assert click.clicks <= MOST_CLICKS
    assert click.forms <= MOST_FORMS

    desk = visit()
    desk.goto("/login")
    desk.get_by_label("Email").fill(uma.person.email)
    desk.get_by_label("Password", exact=True).fill(PASSWORD)
    desk.get_by_role("button", name="Sign in", exact=True).click()
    desk.wait_for_url("**/counsellor")
    request = desk.get_by_role("article", name="Asha Menon")
    expect(request).to_contain_text("Which NITs are realistic?")
    request.get_by_role("button", name="Accept").click()
    expect(desk.get_by_text("Accepted. Asha Menon is told by mail.")).to_be_visible()
    expect(desk.get_by_role("article", name="Asha Menon")).to_have_count(0)

    page.reload()
    expect(page.locator(".chip", has_text="Confirmed").first).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text(label)
    desk.goto("/counsellor/sessions")
    desk.get_by_role("row").or_(desk.get_by_role("listitem")).filter(has_text="Asha Menon").get_by_role("link").click()
    expect(desk.get_by_role("main")).to_contain_text("My rank is 12,000.")

    for to in (email, uma.person.email):
        mail = world.mail(to, "confirmed")
        calendar = next(file for file in mail["attachments"] if file["filename"].endswith(".ics"))
        assert "BEGIN:VEVENT" in calendar["text"]
    viewer = visit()
    viewer.goto(f"/dev/mail?to={email}")
    viewer.get_by_role("link", name=re.compile("confirmed", re.IGNORECASE)).first.click()
    expect(viewer.get_by_role("link", name=re.compile(r"\.ics"))).to_be_visible()
