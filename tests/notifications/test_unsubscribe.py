"""The way out of a mail: one kind, one person, a key that cannot be made elsewhere."""

from __future__ import annotations

import base64
import datetime as dt
import email
import json
from email.message import EmailMessage
from email.policy import default

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from tests.factories import make_user
from tests.notifications.conftest import folder_of, put
from tests.notifications.people import outbox, say, somebody, tell
from tests.notifications.test_delivery import Post, states
from tests.notifications.test_smtp import Desk, Serve, desk, serve
from tests.pages import Browser
from webapp.accounts.recipients import recipient_of
from webapp.core import clock
from webapp.core.db import db, transaction
from webapp.core.errors import NotFound
from webapp.notifications.delivery import deliver_due
from webapp.notifications.kinds import Way, kind_of
from webapp.notifications.messages import MailMessage
from webapp.notifications.models import OutboxMail
from webapp.notifications.queries import chosen_ways, preferences_of
from webapp.notifications.services import notify
from webapp.notifications.transport import SmtpTransport
from webapp.notifications.unsubscribing import make_key, read_mail_key

__all__ = ["desk", "serve"]
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def gets_mail(user_id: int, kind: str) -> bool:
    return Way.MAIL in chosen_ways(user_id, kind_of(kind), {Way.MAIL})


@pytest.mark.usefixtures("db_session")
class TestPages:
    def test_looking_changes_nothing(self, app: Flask) -> None:
        user = somebody()
        answer = Browser(app).get(f"/unsubscribe/{make_key(user.public_id, 'session_reminder')}")
        assert answer.status_code == 200
        assert "Stop these mails" in answer.text
        assert "The day and the hour before a session" in answer.text
        assert gets_mail(user.id, "session_reminder")
        assert "Set-Cookie" not in answer.headers  # a mail scanner needs no session
        assert user.email not in answer.text

    def test_the_button_switches_one_kind_off_and_on_again(self, app: Flask) -> None:
        user = somebody()
        client, url = app.test_client(), f"/unsubscribe/{make_key(user.public_id, 'session_reminder')}"
        answer = client.post(url)
        assert (answer.status_code, answer.headers["Location"]) == (303, url)
        assert "We no longer write to you about" in client.get(url).text
        assert preferences_of(user.id) == {("session_reminder", "mail"): False}
        client.post(url, data={"again": "1"})
        assert gets_mail(user.id, "session_reminder")

    def test_one_click_is_answered_without_a_redirect(self, app: Flask) -> None:
        user, other = somebody(), somebody()
        url = f"/unsubscribe/{make_key(user.public_id, 'review_prompt')}"
        for _ in range(2):
            assert app.test_client().post(url, data=ONE_CLICK).status_code == 200
        assert not gets_mail(user.id, "review_prompt")
        assert gets_mail(user.id, "session_reminder")
        assert gets_mail(other.id, "review_prompt")

    def test_a_signed_in_stranger_changes_the_owner_of_the_key_only(self, app: Flask) -> None:
        owner, stranger = somebody(), somebody()
        Browser(app, stranger).client.post(f"/unsubscribe/{make_key(owner.public_id, 'news')}", data=ONE_CLICK)
        assert preferences_of(stranger.id) == {}
        assert preferences_of(owner.id) == {("news", "mail"): False}

    @pytest.mark.parametrize("kind", ["session_confirmed", "payment_received"])
    def test_what_belongs_to_a_booking_cannot_be_refused(self, app: Flask, kind: str) -> None:
        user = somebody()
        url = f"/unsubscribe/{make_key(user.public_id, kind)}"
        for answer in (app.test_client().get(url), app.test_client().post(url, data=ONE_CLICK)):
            assert answer.status_code == 404
            assert "cannot be switched off" in answer.text
        assert preferences_of(user.id) == {}

    def test_an_account_that_is_gone(self, app: Flask) -> None:
        url = f"/unsubscribe/{make_key('user_gone', 'news')}"
        assert app.test_client().post(url, data=ONE_CLICK).status_code == 404

    def test_a_key_of_another_purpose_or_secret_opens_nothing(
        self, app: Flask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        user = somebody()
        key = make_key(user.public_id, "news")
        monkeypatch.setitem(app.config, "SECRET_KEY", "another-secret-of-more-than-enough-length")
        with pytest.raises(NotFound):
            read_mail_key(key)
        monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", ["a-secret-for-tests-only-of-enough-length"])
        assert read_mail_key(key).user_public_id == user.public_id  # an older secret still verifies

    def test_a_key_says_nothing_but_person_and_kind(self, app: Flask) -> None:
        key = make_key("user_abc", "news")
        payload = key.rpartition(".")[0]
        assert json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))) == ["user_abc", "news"]
        assert len(make_key("user_" + "x" * 20, "session_move_offered")) <= 200

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_a_key_that_was_touched_opens_nothing(self, app: Flask, data: st.DataObject) -> None:
        key = make_key("user_" + "a" * 20, "news")
        place = data.draw(st.integers(0, len(key) - 2))  # the last letter carries bits that are not used
        letter = data.draw(st.sampled_from("ABCabc019-_.").filter(lambda one: one != key[place]))
        with pytest.raises(NotFound):
            read_mail_key(key[:place] + letter + key[place + 1 :])

    @pytest.mark.parametrize("key", ["x", "...", "WyJ4Il0.abc", "a" * 5000, "é"])
    def test_nonsense_is_a_calm_page(self, app: Flask, key: str) -> None:
        for answer in (app.test_client().get(f"/unsubscribe/{key}"), app.test_client().post(f"/unsubscribe/{key}")):
            assert answer.status_code == 404
            assert "This link does not work" in answer.text


