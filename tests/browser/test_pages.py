"""Every page for everyone: accessible at both widths and in both themes, quiet console, nothing sideways."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.axe import expect_accessible
from tests.browser.conftest import Watched
from tests.browser.pages import NOT_PAGES, PAGES, VISITOR, Demo
from tests.browser.steps import expect_no_sideways_scroll
from tests.browser.world import World

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}

OWN_LOOK = "/sandbox/"  # plays another company's page: follows the system by style sheet alone


@pytest.fixture(scope="session")
def demo(world: World) -> Demo:
    """The people and things of the demo."""
    return Demo(world)


@pytest.mark.parametrize(("role", "template"), PAGES, ids=[f"{role} {address}" for role, address in PAGES])
def test_page_is_fit_for_everybody(visit: Watched, demo: Demo, role: str, template: str) -> None:
    page = visit(demo.person(role), viewport=WIDE)
    visit.allow(r"status of (404|403|410)")
    answer = page.goto(demo.address(template))
    assert answer
    assert answer.status < 500
    assert page.locator("main").count() == 1
    assert page.locator("h1").count() == 1
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)  # type: ignore[arg-type]  # a TypedDict of Playwright's own
        expect_no_sideways_scroll(page)
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            if not template.startswith(OWN_LOOK):
                expect(page.locator("html")).to_have_attribute("data-bs-theme", theme)
            expect_accessible(page)


def test_every_page_of_the_app_is_in_the_list(demo: Demo) -> None:
    adapter = demo.world.app.url_map.bind("127.0.0.1")
    listed = set()
    for role, template in PAGES:
        path = re.sub(r"\{\w+\}", "x", template).partition("?")[0]
        if path != "/nowhere":
            listed.add(adapter.match(path, method="GET")[0])
        assert role
    pages = {rule.endpoint for rule in demo.world.app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert pages - listed - NOT_PAGES == set()


def test_refused_forms_are_accessible_too(visit: Watched) -> None:
    page = visit(None)
    page.goto("/login")
    page.get_by_label("Email").fill("nobody@pupil.test")
    page.get_by_label("Password", exact=True).fill("not this one")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect_accessible(page)
    page.goto("/signup")
    page.get_by_label("Email").fill("nobody@pupil.test")
    page.get_by_label("Name", exact=False).first.fill("N")
    page.get_by_label(re.compile("^Password")).fill("short")
    page.get_by_role("button", name="Make account").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("[aria-invalid=true]").first).to_be_visible()
    expect_accessible(page)


def test_menus_open_by_hand_and_stay_accessible(visit: Watched, demo: Demo) -> None:
    for role, address in (("student", "/student"), ("admin", "/admin"), (VISITOR, "/")):
        page = visit(demo.person(role), viewport=NARROW)
        page.goto(address)
        for menu in page.locator("header details.menu > summary:visible").all():
            menu.click()
            expect_accessible(page)
            page.keyboard.press("Escape")
