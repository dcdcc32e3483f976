"""The viewer of captured mail and the sweep."""

from __future__ import annotations

import datetime as dt
import threading
import time
from typing import Any

import pytest
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from tests.notifications.conftest import put
from webapp.config import Settings
from webapp.core import clock
from webapp.core.db import db
from webapp.notifications.delivery import deliver_due
from webapp.notifications.services import Attachment
from webapp.notifications.transport import MaildirTransport

ICS = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"


def send(number: int | str, **more: Any) -> None:
    put(number, **more)
    deliver_due(clock.now())
    time.sleep(0.01)  # file times


def mails(app: Flask, to: str = "") -> list[dict[str, Any]]:
    answer = app.test_client().get("/dev/mail.json", query_string={"to": to} if to else None)
    assert answer.status_code == 200
    return list(answer.json or [])


def sweep(app: Flask, **options: Any) -> Any:
    return app.test_client().post("/dev/sweep", **options)


def test_nothing_yet(demo: Flask) -> None:
    assert mails(demo) == []
    assert "No mail yet" in demo.test_client().get("/dev/mail").get_data(as_text=True)


def test_the_newest_first_with_everything_in_it(demo: Flask) -> None:
    send(1)
    before = clock.now()
    send(2, attachments=[Attachment("session.ics", "text/calendar; method=REQUEST", ICS)])
    newest, oldest = mails(demo)
    assert oldest["to"] == "person1@example.com"
    assert sorted(newest) == ["attachments", "html", "sentAt", "subject", "text", "to"]
    assert (newest["to"], newest["subject"]) == ("person2@example.com", "Hello Namaste and welcome")
    assert newest["text"].startswith("Dear Ananya Chatterjee,\n\nNamaste")
    assert "Namaste</h1>" in newest["html"]
    assert newest["attachments"] == [{"filename": "session.ics", "contentType": "text/calendar", "text": ICS}]
    sent_at = dt.datetime.fromisoformat(newest["sentAt"])
    assert newest["sentAt"].endswith("Z")
    assert before - dt.timedelta(milliseconds=50) <= sent_at <= clock.now()


def test_to_one_person_in_any_case(demo: Flask) -> None:
    send(1)
    send(2)
    assert [mail["to"] for mail in mails(demo, "PERSON1@example.COM")] == ["person1@example.com"]
    assert mails(demo, "person@example.com") == []


def test_the_pages(demo: Flask) -> None:
    send(1, attachments=[Attachment("session.ics", "text/calendar", ICS)])
    client = demo.test_client()
    listing = client.get("/dev/mail?to=person1@example.com").get_data(as_text=True)
    url = listing.split('href="/dev/mail/')[1].split('"')[0]
    shown = client.get(f"/dev/mail/{url}").get_data(as_text=True)
    assert "Hello Namaste and welcome" in shown
    assert '<a class="link" href="http://localhost">http://localhost</a>' in shown
    assert "sandbox" in shown
    alone = client.get(f"/dev/mail/{url}/html")
    assert "sandbox allow-popups" in alone.headers["Content-Security-Policy"]
    assert "script-src" not in alone.headers["Content-Security-Policy"]
    assert "default-src 'none'" in alone.headers["Content-Security-Policy"]
    assert alone.headers["X-Frame-Options"] == "SAMEORIGIN"
    file = client.get(f"/dev/mail/{url}/files/0")
    assert file.data == ICS.encode()
    assert file.headers["Content-Disposition"] == "attachment; filename=session.ics"
    assert client.get(f"/dev/mail/{url}/files/1").status_code == 404


def test_pages_of_twenty(demo: Flask) -> None:
    for number in range(21):
        put(number)
    deliver_due(clock.now())
    client = demo.test_client()
    assert client.get("/dev/mail").get_data(as_text=True).count("Hello Namaste") == 20
    assert client.get("/dev/mail?page=2").get_data(as_text=True).count("Hello Namaste") == 1
    assert client.get("/dev/mail?page=x").status_code == 200


