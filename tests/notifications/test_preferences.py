"""Preferences: what is fixed, what is kept, and that telling follows them, whatever they are."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy.orm import Session

from tests.notifications.people import inbox_of, outbox, reader_of, say, somebody, tell
from tests.pages import Browser
from webapp.core.db import transaction
from webapp.core.errors import ValidationFailed
from webapp.notifications.kinds import ALWAYS, KINDS, Kind, Way, kinds_for
from webapp.notifications.models import DeliveryStatus, Notification, NotificationPreference, OutboxMail
from webapp.notifications.presenters import sections_for
from webapp.notifications.queries import chosen_ways, preferences_of
from webapp.notifications.services import save_preferences

pytestmark = pytest.mark.usefixtures("db_session")
URL = "/account/notifications"
WAYS = [Way.INBOX, Way.MAIL]
FREE = [
    (kind.name, way.value)
    for kind in kinds_for("student")
    for way in WAYS
    if way in kind.ways and not kind.is_fixed(way)
]


def ticked(page: str) -> set[tuple[str, str]]:
    values = re.findall(r'name="want" value="(\w+):(\w+)" checked', page)
    return set(values)


def test_the_page_shows_defaults(app: Flask) -> None:
    page = Browser(app, somebody()).get(URL).text
    assert ticked(page) == set(FREE) - {("news", "mail")}
    assert "Always on, inbox and mail:" in page
    assert "A session is confirmed" in page
    assert "WhatsApp" not in page


def test_saving_keeps_exactly_what_is_ticked(app: Flask) -> None:
    user = somebody()
    browser = Browser(app, user)
    answer = browser.submit(URL, {"want": ["session_reminder:mail", "news:mail"]})
    assert (answer.status_code, answer.headers["Location"]) == (303, URL)
    page = browser.get(URL).text
    assert "Saved." in page
    assert ticked(page) == {("session_reminder", "mail"), ("news", "mail")}


def test_saving_twice_is_no_error(app: Flask) -> None:
    user = somebody()
    browser = Browser(app, user)
    for _ in range(2):
        assert browser.submit(URL, {"want": "news:inbox"}).status_code == 303
    assert ticked(browser.get(URL).text) == {("news", "inbox")}


@pytest.mark.parametrize(
    "wrong",
    [
        "session_confirmed:mail",
        "gossip:mail",
        "news:pigeon",
        "news",
        "news:whatsapp",
        "session_notes:mail",
        "money_alert:mail",
        "\x00:mail",
    ],
)
def test_what_was_not_offered_changes_nothing(app: Flask, wrong: str) -> None:
    user = somebody()
    answer = Browser(app, user).submit(URL, {"want": ["news:mail", wrong]})
    assert answer.status_code == 422
    assert "Nothing was changed." in answer.text
    assert preferences_of(user.id) == {}


def test_somebody_else_s_are_not_touched(app: Flask) -> None:
    user, other = somebody(), somebody()
    Browser(app, user).submit(URL, {})
    assert preferences_of(other.id) == {}
    assert len(preferences_of(user.id)) == len(FREE)


def test_whatsapp_is_offered_where_it_is_configured(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    on = {"whatsapp_token": SecretStr("secret"), "whatsapp_phone_number_id": "1234"}
    monkeypatch.setitem(app.config, "SETTINGS", app.config["SETTINGS"].model_copy(update=on))
    user = somebody()
    browser = Browser(app, user)
    page = browser.get(URL).text
    assert 'value="session_confirmed:whatsapp">' in page  # off: it needs a person's own yes
    assert "WhatsApp needs your phone number." in page
    shown = [kind for kind in kinds_for("student") if kind.transactional and Way.WHATSAPP in kind.ways]
    assert page.count('class="always"') == 2 * len(shown)
    assert "payment_received:whatsapp" not in page
    browser.submit(URL, {"want": "session_confirmed:whatsapp"})
    assert ("session_confirmed", "whatsapp") in ticked(browser.get(URL).text)
    monkeypatch.undo()
    browser.submit(URL, {"want": "news:mail"})  # while it is off, what was said about it is kept
    assert preferences_of(user.id)["session_confirmed", "whatsapp"] is True


def test_a_service_call_refuses_too() -> None:
    with pytest.raises(ValidationFailed), transaction():
        save_preferences(reader=reader_of(somebody()), ways=WAYS, wanted=[("payment_received", "mail")])


@pytest.mark.parametrize("role", ["student", "counsellor", "admin"])
def test_each_role_chooses_among_its_own(role: str) -> None:
    sections = sections_for(role, {}, WAYS)
    shown = [*(row.label for section in sections for row in section.rows)]
    shown += [label for section in sections for label in section.always]
    assert sorted(shown) == sorted(kind.label for kind in kinds_for(role))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    said=st.dictionaries(
        st.tuples(st.sampled_from([kind.name for kind in KINDS]), st.sampled_from(["inbox", "mail"])), st.booleans()
    ),
    told=st.lists(st.sampled_from(KINDS), min_size=1, max_size=4, unique=True),
)
def test_telling_follows_the_preferences(
    db_session: Session, said: dict[tuple[str, str], bool], told: list[Kind]
) -> None:
    for table in (OutboxMail, Notification, NotificationPreference):
        db_session.query(table).delete()
    user = somebody()
    for (name, way), on in said.items():
        say(user, name, way, enabled=on)
    for number, kind in enumerate(KINDS):
        if kind not in told:
            continue
        tell(user, number, kind=kind.name)
        tell(user, number, kind=kind.name)
        wanted = {
            one for one in ALWAYS
            if kind.transactional or said.get((kind.name, one.value), one in kind.defaults)
        }  # fmt: skip
        assert chosen_ways(user.id, kind, ALWAYS) == wanted
        key = f"news:{number}:{user.public_id}"
        lines = [line for line in inbox_of(user) if line.dedupe_key == key]
        mails = [mail for mail in outbox() if mail.dedupe_key == key]
        assert len(lines) == (Way.INBOX in wanted)
        assert [mail.status is DeliveryStatus.PENDING for mail in mails] == [Way.MAIL in wanted]
