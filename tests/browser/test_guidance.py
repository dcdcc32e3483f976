"""A question to us, by keyboard on a phone: from the landing page to a ticket, past a mistake and too quick a hand."""

from __future__ import annotations

import re
import uuid

from playwright.sync_api import expect

from tests.browser.axe import expect_accessible
from tests.browser.conftest import Watched
from tests.browser.steps import expect_no_sideways_scroll, tab_to
from tests.browser.world import World


def test_a_question_by_keyboard_from_the_landing_page(world: World, visit: Watched) -> None:
    email = f"rohan.{uuid.uuid4().hex[:8]}@example.com"
    page = visit(None, viewport={"width": 390, "height": 844})
    page.goto("/?utm_source=poster")
    form = page.locator("#inquiry-form")
    name, send = form.get_by_role("textbox", name="Your name"), form.get_by_role("button", name="Send my question")
    name.focus()
    for word, field in (("Rohan Das", "Your name"), ("98300", "Phone"), (email, "Email")):
        tab_to(page, form.get_by_role("textbox", name=field))
        page.keyboard.type(word)
    tab_to(page, form.get_by_role("combobox", name="Exam"))
    page.keyboard.type("NEET")
    tab_to(page, form.get_by_role("textbox", name=re.compile("What would you like")))
    page.keyboard.type("Which round comes next?")
    tab_to(page, form.get_by_role("checkbox"))
    page.keyboard.press("Space")
    tab_to(page, send)
    page.wait_for_timeout(3_100)  # a form that comes sooner was not filled in by a person
    page.keyboard.press("Enter")
    phone = form.get_by_role("textbox", name="Phone")
    expect(phone).to_be_focused()
    expect(form.get_by_role("alert")).to_contain_text("Give ten digits")
    expect(form.get_by_role("combobox", name="Exam")).to_have_value("neet")
    expect_accessible(page)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("98300 41270")
    tab_to(page, send)
    page.keyboard.press("Enter")
    expect(form.get_by_role("heading", name="We have your question")).to_be_focused()
    ticket = re.search(r"INQ-\d{4}-\d{5}", form.inner_text())
    assert ticket
    expect_accessible(page)
    expect_no_sideways_scroll(page)
    assert world.mail(email, "we have your question")["subject"].startswith(ticket.group(0))
