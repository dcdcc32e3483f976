"""A day at the desk: leads triaged, one converted, a package made, a refund decided; by mouse, then by keyboard."""

from __future__ import annotations

import re
import uuid

from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from tests.browser.conftest import Watched
from tests.browser.steps import tab_to
from tests.browser.test_money import pay, sold, to_the_gateway
from tests.browser.world import World
from webapp.core import clock
from webapp.core.db import db
from webapp.enrolments.models import Enrolment
from webapp.inquiries.models import Inquiry, InquiryStatus
from webapp.inquiries.rules import InquiryInput
from webapp.inquiries.services import submit_inquiry

FAIR = 20


def leads_of_a_fair(world: World, number: int) -> str:
    """Take in some inquiries of one source; return the source. Every third is about NEET."""
    source = f"fair-{uuid.uuid4().hex[:8]}"

    def work() -> None:
        for one in range(number):
            entry = InquiryInput(
                name=f"Visitor {one + 1:02d}",
                email=f"{source}-{one}@example.com",
                phone=f"+9198{uuid.uuid4().int % 10**8:08d}",
                exam="neet" if one % 3 == 0 else "jee-main",
                message="Which colleges are realistic?",
                source=source,
            )
            submit_inquiry(entry=entry, now=clock.now(), notify_people=False)

    world.write(work)
    return source


def states(world: World, source: str) -> dict[str, int]:
    """Return how many leads of a source are in which state."""

    def work() -> dict[str, int]:
        found: dict[str, int] = {}
        for status in db.session.scalars(select(Inquiry.status).where(Inquiry.source == source)):
            found[status.value] = found.get(status.value, 0) + 1
        return found

    return world.write(work)


def refund_asked_for(world: World, visit: Watched, name: str) -> None:
    """Let a student buy and ask for the money back."""
    _, slug = sold(world)
    page = visit(world.student(name))
    page.goto(f"/checkout/{slug}")
    to_the_gateway(page)
    pay(page)
    page.goto("/payments")
    page.get_by_role("link", name=re.compile("^Ask for a refund")).click()
    page.get_by_label("Why should we refund this?").fill("We moved abroad.")
    page.get_by_role("button", name="Ask for a refund").click()
    page.wait_for_url("**/payments")


def given(world: World, source: str) -> str:
    """Return the title of what the converted lead of a source was given."""

    def work() -> str:
        wanted = (
            select(Enrolment.title)
            .join(Inquiry, Inquiry.converted_enrolment_id == Enrolment.id)
            .where(Inquiry.source == source, Inquiry.status == InquiryStatus.CONVERTED)
        )
        return db.session.scalars(wanted).one()

    return world.write(work)


def test_a_day_by_mouse(world: World, visit: Watched) -> None:
    source = leads_of_a_fair(world, FAIR)
    world.package()
    refund_asked_for(world, visit, "Kavya Reddy")
    admin = world.admin()
    page = visit(admin)
    _triage(page, source)
    assert states(world, source) == {"new": 6, "contacted": 7, "closed": 7}
    _call_and_convert(page)
    assert states(world, source) == {"new": 5, "contacted": 7, "closed": 7, "converted": 1}
    assert given(world, source) == "JEE Plan"
    _drag_a_card(page, world, source)
    _make_a_package(page)
    page.goto("/admin/refunds")
    page.get_by_role("link", name=re.compile("request of Kavya Reddy")).first.click()
    page.get_by_role("button", name="Approve and send").click()
    expect(page.get_by_role("main")).to_contain_text("on its way")


def _triage(page: Page, source: str) -> None:
    """Seven are contacted one by one, seven NEET ones closed at once; all are mine."""
    page.goto(f"/admin/leads?source={source}")
    expect(page.locator("#lead-list")).to_contain_text(f"{FAIR} leads")
    page.get_by_label("Choose Visitor 20").check()
    page.get_by_label(re.compile("chosen$")).check()
    page.get_by_label("Assign to").select_option(label="Omar Khan")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_label("Assignee of Visitor 20")).not_to_have_value("")
    page.get_by_label("Exam", exact=True).select_option(label="NEET")
    expect(page.locator("#lead-list")).to_contain_text("7 leads")
    page.get_by_label("Choose Visitor 01").check()
    page.get_by_label(re.compile("chosen$")).check()
    page.get_by_label("Set status").select_option(label="Closed")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("No leads here")).to_be_visible()
    page.goto(f"/admin/leads?source={source}")
    for number in (2, 3, 5, 6, 8, 9, 11):
        name = f"Visitor {number:02d}"
        with page.expect_response("**/row"):
            page.get_by_label(f"Status of {name}").select_option("contacted")
        expect(page.get_by_label(f"Status of {name}")).to_have_value("contacted")


def _call_and_convert(page: Page) -> None:
    page.get_by_role("link", name="Visitor 12").click()
    drawer = page.get_by_role("complementary")
    drawer.get_by_text("Log a call").click()
    drawer.get_by_label(re.compile("What was said")).fill("Wants the JEE plan, mother agrees.")
    drawer.get_by_role("button", name="Write call down").click()
    expect(drawer.get_by_text("mother agrees")).to_be_visible()
    drawer.get_by_role("link", name="Convert").click()
    page.get_by_role("combobox", name="Package").select_option(index=_plan(page))
    page.get_by_label("Give the package now").check()
    page.get_by_label(re.compile("^Reason")).fill("Won at the fair.")
    page.get_by_role("button", name="Convert").click()
    expect(page.get_by_role("main")).to_contain_text("A student since")


