"""Buying, as people go: success, a declined card, leaving and coming back, late money, a full coupon, a refund."""

from __future__ import annotations

import datetime as dt
import io
import re
import uuid

from playwright.sync_api import Page, expect
from pypdf import PdfReader
from sqlalchemy import select

from tests.browser.conftest import Watched
from tests.browser.steps import (
    agenda,
    expect_session_page,
    labels,
    time_named,
)
from tests.browser.world import PASSWORD, Counselling, Person, World
from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.core import clock
from webapp.core.db import db
from webapp.payments.models import Coupon, DiscountType, Order

ORDER = re.compile(r"/orders/order_\w+$")
DONE = re.compile(r"/orders/order_\w+/done$")
GATEWAY = re.compile(r"/sandbox/checkout/\w+$")


def keep_a_time(page: Page, slug: str, *, which: int = 0) -> str:
    """From the package's page to the checkout, with a time kept; return the time's label."""
    page.goto(f"/packages/{slug}")
    page.get_by_role("main").get_by_role("link", name="Pick a time first").click()
    label = labels(page)[which]
    time_named(page, label).click()
    agenda(page).fill("Which NITs are realistic?")
    page.get_by_role("button", name="Keep this time and go on").click()
    page.wait_for_url(ORDER)
    expect(page.get_by_role("timer", name="Time left to pay")).to_have_text(re.compile(r"\d+ min|\d:\d\d"))
    return label


def to_the_gateway(page: Page) -> None:
    """Press the button that pays."""
    page.get_by_role("button", name=re.compile("^Pay ₹")).click()
    page.wait_for_url(GATEWAY)


def pay(page: Page) -> None:
    """Pay at the sandbox and come back by itself."""
    page.get_by_role("button", name=re.compile("^Pay ₹")).click()
    page.wait_for_url(DONE)


def sold(world: World, **package: int) -> tuple[Counselling, str]:
    """Make a counsellor and a package with them."""
    uma = world.counsellor("Dr. Uma Rao")
    return uma, world.package(uma, **package)


