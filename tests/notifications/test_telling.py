"""One call, every channel: what is written, for whom, and only once."""

from __future__ import annotations

import pytest
from flask import Flask
from pydantic import SecretStr
from redis import Redis
from sqlalchemy.orm import Session

from tests.factories import NOW
from tests.notifications.people import inbox_of, outbox, say, somebody, tell
from tests.queries import count_queries
from webapp.accounts.recipients import find_recipient, recipient_of
from webapp.core import live
from webapp.core.db import transaction
from webapp.notifications.kinds import ALWAYS, KINDS, Group, Way, kind_of, kinds_for, kinds_of
from webapp.notifications.messages import MailMessage, Recipient, WhatsAppMessage
from webapp.notifications.models import Channel, DeliveryStatus
from webapp.notifications.services import inbox_key, notify

pytestmark = pytest.mark.usefixtures("db_session")
HELLO = WhatsAppMessage("session_confirmed", ["Ananya", "Sat, 12 Dec"], guard="session:x:confirmed:0")


@pytest.fixture
def whatsapp_on(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    on = {"whatsapp_token": SecretStr("secret"), "whatsapp_phone_number_id": "1234"}
    monkeypatch.setitem(app.config, "SETTINGS", app.config["SETTINGS"].model_copy(update=on))


def test_it_goes_to_inbox_and_mail() -> None:
    user = somebody()
    tell(user)
    (line,), (mail,) = inbox_of(user), outbox()
    assert (line.title, line.url, line.kind) == ("Session confirmed 1", "/sessions", "session_confirmed")
    assert (line.created_at, line.read_at, line.public_id[:5]) == (NOW, None, "note_")
    assert (mail.recipient, mail.template, mail.channel) == (user.email, "greeting", Channel.MAIL)
    assert mail.unsubscribe_key is None  # it belongs to the booking: nobody can refuse it


def test_the_same_news_is_told_once() -> None:
    user = somebody()
    for _ in range(3):
        tell(user)
    assert (len(inbox_of(user)), len(outbox())) == (1, 1)


def test_nothing_is_told_when_the_transaction_fails(redis: Redis) -> None:
    user = somebody()

    def tell_and_fail() -> None:
        with transaction():
            notify(user=recipient_of(user), kind="news", title="t", body="", url="/", dedupe_key="k", now=NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        tell_and_fail()
    assert inbox_of(user) == []
    assert live.version(inbox_key(user.public_id)) == "0"


def test_open_pages_learn_of_it(redis: Redis) -> None:
    user = somebody()
    tell(user)
    assert live.version(inbox_key(user.public_id)) == "1"


def test_what_may_be_refused_says_how() -> None:
    tell(somebody(), kind="session_reminder")
    assert outbox()[0].unsubscribe_key


def test_refused_mail_is_noted_but_does_not_go() -> None:
    user = somebody()
    say(user, "session_reminder", "mail", enabled=False)
    tell(user, kind="session_reminder")
    assert [mail.status for mail in outbox()] == [DeliveryStatus.DROPPED]
    assert len(inbox_of(user)) == 1
    say(user, "session_reminder", "mail", enabled=True)
    tell(user, kind="session_reminder")  # the same news is not sent after all
    assert [mail.status for mail in outbox()] == [DeliveryStatus.DROPPED]


def test_a_refused_inbox_stays_empty() -> None:
    user = somebody()
    say(user, "session_reminder", "inbox", enabled=False)
    tell(user, kind="session_reminder")
    assert inbox_of(user) == []
    assert len(outbox()) == 1


def test_what_belongs_to_a_booking_cannot_be_refused() -> None:
    user = somebody()
    for way in ("inbox", "mail"):
        say(user, "session_confirmed", way, enabled=False)
    tell(user)
    assert (len(inbox_of(user)), [mail.status for mail in outbox()]) == (1, [DeliveryStatus.PENDING])


def test_news_is_not_mailed_unless_asked_for() -> None:
    user = somebody()
    tell(user, kind="news")
    assert [mail.status for mail in outbox()] == [DeliveryStatus.DROPPED]
    say(user, "news", "mail", enabled=True)
    tell(user, 2, kind="news")
    assert outbox()[1].status is DeliveryStatus.PENDING


def test_without_an_account_there_is_only_mail() -> None:
    stranger = Recipient(None, "counsellor_x", "Dr. Rao", "rao@example.com", "Asia/Kolkata")
    with transaction():
        notify(
            user=stranger,
            kind="session_reminder",
            title="t",
            body="b",
            url="/",
            dedupe_key="k",
            now=NOW,
            mail=MailMessage("greeting", {"word": "x"}),
        )
    (mail,) = outbox()
    assert (mail.recipient, mail.unsubscribe_key, mail.status) == ("rao@example.com", None, DeliveryStatus.PENDING)


def test_an_unlisted_kind_is_an_error() -> None:
    with pytest.raises(LookupError, match="gossip"):
        tell(somebody(), kind="gossip")


def test_long_words_are_cut_to_what_the_inbox_holds() -> None:
    user = somebody()
    tell(user, title="t" * 300, body="b" * 900)
    (line,) = inbox_of(user)
    assert (len(line.title), len(line.body)) == (200, 500)


def test_transactional_news_asks_for_no_preferences() -> None:
    user = somebody()
    to = recipient_of(user)
    with count_queries() as seen, transaction():
        notify(
            user=to,
            kind="session_confirmed",
            title="t",
            body="",
            url="/",
            dedupe_key="k",
            now=NOW,
            mail=MailMessage("greeting", {"word": "x"}),
        )
    assert len(seen) == 1  # the line and the mail


@pytest.mark.parametrize(("phone", "said", "sent"), [
    ("+919830012345", True, 1), ("+919830012345", None, 0), ("+919830012345", False, 0), (None, True, 0),
])  # fmt: skip
def test_whatsapp_needs_a_phone_and_a_yes(whatsapp_on: None, phone: str | None, said: bool | None, sent: int) -> None:
    user = somebody(phone=phone)
    if said is not None:
        say(user, "session_confirmed", "whatsapp", enabled=said)
    tell(user, mail=False, whatsapp=HELLO)
    tell(user, mail=False, whatsapp=HELLO)
    rows = outbox()
    assert len(rows) == sent
    if sent:
        assert (rows[0].channel, rows[0].recipient, rows[0].template) == (Channel.WHATSAPP, phone, "session_confirmed")
        assert (rows[0].context, rows[0].guard) == ({"words": ["Ananya", "Sat, 12 Dec"]}, HELLO.guard)


def test_whatsapp_is_off_unless_configured() -> None:
    user = somebody(phone="+919830012345")
    say(user, "session_confirmed", "whatsapp", enabled=True)
    tell(user, mail=False, whatsapp=HELLO)
    assert outbox() == []


def test_whatsapp_goes_beside_mail(whatsapp_on: None) -> None:
    user = somebody(phone="+919830012345")
    say(user, "session_reminder", "whatsapp", enabled=True)
    say(user, "session_reminder", "mail", enabled=False)
    tell(user, kind="session_reminder", whatsapp=HELLO)
    assert [(row.channel.value, row.status.value) for row in outbox()] == [("mail", "dropped"), ("whatsapp", "pending")]


def test_an_account_becomes_a_person_to_tell(db_session: Session) -> None:
    user = somebody(phone="+919830012345", zone="Asia/Dubai")
    person = find_recipient(user.public_id)
    assert person == Recipient(user.id, user.public_id, user.name, user.email, "Asia/Dubai", "+919830012345")
    assert find_recipient("user_nobody") is None


def test_the_list_of_kinds_is_sound() -> None:
    names = [kind.name for kind in KINDS]
    assert len(names) == len(set(names))
    assert all(len(name) <= 40 for name in names)
    assert all(kind.defaults == ALWAYS <= kind.ways for kind in KINDS if kind.transactional)
    assert all(Way.WHATSAPP not in kind.defaults for kind in KINDS)  # it needs a person's own yes
    assert sum(len(kinds_of(group)) for group in Group) == len(KINDS)
    assert kind_of("news") in kinds_for("admin")
    assert kind_of("review_prompt") not in kinds_for("counsellor")
