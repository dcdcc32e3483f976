"""Every page for everyone: accessible at both widths and in both themes, quiet console, nothing sideways."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import NARROW, WIDE, bring_along, expect_accessible, expect_fit_for_everybody
from tests.browser.conftest import Contexts, Watched
from tests.browser.pages import NOT_PAGES, PAGES, VISITOR, Demo
from tests.browser.world import World

OWN_LOOK = "/sandbox/"  # plays another company's page: follows the system by style sheet alone


@pytest.fixture(scope="session")
def demo(world: World) -> Demo:
    """The people and things of the demo."""
    return Demo(world)


class Lookers:
    """Who looks: a page each for all its addresses, so that styles and scripts are fetched once."""

    def __init__(self, watched: Watched, demo: Demo) -> None:
        self.watched = watched
        self.demo = demo
        self.pages: dict[str, Page] = {}

    def page(self, role: str) -> Page:
        """The page of one who looks, wide and light."""
        if role not in self.pages:
            self.pages[role] = self.watched(self.demo.person(role))
            bring_along(self.pages[role].context)
        self.watched.complaints.clear()
        page = self.pages[role]
        page.set_viewport_size(WIDE)
        page.emulate_media(color_scheme="light")
        return page


@pytest.fixture(scope="module")
def lookers(contexts: Contexts, world: World, demo: Demo) -> Iterator[Lookers]:
    """Everybody of the list."""
    watched = Watched(contexts, world)
    watched.allow(r"status of (404|403|410)")
    yield Lookers(watched, demo)
    watched.close()


@pytest.mark.parametrize(("role", "template"), PAGES, ids=[f"{role} {address}" for role, address in PAGES])
def test_page_is_fit_for_everybody(lookers: Lookers, role: str, template: str) -> None:
    page = lookers.page(role)
    answer = page.goto(lookers.demo.address(template))
    assert answer
    assert answer.status < 500
    assert page.evaluate("['main', 'h1'].map((name) => document.querySelectorAll(name).length)") == [1, 1]
    expect_fit_for_everybody(page, switches=not template.startswith(OWN_LOOK))
    assert not lookers.watched.complaints, "\n".join(lookers.watched.complaints)


def test_every_page_of_the_app_is_in_the_list(demo: Demo) -> None:
    adapter = demo.world.app.url_map.bind("127.0.0.1")
    listed = set()
    for role, template in PAGES:
        path = re.sub(r"\{\w+\}", "x", template).partition("?")[0]
        if path != "/nowhere":
            listed.add(adapter.match(path, method="GET")[0])
        assert role
    rules = demo.world.app.url_map.iter_rules()
    pages = {
        rule.endpoint
        for rule in rules
        if "GET" in (rule.methods or ()) and (not rule.rule.startswith("/api/") or "/docs" in rule.rule)
    }
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