def test_a_package_with_its_first_time_from_page_to_session(world: World, visit: Watched) -> None:
    _, slug = sold(world)
    ira = world.student()
    page = visit(ira)
    label = keep_a_time(page, slug)
    to_the_gateway(page)
    pay(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("All set, Ira.")
    expect(page.get_by_role("main")).to_contain_text(label)

    with page.expect_download() as receipt:
        page.evaluate("document.querySelector('a[href$=\".pdf\"]').setAttribute('download', '')")
        page.get_by_role("link", name="Receipt as PDF").click()
    text = PdfReader(io.BytesIO(receipt.value.path().read_bytes())).pages[0].extract_text()
    assert "Ira Sen" in text
    assert "₹4,999" in text

    page.get_by_role("link", name="Open session page").click()
    expect_session_page(page, "Confirmed")
    expect(page.get_by_role("main")).to_contain_text("Which NITs are realistic?")
    assert "₹4,999" in world.mail(ira.email, "receipt")["text"]
    page.goto("/payments")
    expect(page.get_by_role("main")).to_contain_text("₹4,999 received")


def test_a_visitor_comes_back_from_signing_in_to_exactly_that_time(world: World, visit: Watched) -> None:
    _, slug = sold(world)
    ira = world.student()
    page = visit()
    page.goto(f"/packages/{slug}")
    page.get_by_role("main").get_by_role("link", name="Pick a time first").click()
    label = labels(page)[1]
    time_named(page, label).click()
    expect(page.locator("#confirm")).to_contain_text("Your session")
    page.locator("#confirm").get_by_role("link", name="Sign in").click()
    page.get_by_label("Email").fill(ira.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(re.compile(r"/book/counsellor_\w+\?at=.*package="))
    expect(time_named(page, label)).to_have_attribute("aria-current", "true")
    page.get_by_role("button", name="Keep this time and go on").click()
    page.wait_for_url(ORDER)
    expect(page.locator("#hold")).to_contain_text(label)


def test_a_declined_card_keeps_order_and_time(world: World, visit: Watched) -> None:
    _, slug = sold(world)
    page = visit(world.student())
    label = keep_a_time(page, slug)
    address = page.url
    to_the_gateway(page)
    page.get_by_role("button", name="Let the bank decline it").click()
    page.get_by_role("link", name="Go back to Disha").click()
    page.wait_for_url(f"{address}?failed=1")
    expect(page.get_by_role("alert")).to_contain_text("The payment did not go through.")
    expect(page.locator("#hold")).to_contain_text(label)
    to_the_gateway(page)
    pay(page)
    assert page.url.startswith(address)
    expect(page.get_by_role("main")).to_contain_text(label)


def test_leaving_and_coming_back_from_home_pays_the_same_order(world: World, visit: Watched) -> None:
    _, slug = sold(world)
    page = visit(world.student())
    label = keep_a_time(page, slug)
    address = page.url
    to_the_gateway(page)
    page.get_by_role("link", name=re.compile("Abandon")).click()
    page.wait_for_url(address)
    page.goto("/student")
    kept = page.get_by_role("region", name="A time kept for you")
    expect(kept).to_contain_text(label)
    expect(kept.get_by_role("timer")).to_be_visible()
    kept.get_by_role("link", name="Pay ₹4,999 to book it").click()
    page.wait_for_url(address)
    to_the_gateway(page)
    pay(page)
    assert page.url.startswith(address)


def test_late_money_keeps_the_session_and_offers_the_nearest_times(world: World, visit: Watched) -> None:
    uma, slug = sold(world)
    ira = world.student()
    page = visit(ira)
    label = keep_a_time(page, slug)
    to_the_gateway(page)
    world.write(lambda: _let_it_run_out(ira))
    rival = world.enrolled(uma)
    world.book(rival, uma, _wanted_by(world, ira))
    pay(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Paid, Ira. Choose another time.")
    expect(page.get_by_role("main")).to_contain_text(f"We could no longer keep {_when(world, ira)}")
    near = page.get_by_role("main").get_by_role("link", name=re.compile(r"\d [AP]M IST$"))
    other = near.first.inner_text()
    assert label not in other
    near.first.click()
    expect(page.get_by_role("button", name="Confirm session")).to_be_enabled()
    page.get_by_role("button", name="Confirm session").click()
    expect_session_page(page, "Confirmed")
    assert "Nothing is lost" in world.mail(ira.email, "had run out")["text"]


def _let_it_run_out(person: Person) -> None:
    for held in db.session.scalars(
        select(CounsellingSession).where(
            CounsellingSession.student_id == person.id, CounsellingSession.status == SessionStatus.HELD
        )
    ):
        held.expires_at = clock.now() - dt.timedelta(seconds=1)


def _wanted_by(world: World, person: Person) -> dt.datetime:
    wanted = select(Order.wanted_starts_at).where(Order.user_id == person.id)
    found = world.write(lambda: db.session.scalars(wanted).one())
    assert found
    return found


def _when(world: World, person: Person) -> str:
    start = _wanted_by(world, person).astimezone(dt.timezone(dt.timedelta(hours=5, minutes=30)))
    return f"{start:%a}, {start.day} {start:%b %Y}"


def test_a_coupon_for_everything_needs_no_bank(world: World, visit: Watched) -> None:
    _, slug = sold(world)
    code = f"FREE-{uuid.uuid4().hex[:8].upper()}"
    world.write(lambda: _make_coupon(code))
    page = visit(world.student())
    page.goto(f"/packages/{slug}")
    page.get_by_role("main").get_by_role("link", name="Buy now, book later").click()
    field = page.get_by_label(re.compile("^Coupon"))
    field.fill("NOT-THIS")
    page.get_by_role("button", name="Apply coupon").click()
    expect(page.get_by_text("We don't know this coupon. Check the spelling.")).to_be_visible()
    expect(field).to_have_value("NOT-THIS")
    expect(page.locator("#coupon_code")).to_be_focused()
    field.fill(code.lower())
    field.press("Enter")
    expect(page.locator("#order-summary")).to_contain_text(f"{code} takes off ₹4,999")
    expect(page.locator("#live")).to_contain_text(code)
    page.get_by_role("button", name="Get it for ₹0").click()
    page.wait_for_url(DONE)
    expect(page.get_by_role("heading", level=1)).to_contain_text("is yours.")
    page.get_by_role("link", name="Choose a time").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Book a session")


def _make_coupon(code: str) -> None:
    since = clock.now() - dt.timedelta(days=1)
    db.session.add(Coupon(code=code, discount_type=DiscountType.PERCENT, discount_value=100, valid_from=since))


def test_a_refund_is_asked_for_with_a_reason(world: World, visit: Watched) -> None:
    _, slug = sold(world)
    ira = world.student()
    page = visit(ira)
    page.goto(f"/checkout/{slug}")
    to_the_gateway(page)
    pay(page)
    page.goto("/payments")
    page.get_by_role("link", name=re.compile("^Ask for a refund")).click()
    page.get_by_role("button", name="Ask for a refund").click()
    expect(page.locator("#reason-error")).to_contain_text("Say in a few words why")
    page.get_by_label("Why should we refund this?").fill("We moved abroad.")
    page.get_by_role("button", name="Ask for a refund").click()
    page.wait_for_url("**/payments")
    expect(page.get_by_role("main")).to_contain_text("Refund asked for")
    expect(page.get_by_role("main")).to_contain_text("We moved abroad.")
    assert "We moved abroad." in world.mail(ira.email, "refund request")["text"]


def test_without_scripts_on_a_phone_it_is_bought_all_the_same(world: World, visit: Watched) -> None:
    _, slug = sold(world)
    page = visit(world.student(), java_script_enabled=False, viewport={"width": 390, "height": 844})
    page.goto(f"/packages/{slug}")
    page.get_by_role("link", name="Pick a time", exact=True).click()
    page.locator("#slot-list").get_by_role("link").first.click()
    page.get_by_role("button", name="Keep this time and go on").click()
    page.wait_for_url(ORDER)
    page.get_by_label(re.compile("^Coupon")).fill("NOPE")
    page.get_by_role("button", name="Apply coupon").click()
    expect(page.get_by_text("We don't know this coupon")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Pay ₹")).click()
    page.get_by_role("button", name=re.compile("^Pay ₹")).click()
    page.get_by_role("button", name="Return to Disha").click()
    page.wait_for_url(DONE)
    for address in (page.url, "/payments"):
        page.goto(address)
        assert page.get_by_role("heading", level=1).is_visible()
