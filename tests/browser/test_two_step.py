"""Two-step sign-in as a person meets it: an app, backup codes, Chromium's virtual authenticator, devices."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from tests.browser.axe import expect_accessible
from tests.browser.conftest import Watched
from tests.browser.world import PASSWORD, Person, World
from webapp.accounts import codes
from webapp.core import clock

SECURITY = "/account/security"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def give_password(page: Page, person: Person) -> None:
    page.goto("/login")
    page.get_by_label("Email").fill(person.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page) -> None:
    page.locator("summary", has_text="Account menu").click()
    page.get_by_role("button", name="Sign out", exact=True).last.click()
    expect(page.get_by_text("You are signed out.").first).to_be_visible()


def test_app_then_passkey_then_the_other_device_goes(world: World, visit: Watched) -> None:
    person = world.student("Kiran Das")
    port = urlsplit(world.running.address).port
    page = visit(base_url=f"http://localhost:{port}")  # a passkey belongs to a name, not to a number
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})

    give_password(page, person)
    page.wait_for_url("**/student")
    page.goto(SECURITY)
    page.get_by_role("button", name="Set up with an app").click()
    expect(page.get_by_role("img", name=re.compile("^QR code"))).to_be_visible()
    secret = page.get_by_label("Secret").input_value().replace(" ", "")
    page.get_by_label("Code of six digits").fill(codes.code_of_step(secret, codes.step_at(clock.now())))
    page.get_by_role("button", name="Turn on").click()
    page.wait_for_url(f"**{SECURITY}/codes")
    backup = page.locator(".codes li").all_inner_texts()
    assert len(backup) == 10
    expect_accessible(page)
    with page.expect_download() as file:
        page.get_by_role("link", name="Download").click()
    assert set(backup) <= set(file.value.path().read_text().splitlines())

    page.get_by_role("link", name="I have kept them").click()
    page.get_by_text("Add a passkey").first.click()
    adding = page.locator("#passkeys form").last
    adding.get_by_label("Name").fill("My laptop")
    adding.get_by_label("Password").fill("wrong")
    adding.get_by_role("button", name="Add a passkey").click()
    expect(adding.get_by_role("alert")).to_have_text("This is not your current password.")
    adding.get_by_label("Password").fill(PASSWORD)
    adding.get_by_role("button", name="Add a passkey").click()
    expect(page.locator("#passkeys").get_by_role("listitem")).to_contain_text("My laptop")

    sign_out(page)
    give_password(page, person)
    page.get_by_label("Code").fill(codes.code_of_step(secret, codes.step_at(clock.now())))
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/student")

    phone = visit(base_url=f"http://localhost:{port}", user_agent="Mozilla/5.0 (iPhone) Version/17.5 Safari/604.1")
    give_password(phone, person)
    phone.get_by_label("Code").fill(backup[0].lower())
    phone.get_by_role("button", name="Sign in", exact=True).click()
    phone.wait_for_url("**/student")
    assert "Safari on iPhone" in world.mail(person.email, "New sign-in")["text"]

    sign_out(page)
    give_password(page, person)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/student")

    page.goto(SECURITY)
    expect(page.get_by_text("9 of 10 left")).to_be_visible()
    page.get_by_role("button", name="Sign out Safari on iPhone").click()
    expect(page.get_by_text("Safari on iPhone is signed out.").first).to_be_visible()
    phone.reload()
    expect(phone).to_have_url(re.compile(r"/login\?next="))
