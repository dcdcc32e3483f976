"""A reminder on a phone: from the mail to the session and Join, and how one asks for no more of them."""

from __future__ import annotations

import datetime as dt
import re

from playwright.sync_api import expect

from tests.browser.conftest import Watched
from tests.browser.steps import address_in, expect_no_sideways_scroll
from tests.browser.world import World
from webapp.core import clock
from webapp.devtools.mailbox import list_mails

PHONE = {"width": 390, "height": 844}


def test_a_reminder_leads_to_join_and_can_be_refused(world: World, visit: Watched) -> None:
    uma = world.counsellor()
    ira = world.enrolled(uma)
    start = clock.now() + dt.timedelta(minutes=9)
    session = world.session_at(ira, uma, start, remind_at=start - dt.timedelta(hours=1))
    page = visit(ira.person, viewport=PHONE, has_touch=True, is_mobile=True)
    assert page.request.post("/dev/sweep").ok
    mail = world.mail(ira.person.email, "reminder")
    page.goto(address_in(mail, rf"/sessions/{session}\b"))
    join = page.get_by_role("link", name="Join")
    expect(join).to_have_attribute("href", re.compile("^https://meet.jit.si/"))
    expect(join).not_to_have_attribute("aria-disabled", "true")
    expect_no_sideways_scroll(page)
    page.goto("/inbox?group=reminders")
    page.get_by_role("button", name=re.compile("Starts at")).first.click()
    page.wait_for_url(f"**/sessions/{session}")

    letter = dict(list_mails(world.running.data_dir / "mail", to=ira.person.email)[0].headers)
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    out = letter["List-Unsubscribe"].strip("<>")
    assert visit(None).request.post(out, form={"List-Unsubscribe": "One-Click"}).ok
    page.goto("/account/notifications")
    box = page.get_by_role("checkbox", name="The day and the hour before a session: Mail")
    expect(box).not_to_be_checked()
    expect(page.get_by_text("Always on, inbox and mail:").first).to_be_visible()
    expect_no_sideways_scroll(page)
    box.check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("Saved.")
    page.goto(out)
    expect(page.get_by_role("button", name="Stop these mails")).to_be_visible()
