"""The finished message."""

from __future__ import annotations

import datetime as dt
import email
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from flask import Flask
from jinja2 import TemplateError

from tests.notifications.conftest import teach
from webapp import create_app
from webapp.config import Settings
from webapp.core.jobs import get_redis
from webapp.notifications.links import external_url
from webapp.notifications.render import Letter, compose

AT = dt.datetime(2026, 12, 9, 4, 0, 30, tzinfo=dt.UTC)
ICS = "BEGIN:VCALENDAR\r\nSUMMARY:Café – Ananya\r\nEND:VCALENDAR\r\n"


@pytest.fixture
def mail_app(settings: Settings) -> Any:
    app = teach(create_app(settings))
    with app.app_context():
        yield app
        get_redis().close()


def letter(**more: Any) -> Letter:
    words: dict[str, Any] = {
        "public_id": "mail_0123456789abcdefghij",
        "recipient": "ananya@example.com",
        "recipient_name": "Ananya Chatterjee",
        "template": "greeting",
        "context": {"word": "Namaste <b>"},
        "attachments": [],
        "at": AT,
    }
    return Letter(**{**words, **more})


def sent(**more: Any) -> EmailMessage:
    """Return the message as its reader's mail app parses it."""
    return email.message_from_bytes(compose(letter(**more)).as_bytes(), policy=default)


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")  # lines of mail end so


def test_headers(mail_app: Flask) -> None:
    message = sent()
    assert message["From"] == "Disha <hello@disha.example>"
    assert message["To"] == "Ananya Chatterjee <ananya@example.com>"
    assert message["Subject"] == "Hello Namaste <b> and welcome"
    assert message["Message-ID"] == "<mail_0123456789abcdefghij@disha.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == AT
    assert sent()["Message-ID"] == message["Message-ID"]


def test_text_and_html(mail_app: Flask) -> None:
    message = sent()
    assert message.get_content_type() == "multipart/alternative"
    assert body(message, "plain") == "Dear Ananya Chatterjee,\n\nNamaste <b> & more: http://localhost\n"
    html = body(message, "html")
    assert "Namaste &lt;b&gt;" in html
    assert "<h1 style=" in html  # the rules are inline
    assert "prefers-color-scheme: dark" in html
    assert 'href="http://localhost"' in html


def test_a_calendar_file_keeps_its_lines_and_method(mail_app: Flask) -> None:
    file = {"filename": "session.ics", "content_type": "text/calendar; method=REQUEST", "text": ICS}
    message = sent(attachments=[file])
    assert message.get_content_type() == "multipart/mixed"
    (part,) = message.iter_attachments()
    assert part.get_content_type() == "text/calendar"
    assert part["Content-Type"].params["method"] == "REQUEST"
    assert part.get_filename() == "session.ics"
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert payload.decode() == ICS


@pytest.mark.parametrize("name", ["", 'A "B" <c@d.example>', "Ananya\r\nBcc: x@example.com", "अनन्या"])
def test_no_name_breaks_the_headers(mail_app: Flask, name: str) -> None:
    message = sent(recipient_name=name)
    assert message["To"].addresses[0].addr_spec == "ananya@example.com"
    assert message["Bcc"] is None


def test_a_broken_template_is_an_error(mail_app: Flask) -> None:
    with pytest.raises(TemplateError):
        compose(letter(template="broken"))


def test_links_are_whole_in_and_outside_a_request(mail_app: Flask) -> None:
    whole = "http://localhost/verify/abc"
    assert external_url("accounts.verify", token="abc") == whole
    with mail_app.test_request_context(headers={"Host": "evil.example"}):
        assert external_url("accounts.verify", token="abc") == whole
