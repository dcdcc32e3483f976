"""WhatsApp against its documented HTTP contract: what is asked, and what each answer means."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest
from flask import Flask
from pydantic import SecretStr
from sqlalchemy import text

from tests.factories import make_user
from tests.notifications.conftest import put
from tests.notifications.meta import (
    NUMBER,
    TOKEN,
    VERSION,
    Meta,
    Trouble,
    accept_and_break,
    accept_and_hang,
    accept_and_tear,
    drip,
    plain,
    refuse,
)
from tests.notifications.people import say
from tests.notifications.test_delivery import make_due, rows, states
from tests.pace import patience
from webapp.accounts.recipients import recipient_of
from webapp.config import Settings, SettingsError, load_settings
from webapp.core import clock
from webapp.core.db import transaction
from webapp.notifications.carriers import Line, carriers
from webapp.notifications.delivery import Run, deliver_by, deliver_due
from webapp.notifications.guards import register_guard
from webapp.notifications.messages import Recipient, WhatsAppMessage
from webapp.notifications.models import Channel
from webapp.notifications.services import retry_failed_mail
from webapp.notifications.services.outbox import queue_whatsapp
from webapp.notifications.unsubscribing import make_key
from webapp.notifications.whatsapp import WhatsAppCarrier


@pytest.fixture
def meta() -> Iterator[Meta]:
    """Give the API on loopback."""
    server = Meta()
    yield server
    server.close()


@pytest.fixture
def number(mail_settings: Settings, meta: Meta) -> Settings:
    """Return settings with a WhatsApp number that leads to the server."""
    return mail_settings.model_copy(
        update={
            "whatsapp_token": SecretStr(TOKEN),
            "whatsapp_phone_number_id": NUMBER,
            "whatsapp_base_url": meta.url,
        }
    )


def ring(key: int | str = 1, words: tuple[str, ...] = ("Ananya", "10:30 AM IST"), **more: object) -> None:
    """Queue one message in a transaction of its own."""
    to = Recipient(None, "user_x", "Ananya Chatterjee", "a@example.com", "Asia/Kolkata", "+919830012345")
    with transaction():
        queue_whatsapp(
            dedupe_key=f"ring:{key}",
            to=to,
            message=WhatsAppMessage("session_confirmed", words, **more),  # type: ignore[arg-type]
            now=clock.now() - dt.timedelta(seconds=1),
            unsubscribe_key=make_key("user_nobody", "session_confirmed"),
        )


def send(settings: Settings, *, connect: float = 2.0, answer: float = 2.0) -> Run:
    """Send what is due by WhatsApp."""
    carrier = WhatsAppCarrier(settings, connect_seconds=connect, answer_seconds=answer)
    return deliver_by(carrier, clock.now() + dt.timedelta(days=1), time.monotonic() + 30)


def test_the_request_is_the_documented_one(committing: Flask, meta: Meta, number: Settings) -> None:
    ring(words=("Ananya", "line\none\tand   more", ""))
    assert send(number).sent == 1
    (path, headers, body), (row,) = meta.requests[0], rows()
    assert path == f"/{VERSION}/{NUMBER}/messages"
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["Content-Type"] == "application/json"
    assert body == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "919830012345",
        "type": "template",
        "template": {
            "name": "session_confirmed",
            "language": {"code": "en"},
            "components": [
                {
                    "type": "body",
                    "parameters": [
                        {"type": "text", "text": "Ananya"},
                        {"type": "text", "text": "line one and more"},
                        {"type": "text", "text": "–"},
                    ],
                }
            ],
        },
        "biz_opaque_callback_data": row.public_id,
    }
    assert row.status.value == "sent"


def test_a_template_without_places_has_no_components(committing: Flask, meta: Meta, number: Settings) -> None:
    ring(words=())
    send(number)
    assert "components" not in meta.accepted[0]["template"]


def test_a_message_goes_once(committing: Flask, meta: Meta, number: Settings) -> None:
    ring(1)
    ring(1)
    assert send(number).sent == 1
    assert send(number).sent == 0
    assert len(meta.accepted) == 1


PASSING: list[Trouble] = [
    refuse(500, 131000, "Something went wrong"),
    refuse(503, 131016, "Service unavailable"),
    refuse(400, 131056, "Pair rate limit hit"),  # as it was before it became a 429
    refuse(429, 131056, "(Business Account, Consumer Account) pair rate limit hit"),
    refuse(503, 2, "API Service"),
    plain(502),
    plain(500, ""),
]


@pytest.mark.parametrize("trouble", PASSING)
def test_a_passing_fault_waits_and_keeps_nobody_waiting(
    committing: Flask, meta: Meta, number: Settings, trouble: Trouble
) -> None:
    meta.next(trouble)
    ring(1)
    ring(2)
    assert send(number).sent == 1
    assert states() == ["pending", "sent"]
    assert rows()[0].attempts == 1
    make_due()
    assert send(number).sent == 1
    assert len(meta.accepted) == 2


AWAY: list[Trouble] = [
    refuse(429, 130429, "Rate limit hit", "Cloud API message throughput has been reached."),
    refuse(429, 4, "API Too Many Calls"),
    refuse(429, 80007, "Rate limit issues"),
    refuse(429, 131048, "Spam rate limit hit"),
    refuse(401, 190, "Access token has expired"),
    refuse(401, 0, "AuthException"),
    refuse(403, 10, "Permission denied"),
    refuse(403, 299, "API Permission"),
    refuse(403, 131031, "Account has been locked"),
    refuse(400, 131042, "Business eligibility payment issue"),
    refuse(400, 33, "Parameter value is not valid"),
    plain(429),
    plain(403),
    plain(302, "", Location="https://elsewhere.example/"),
]


@pytest.mark.parametrize("trouble", AWAY)
def test_what_concerns_all_ends_the_run(committing: Flask, meta: Meta, number: Settings, trouble: Trouble) -> None:
    ring(1)
    ring(2)
    meta.next(trouble)
    assert send(number).sent == 0
    assert len(meta.requests) == 1  # the second was not even tried, and no redirect was followed
    assert states() == ["pending", "pending"]
    make_due()
    assert send(number).sent == 2


REFUSED: list[Trouble] = [
    refuse(400, 131026, "Message undeliverable", "The recipient phone number is not a WhatsApp phone number."),
    refuse(404, 132001, "Template does not exist"),
    refuse(400, 132000, "Template param count mismatch"),
    refuse(400, 131049, "Meta chose not to deliver"),
    refuse(400, 131050, "User has stopped marketing messages"),
    refuse(400, 100, "Invalid parameter"),
    plain(404),
]


@pytest.mark.parametrize("trouble", REFUSED)
def test_what_will_never_go_is_given_up_at_once(
    committing: Flask, meta: Meta, number: Settings, trouble: Trouble
) -> None:
    meta.next(trouble)
    ring(1)
    ring(2)
    assert send(number).sent == 1
    assert states() == ["failed", "sent"]
    assert (rows()[0].last_error or "").startswith("WhatsApp: 4")
    make_due()
    assert send(number).sent == 0


def test_an_error_is_kept_with_its_words_and_without_the_token(committing: Flask, meta: Meta, number: Settings) -> None:
    meta.next(refuse(400, 131026, "Message undeliverable", "Not a WhatsApp number."))
    ring()
    send(number)
    error = rows()[0].last_error or ""
    assert error == "WhatsApp: 400 (#131026) Message undeliverable · Not a WhatsApp number. · Az8or2yhqk"
    assert TOKEN not in error


@pytest.mark.parametrize("trouble", [accept_and_hang, accept_and_break, drip])
def test_in_doubt_it_is_not_sent_twice(committing: Flask, meta: Meta, number: Settings, trouble: Trouble) -> None:
    meta.next(trouble)
    ring()
    began = time.monotonic()
    assert send(number, connect=5.0, answer=1.0).sent == 0
    assert time.monotonic() - began < patience(2.5)
    (row,) = rows()
    assert (row.status.value, "perhaps accepted" in (row.last_error or "")) == ("failed", True)
    make_due()
    assert send(number).sent == 0
    assert len(meta.accepted) == (0 if trouble is drip else 1)
    with transaction():
        assert retry_failed_mail(now=clock.now()) == 0  # an administrator's "send again" is about mail


def test_a_yes_that_is_torn_is_a_yes(committing: Flask, meta: Meta, number: Settings) -> None:
    meta.next(accept_and_tear)
    ring()
    assert send(number).sent == 1
    assert (states(), len(meta.accepted)) == (["sent"], 1)


def test_a_server_that_is_away_is_waited_for(committing: Flask, meta: Meta, number: Settings) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nowhere = number.model_copy(update={"whatsapp_base_url": f"http://127.0.0.1:{free.getsockname()[1]}/v1"})
    ring()
    assert send(nowhere).sent == 0
    assert states() == ["pending"]
    make_due()
    assert send(number).sent == 1


def test_a_server_that_does_not_speak_tls_is_away(committing: Flask, meta: Meta, number: Settings) -> None:
    ring()
    secure = number.model_copy(update={"whatsapp_base_url": meta.url.replace("http:", "https:")})
    assert send(secure).sent == 0
    assert (states(), meta.requests) == (["pending"], [])


class OpenAlready:
    """A carrier whose line is open already."""

    channel = Channel.WHATSAPP
    lease = WhatsAppCarrier.lease

    def __init__(self, line: Line) -> None:
        self._line = line

    def connect(self) -> AbstractContextManager[Line]:
        return contextlib.nullcontext(self._line)


def test_a_line_that_breaks_before_all_was_sent_is_tried_again(committing: Flask, number: Settings) -> None:
    ring()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        lame = number.model_copy(update={"whatsapp_base_url": f"http://127.0.0.1:{port}/v1"})
        with WhatsAppCarrier(lame).connect() as line:
            line.make_ready()
            connection, _ = listener.accept()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()  # with a reset, which has arrived before anything is written
            deliver_by(OpenAlready(line), clock.now(), time.monotonic() + 5)
    assert states() == ["pending"]
    assert "broke off while sending" in (rows()[0].last_error or "")


def test_the_guard_is_asked_just_before(committing: Flask, meta: Meta, number: Settings) -> None:
    register_guard("test_whatsapp", lambda argument, _row: argument == "yes")
    ring(1, guard="test_whatsapp:no")
    ring(2, guard="test_whatsapp:yes")
    assert send(number).sent == 1
    assert states() == ["dropped", "sent"]


def test_a_yes_taken_back_in_the_meantime_counts(committing: Flask, meta: Meta, number: Settings) -> None:
    with transaction():
        user = make_user(phone="+919830012345", email=f"w{clock.now():%H%M%S%f}@example.com")
        to = recipient_of(user)
    message = WhatsAppMessage("session_confirmed", ("x",))
    for key in (1, 2):
        say(user, "session_confirmed", "whatsapp", enabled=key == 1)
        with transaction():
            queue_whatsapp(
                dedupe_key=f"w{key}",
                to=to,
                message=message,
                now=clock.now() - dt.timedelta(seconds=1),
                unsubscribe_key=make_key(to.public_id, "session_confirmed"),
            )
        send(number)
    assert states() == ["sent", "dropped"]


def test_a_phone_does_not_ring_about_last_week(committing: Flask, meta: Meta, number: Settings) -> None:
    ring(1)
    with transaction() as session:
        session.execute(text("update outbox_mails set created_at = now() - interval '25 hours'"))
    assert send(number).sent == 0
    assert (states(), meta.requests) == (["dropped"], [])


def test_mail_and_whatsapp_do_not_wait_for_each_other(
    committing: Flask, meta: Meta, number: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(committing.config, "SETTINGS", number)
    meta.next(refuse(401, 190, "Access token has expired"))
    ring(1)
    put(1)
    assert deliver_due(clock.now()).sent == 1
    assert sorted((row.channel.value, row.status.value) for row in rows()) == [
        ("mail", "sent"),
        ("whatsapp", "pending"),
    ]
    broken = number.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": 1, "smtp_tls": "none"})
    monkeypatch.setitem(committing.config, "SETTINGS", broken)
    put(2)
    make_due()
    assert deliver_due(clock.now()).sent == 1
    assert sorted((row.channel.value, row.status.value) for row in rows()) == [
        ("mail", "pending"),
        ("mail", "sent"),
        ("whatsapp", "sent"),
    ]


def test_it_is_off_unless_configured(mail_settings: Settings, number: Settings) -> None:
    assert [carrier.channel.value for carrier in carriers(mail_settings)] == ["mail"]
    assert [carrier.channel.value for carrier in carriers(number)] == ["mail", "whatsapp"]


def test_a_lease_outlasts_the_longest_sending() -> None:
    carrier = WhatsAppCarrier(Settings.model_construct())
    assert carrier.lease.total_seconds() > carrier.connect_seconds + carrier.answer_seconds


@pytest.mark.parametrize(("wrong", "words"), [
    ({"WHATSAPP_PHONE_NUMBER_ID": "../1"}, "WHATSAPP_PHONE_NUMBER_ID"),
    ({"WHATSAPP_BASE_URL": "ftp://x"}, "WHATSAPP_BASE_URL"),
    ({"WHATSAPP_LANGUAGE": "English"}, "WHATSAPP_LANGUAGE"),
])  # fmt: skip
def test_a_wrong_setting_stops_the_start(wrong: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        load_settings({"APP_ENV": "test", **wrong})
