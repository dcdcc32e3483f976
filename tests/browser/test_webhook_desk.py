"""An admin connects another system: its secret, a signed event, a receiver that fails, the log, sending again."""

from __future__ import annotations

import hashlib
import hmac
import json
import re

from playwright.sync_api import expect

from tests.browser.axe import expect_accessible
from tests.browser.conftest import Watched
from tests.browser.steps import in_days
from tests.browser.world import World
from tests.webhooks.receiver import Receiver, Taken, receiving, wait_until


def about(receiver: Receiver, word: str) -> list[Taken]:
    """What has arrived with this word in it; other tests book sessions meanwhile."""
    return [taken for taken in receiver.taken if word in taken.body.decode()]


def test_a_receiver_is_connected_fails_and_gets_it_again(world: World, visit: Watched) -> None:
    page = visit(world.admin())
    with receiving() as receiver:
        page.goto("/admin/webhooks/new")
        address = page.get_by_label("Address")
        address.fill("http://169.254.169.254/latest/meta-data")
        page.get_by_role("checkbox", name=re.compile("A session is confirmed")).check()
        page.get_by_role("button", name="Add webhook").click()
        expect(page.get_by_role("alert")).to_contain_text("link-local")
        expect(address).to_have_value("http://169.254.169.254/latest/meta-data")
        expect_accessible(page)
        address.fill(receiver.url("/ok"))
        page.get_by_role("button", name="Add webhook").click()
        secret = page.get_by_role("textbox", name="Secret").input_value()
        home = page.url

        uma = world.counsellor()
        session = world.book(world.enrolled(uma), uma, in_days(4))
        wait_until(lambda: about(receiver, session), 20)
        (taken,) = about(receiver, session)
        assert json.loads(taken.body)["event"] == "counselling.session.booked"
        signed = taken.headers["x-disha-timestamp"].encode() + b"." + taken.body
        assert taken.headers["x-disha-signature"] == hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()

        page.get_by_role("link", name="Edit").click()
        address.fill(receiver.url("/fail"))
        page.get_by_role("button", name="Save changes").click()
        expect(page.get_by_role("main")).to_contain_text(receiver.url("/fail"))
        page.get_by_role("button", name="Send test event").click()
        expect(page.locator("#toasts")).to_contain_text("A test event is on its way.")
        wait_until(lambda: about(receiver, "webhook.test"), 20)
        page.get_by_label("Event").select_option("webhook.test")
        line = page.get_by_role("row").filter(has_text="webhook.test")
        expect(line).to_contain_text("Will be retried")
        expect(line).to_contain_text("500")
        expect_accessible(page)
        page.get_by_role("link", name="Edit").click()
        address.fill(receiver.url("/ok"))
        page.get_by_role("button", name="Save changes").click()
        expect(page.get_by_role("main")).to_contain_text(receiver.url("/ok"))
        line.get_by_role("link").click()
        page.get_by_role("button", name="Send again").click()
        expect(page.locator("#delivery .chip", has_text="Delivered")).to_be_visible()
        first, again = about(receiver, "webhook.test")
        assert first.delivery == again.delivery

        page.goto(home)
        page.get_by_role("link", name="Delete").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete webhook").click()
        page.wait_for_url("**/admin/webhooks")