def queue_reminder() -> str:
    """Queue a reminder to somebody new; return the key of its way out."""
    with transaction():
        user = make_user(email=f"reader{clock.now():%H%M%S%f}@example.com")
        notify(
            user=recipient_of(user),
            kind="session_reminder",
            title="Tomorrow",
            body="",
            url="/sessions",
            dedupe_key=f"reminder:{user.public_id}",
            now=clock.now() - dt.timedelta(seconds=1),
            mail=MailMessage("greeting", {"word": "Tomorrow at ten"}),
        )
    with transaction() as session:
        key = session.scalar(select(OutboxMail.unsubscribe_key))
    return str(key)


def test_the_headers_as_a_real_mail_server_gets_them(committing: Flask, desk: Desk, serve: Serve) -> None:
    key = queue_reminder()
    put(1)
    assert deliver_due(clock.now(), transport=SmtpTransport(serve())).sent == 2
    raw = next(content for content in desk.messages if b"Tomorrow at ten" in content)
    url = f"http://localhost/unsubscribe/{key}"
    lines = raw.split(b"\r\n\r\n")[0].split(b"\r\n")
    assert f"List-Unsubscribe: <{url}>".encode() in lines  # whole, in one line, not encoded
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines
    assert max(map(len, lines)) < 998
    message = email.message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    for kind in ("plain", "html"):
        body = message.get_body((kind,))
        assert body is not None
        assert url in body.get_content().replace("\n", "")
    other = next(content for content in desk.messages if content is not raw)
    assert b"List-Unsubscribe" not in other  # mail that nobody may refuse
    assert b"No more mail of this kind" not in other


def test_who_refuses_between_queueing_and_sending_is_left_alone(committing: Flask) -> None:
    key = queue_reminder()
    assert committing.test_client().post(f"/unsubscribe/{key}", data=ONE_CLICK).status_code == 200
    post = Post()
    assert deliver_due(clock.now(), transport=post).sent == 0
    assert (post.taken, states()) == ([], ["dropped"])


def test_a_captured_mail_carries_them_too(committing: Flask) -> None:
    queue_reminder()
    deliver_due(clock.now())
    (file,) = folder_of(committing).iterdir()
    message = email.message_from_bytes(file.read_bytes(), policy=default)
    assert str(message["List-Unsubscribe"]).startswith("<http://localhost/unsubscribe/")


def test_a_mail_of_a_kind_that_is_gone_still_goes(committing: Flask) -> None:
    queue_reminder()
    with transaction() as session:
        session.execute(text("update outbox_mails set unsubscribe_key = 'of-another-time'"))
    assert deliver_due(clock.now(), transport=Post()).sent == 1


@pytest.mark.usefixtures("db_session")
def test_refusing_mail_leaves_the_inbox_on() -> None:
    user = somebody()
    say(user, "session_reminder", "mail", enabled=False)
    tell(user, kind="session_reminder")
    assert [mail.status.value for mail in outbox()] == ["dropped"]
    assert db.session.scalar(text("select count(*) from notifications")) == 1