def _plan(page: Page) -> int:
    """Return where the first package of the world's stands in the list."""
    names = page.get_by_role("combobox", name="Package").locator("option").all_inner_texts()
    return next(number for number, name in enumerate(names) if name.startswith("JEE Plan"))


def _drag_a_card(page: Page, world: World, source: str) -> None:
    page.goto(f"/admin/leads/board?source={source}")
    card = page.locator("article", has_text="Visitor 14")
    card.drag_to(page.locator("[data-column=contacted]"), target_position={"x": 60, "y": 60})
    expect(page.locator("[data-column=contacted]").get_by_role("link", name="Visitor 14").first).to_be_visible()
    expect(page.locator("#live")).not_to_be_empty()
    assert states(world, source)["contacted"] == 8


def _make_a_package(page: Page) -> None:
    name = f"Fair offer {uuid.uuid4().hex[:6]}"
    page.goto("/admin/packages")
    page.get_by_role("link", name="Package", exact=True).click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Exam", exact=True).select_option(label="JEE")
    page.get_by_label("Price", exact=True).fill("9999")
    page.get_by_label("Discount price").fill("7999")
    page.get_by_label("Discount price").blur()
    expect(page.get_by_label("or per cent off")).to_have_value("20")
    page.get_by_label(re.compile("^Valid")).fill("180")
    page.get_by_role("button", name="Make package").click()
    page.wait_for_url(re.compile(r"/admin/packages/pkg_\w+"))
    page.goto(f"/packages/{name.lower().replace(' ', '-')}")
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


def test_a_day_by_keyboard_alone(world: World, visit: Watched) -> None:
    source = leads_of_a_fair(world, 3)
    refund_asked_for(world, visit, "Tarun Gill")
    page = visit(world.admin())
    page.goto("/admin")
    page.keyboard.press("Control+k")
    page.keyboard.type(f"{source}-0", delay=5)
    found = (
        page.get_by_role("dialog")
        .get_by_role("option", name=re.compile("Visitor 01"))
        .or_(page.get_by_role("dialog").get_by_role("link", name=re.compile("Visitor 01")))
    )
    expect(found.first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/admin/leads/inquiry_\w+"))
    _choose(page, page.locator("#d-status"), "c")
    expect(page.locator(".chip", has_text="Contacted").first).to_be_visible()
    _board_menu(page, source)
    assert states(world, source) == {"new": 1, "contacted": 2}
    _convert_by_keys(page, source)
    assert states(world, source) == {"new": 1, "contacted": 1, "converted": 1}
    _package_by_keys(page)
    page.goto("/admin/refunds")
    _press(page, page.get_by_role("link", name=re.compile("request of Tarun Gill")).first)
    page.wait_for_url("**/admin/refunds/**")
    tab_to(page, page.get_by_label(re.compile("^(Answer|Your answer)")))
    page.keyboard.type("The term has begun; we cannot take it back.")
    _press(page, page.get_by_role("button", name="Decline"))
    expect(page.get_by_role("main")).to_contain_text("declined", ignore_case=True)


def _press(page: Page, there: Locator, key: str = "Enter") -> None:
    tab_to(page, there, most=120)
    page.keyboard.press(key)


def _choose(page: Page, there: Locator, first_letter: str) -> None:
    tab_to(page, there, most=120)
    page.keyboard.type(first_letter)


def _board_menu(page: Page, source: str) -> None:
    page.goto(f"/admin/leads/board?source={source}")
    card = page.locator("article", has_text="Visitor 02")
    _press(page, card.locator("summary"))
    _press(page, card.get_by_role("button", name="Move to Contacted"))
    expect(page.locator("[data-column=contacted]").get_by_role("link", name="Visitor 02").first).to_be_visible()


def _convert_by_keys(page: Page, source: str) -> None:
    page.goto(f"/admin/leads?source={source}&status=contacted")
    _press(page, page.get_by_role("link", name="Visitor 02"))
    drawer = page.get_by_role("complementary")
    expect(drawer.get_by_role("heading", name="Visitor 02")).to_be_focused()
    _press(page, drawer.get_by_role("link", name="Convert"))
    page.wait_for_url("**/convert**")
    _press(page, page.get_by_role("button", name="Convert"))
    expect(page.get_by_role("main")).to_contain_text("A student since")


def _package_by_keys(page: Page) -> None:
    page.goto("/admin/packages/new")
    _type(page, "Name", f"Keys {uuid.uuid4().hex[:6]}")
    _choose(page, page.get_by_label("Exam", exact=True), "W")
    _type(page, "Price", "4999")
    _type(page, "Valid for", "90")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/admin/packages/pkg_\w+"))
    expect(page.get_by_label("Exam", exact=True)).to_have_value("wbjee")


def _type(page: Page, label: str, text: str) -> None:
    tab_to(page, page.get_by_label(label, exact=True), most=120)
    page.keyboard.press("Control+a")
    page.keyboard.type(text)