@pytest.mark.parametrize("name", ["mail_x", "mail_00000000000000000000", "..%2F..%2Fsecret_key", "%00"])
def test_no_other_file_can_be_read(demo: Flask, name: str) -> None:
    for end in ("", "/html", "/files/0"):
        assert demo.test_client().get(f"/dev/mail/{name}{end}").status_code == 404


@pytest.mark.parametrize("address", ["192.0.2.7", "10.0.0.1", "2001:db8::1"])
def test_only_this_machine(demo: Flask, address: str) -> None:
    client = demo.test_client()
    elsewhere: Any = {"environ_base": {"REMOTE_ADDR": address}, "headers": {"X-Forwarded-For": "127.0.0.1"}}
    for url in ("/dev/mail", "/dev/mail.json", "/dev/mail/mail_00000000000000000000"):
        assert client.get(url, **elsewhere).status_code == 404
    assert client.post("/dev/sweep", **elsewhere).status_code == 404


def test_not_through_a_proxy_on_this_machine_either(demo: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "wsgi_app", ProxyFix(demo.wsgi_app, 1))
    client = demo.test_client()
    assert client.get("/dev/mail.json", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 404
    pretending: Any = {"environ_base": {"REMOTE_ADDR": "192.0.2.7"}, "headers": {"X-Forwarded-For": "127.0.0.1"}}
    assert client.get("/dev/mail.json", **pretending).status_code == 404
    assert client.get("/dev/mail.json").status_code == 200


def test_not_outside_the_demo(app: Flask) -> None:
    assert app.test_client().get("/dev/mail.json").status_code == 404
    assert app.test_client().post("/dev/sweep").status_code in {400, 404}


def test_a_sweep_as_of_later_sends_what_is_due_then(demo: Flask) -> None:
    put(1, due_at=clock.now() + dt.timedelta(hours=24))
    answer = sweep(demo)
    assert (answer.status_code, answer.json["counts"]["outbox"]) == (200, 0)
    tomorrow = (clock.now() + dt.timedelta(hours=25)).astimezone(dt.timezone(dt.timedelta(hours=5, minutes=30)))
    answer = sweep(demo, json={"now": tomorrow.isoformat()})
    assert answer.json["counts"]["outbox"] == 1
    assert answer.json["now"].endswith("Z")
    assert len(mails(demo)) == 1


@pytest.mark.parametrize(
    "options",
    [
        {"json": {"now": "tomorrow"}},
        {"json": {"now": "2026-12-12"}},
        {"json": {"now": "2026-12-12T10:30:00"}},
        {"json": {"now": 5}},
        {"json": {"now": "9999-12-31T23:59:59-14:00"}},
        {"json": [1]},
        {"data": "{", "content_type": "application/json"},
    ],
)
def test_a_sweep_needs_an_instant(demo: Flask, options: dict[str, Any]) -> None:
    answer = sweep(demo, **options)
    assert answer.status_code == 422
    assert "ISO" in answer.json["error"]


@pytest.mark.parametrize("options", [{}, {"json": {}}, {"json": {"now": None}}, {"json": {"now": "2026-12-12T05:00Z"}}])
def test_a_sweep_of_now_needs_nothing(demo: Flask, options: dict[str, Any]) -> None:
    assert sweep(demo, **options).status_code == 200


def test_the_sweep_answers_when_mail_in_other_hands_is_out(
    demo: Flask, demo_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(1)
    taken = threading.Event()

    class Slow(MaildirTransport):
        def send(self, message: Any, *, name: str) -> None:
            taken.set()
            time.sleep(0.6)
            super().send(message, name=name)

    def work() -> None:
        with demo.app_context():
            deliver_due(clock.now(), transport=Slow(demo_settings.mail_dir))
            db.session.remove()

    worker = threading.Thread(target=work)
    worker.start()
    assert taken.wait(10)
    assert sweep(demo).status_code == 200
    assert len(mails(demo)) == 1
    worker.join()


def test_the_demo_shows_its_people_at_the_door(demo: Flask) -> None:
    words = demo.test_client().get("/login").get_data(as_text=True)
    for email in ("student@demo.test", "counsellor@demo.test", "admin@demo.test"):
        assert f'value="{email}"' in words
    assert "Demo-pass-1" in words
