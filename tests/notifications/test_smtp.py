"""The way out to a mail server, against a real one on loopback."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from flask import Flask
from pydantic import SecretStr

from tests.notifications.conftest import put_many
from tests.notifications.test_delivery import make_due, states
from webapp.config import Settings
from webapp.core import clock
from webapp.notifications.delivery import deliver_due
from webapp.notifications.transport import MaildirTransport, ServerAway, SmtpTransport, make_transport

PEM = Path(__file__).with_name("loopback.pem")


class Desk:
    """Takes mail; refuses or breaks off where told."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.connections: set[Any] = set()
        self.refuses_recipient = ""
        self.refuses_text = 0
        self.hangs_up = 0

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refuses_recipient and self.refuses_recipient in address:
            return "550 5.1.1 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.connections.add(session.peer)
        if self.hangs_up:
            self.hangs_up -= 1
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
            await asyncio.sleep(0)
            return "421 gone"
        if self.refuses_text:
            self.refuses_text -= 1
            return "451 4.7.1 try again later"
        assert isinstance(envelope.content, bytes)
        self.messages.append(envelope.content)
        return "250 taken"


Serve = Callable[..., Settings]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def serve(desk: Desk, mail_settings: Settings) -> Iterator[Serve]:
    """Start a mail server and return settings that lead to it."""
    running: list[Controller] = []

    def start(tls: str = "none", **more: Any) -> Settings:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(PEM)
        options: dict[str, Any] = {"starttls": {"tls_context": context, "require_starttls": True}}.get(tls, {})
        controller = Controller(
            desk,
            hostname="127.0.0.1",
            port=port,
            ssl_context=context if tls == "tls" else None,
            **options,
            **more.pop("server", {}),
        )
        controller.start()
        running.append(controller)
        return mail_settings.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": tls, **more})

    yield start
    for controller in running:
        controller.stop()


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust the certificate of the test's server."""
    monkeypatch.setenv("SSL_CERT_FILE", str(PEM))


def test_the_settings_choose_the_way(mail_settings: Settings) -> None:
    assert isinstance(make_transport(mail_settings), MaildirTransport)
    assert isinstance(make_transport(mail_settings.model_copy(update={"smtp_host": "x"})), SmtpTransport)


def test_a_batch_goes_over_one_connection(committing: Flask, desk: Desk, serve: Serve) -> None:
    put_many(5)
    assert deliver_due(clock.now(), transport=SmtpTransport(serve())).sent == 5
    assert len(desk.connections) == 1
    message = message_from_bytes(desk.messages[0])
    assert message["To"] == "Ananya Chatterjee <person0@example.com>"
    assert message["Message-ID"].startswith("<mail_")
    assert len({message_from_bytes(content)["Message-ID"] for content in desk.messages}) == 5


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_encrypted(committing: Flask, desk: Desk, serve: Serve, trusting: None, tls: str) -> None:
    put_many(1)
    assert deliver_due(clock.now(), transport=SmtpTransport(serve(tls))).sent == 1
    assert len(desk.messages) == 1


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_stranger_s_certificate_is_not_trusted(committing: Flask, desk: Desk, serve: Serve, tls: str) -> None:
    with pytest.raises(ServerAway, match="certificate verify failed"), SmtpTransport(serve(tls)).connect():
        pass
    assert desk.messages == []


def test_signing_in(committing: Flask, desk: Desk, serve: Serve, trusting: None) -> None:
    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: object) -> AuthResult:
        assert isinstance(data, LoginPassword)
        return AuthResult(success=(data.login, data.password) == (b"disha", b"right"), handled=False)

    server = {"authenticator": check, "auth_required": True}
    settings = serve("starttls", smtp_user="disha", smtp_password=SecretStr("right"), server=server)
    put_many(1)
    assert deliver_due(clock.now(), transport=SmtpTransport(settings)).sent == 1
    wrong = settings.model_copy(update={"smtp_password": SecretStr("wrong")})
    with pytest.raises(ServerAway, match="535"), SmtpTransport(wrong).connect():
        pass


def test_one_refused_recipient_does_not_keep_the_others(committing: Flask, desk: Desk, serve: Serve) -> None:
    put_many(3)
    desk.refuses_recipient = "person1@"
    assert deliver_due(clock.now(), transport=SmtpTransport(serve())).sent == 2
    assert states() == ["sent", "pending", "sent"]
    assert len(desk.connections) == 1


def test_a_refused_text_is_tried_again(committing: Flask, desk: Desk, serve: Serve) -> None:
    put_many(1)
    desk.refuses_text = 1
    transport = SmtpTransport(serve())
    assert deliver_due(clock.now(), transport=transport).sent == 0
    make_due()
    assert deliver_due(clock.now(), transport=transport).sent == 1
    assert len(desk.messages) == 1


def test_a_broken_connection_is_opened_again_for_the_rest(committing: Flask, desk: Desk, serve: Serve) -> None:
    put_many(4)
    desk.hangs_up = 1
    transport = SmtpTransport(serve())
    assert deliver_due(clock.now(), transport=transport).sent == 3
    assert len(desk.connections) == 2
    make_due()
    assert deliver_due(clock.now(), transport=transport).sent == 1
    assert len(desk.messages) == 4


def test_a_server_that_is_not_there(committing: Flask, serve: Serve, mail_settings: Settings) -> None:
    put_many(2)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    nowhere = mail_settings.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none"})
    assert deliver_due(clock.now(), transport=SmtpTransport(nowhere)).sent == 0
    assert states() == ["pending", "pending"]
    make_due()
    assert deliver_due(clock.now(), transport=SmtpTransport(serve())).sent == 2


def test_a_server_that_never_answers_is_given_up_in_time(mail_settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        mute = mail_settings.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none"})
        with pytest.raises(ServerAway, match="timed out"), SmtpTransport(mute, timeout=0.2).connect():
            pass
