"""Passkeys: made, asked for, refused when they are not ours, not here, not now, or two of one."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.authenticator import VERIFIED, Authenticator
from tests.factories import make_login, make_user
from webapp.accounts import passkeys as services
from webapp.accounts import second_step
from webapp.accounts.errors import ChallengeExpired, PasskeyCopied, PasskeyKnown, PasskeyRefused
from webapp.accounts.models import Passkey, User
from webapp.core.db import transaction
from webapp.core.errors import InvalidState, NotFound, ServiceUnavailable, ValidationFailed
from webapp.notifications.models import OutboxMail

PASSWORD = "Secret-99"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture
def user(db_session: Session, redis: Redis) -> User:
    made = make_user(email="a@example.com", password_hash=QUICK)
    db_session.commit()  # stays when a refused step rolls back
    return made


def add(user: User, key: Authenticator, now: dt.datetime, name: str = "My phone", **more: Any) -> Any:
    options = services.start_adding(actor=user, password=PASSWORD)
    with transaction():
        return services.finish_adding(actor=user, credential=key.create(options), name=name, now=now, **more)


def sign_in(user: User, key: Authenticator, now: dt.datetime) -> User:
    challenge = second_step.start_challenge(user, now=now)
    answer = key.get(services.start_sign_in(challenge, now=now))
    with transaction():
        return services.finish_sign_in(challenge, answer, now=now)


class TestAdding:
    def test_the_first_turns_two_step_on_and_brings_backup_codes(
        self, db_session: Session, user: User, now: dt.datetime
    ) -> None:
        login = make_login(user)
        passkey, codes = add(user, Authenticator(), now, " My \x00 phone ", login=login)
        assert len(codes) == 10
        assert (passkey.name, passkey.transports) == ("My phone", ["usb", "internal"])
        assert second_step.needs_second_step(user)
        assert login.second_step_at == now
        _, codes = add(user, Authenticator(), now, "Key")
        assert codes == []
        assert [one.name for one in services.list_passkeys(user)] == ["My phone", "Key"]
        mails = db_session.scalars(select(OutboxMail).order_by(OutboxMail.id)).all()
        assert [mail.context["what"] for mail in mails] == [
            "The passkey “My phone” was added.",
            "The passkey “Key” was added.",
        ]

    def test_what_the_browser_is_told(self, user: User, now: dt.datetime) -> None:
        key = Authenticator()
        add(user, key, now)
        told = json.loads(services.start_adding(actor=user, password=PASSWORD))
        assert told["rp"] == {"id": "localhost", "name": "Disha"}
        assert told["user"]["name"] == "a@example.com"
        assert [one["id"] for one in told["excludeCredentials"]] == [key.create(json.dumps(told))["id"]]
        assert told["attestation"] == "none"

    def test_an_open_browser_is_not_enough(self, user: User) -> None:
        with pytest.raises(ValidationFailed):
            services.start_adding(actor=user, password="wrong")

    @pytest.mark.parametrize(
        "strange",
        [
            {"origin": "https://evil.example"},
            {"origin": "http://localhost:9999"},
            {"rp_id": "evil.example"},
            {"flags": VERIFIED},  # nobody was there
            {"credential_id": b"x" * 1024},
        ],
        ids=["origin", "port", "party", "presence", "long"],
    )
    def test_of_another_site_or_kind(self, user: User, now: dt.datetime, strange: dict[str, Any]) -> None:
        with pytest.raises(PasskeyRefused):
            add(user, dataclasses.replace(Authenticator(), **strange), now)
        assert not second_step.needs_second_step(user)

    def test_a_challenge_is_spent_by_its_first_answer(self, user: User, now: dt.datetime) -> None:
        options, key = services.start_adding(actor=user, password=PASSWORD), Authenticator()
        with transaction():
            services.finish_adding(actor=user, credential=key.create(options), name="A", now=now)
        with pytest.raises(PasskeyRefused), transaction():
            services.finish_adding(actor=user, credential=Authenticator().create(options), name="B", now=now)

    def test_a_challenge_is_for_one_account_and_five_minutes(
        self, db_session: Session, user: User, redis: Redis, now: dt.datetime
    ) -> None:
        other, options = make_user(), services.start_adding(actor=user, password=PASSWORD)
        db_session.commit()
        with pytest.raises(PasskeyRefused), transaction():
            services.finish_adding(actor=other, credential=Authenticator().create(options), name="A", now=now)
        (kept,) = redis.keys("passkey:*")
        assert 290 < redis.ttl(kept) <= 300

    def test_a_challenge_of_signing_in_adds_nothing(self, user: User, now: dt.datetime) -> None:
        add(user, Authenticator(), now)
        options = services.start_sign_in(second_step.start_challenge(user, now=now), now=now)
        with pytest.raises(PasskeyRefused), transaction():
            services.finish_adding(actor=user, credential=Authenticator().create(options), name="A", now=now)

    def test_a_passkey_belongs_to_one_account(self, db_session: Session, user: User, now: dt.datetime) -> None:
        key = Authenticator()
        add(user, key, now)
        other = make_user(password_hash=QUICK)
        db_session.commit()
        with pytest.raises(PasskeyKnown):
            add(other, key, now)

    @pytest.mark.parametrize("name", ["", "  ", "\x00\u200b", "x" * 81])
    def test_names(self, user: User, now: dt.datetime, name: str) -> None:
        with pytest.raises(ValidationFailed):
            add(user, Authenticator(), now, name)

    @settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(sent=JSON)
    def test_whatever_is_sent_is_only_refused(self, user: User, now: dt.datetime, sent: Any) -> None:
        options = services.start_adding(actor=user, password=PASSWORD)
        good = Authenticator().create(options)
        for strange in (sent, {**good, "response": sent}, {**good, "id": sent}, {**good, "rawId": sent}):
            with pytest.raises(PasskeyRefused), transaction():
                services.finish_adding(actor=user, credential=strange, name="A", now=now)
        options = services.start_adding(actor=user, password=PASSWORD)
        answer = Authenticator().create(options)
        answer["response"]["attestationObject"] = sent
        with pytest.raises(PasskeyRefused), transaction():
            services.finish_adding(actor=user, credential=answer, name="A", now=now)


class TestSigningIn:
    def test_with_and_without_a_count(self, db_session: Session, user: User, now: dt.datetime) -> None:
        counting, silent = Authenticator(count=7), Authenticator()
        add(user, counting, now, "Key")
        add(user, silent, now, "Phone")
        for _ in range(2):
            assert sign_in(user, counting, now) == user
            assert sign_in(user, silent, now) == user
        rows = db_session.execute(select(Passkey.name, Passkey.sign_count, Passkey.last_used_at).order_by(Passkey.id))
        assert rows.all() == [("Key", 9, now), ("Phone", 0, now)]

    def test_two_of_one(self, db_session: Session, user: User, now: dt.datetime) -> None:
        key = Authenticator(count=7)
        add(user, key, now, "Key")
        copy = dataclasses.replace(key)
        sign_in(user, key, now)
        with pytest.raises(PasskeyCopied) as refused:
            sign_in(user, copy, now)
        assert refused.value.name == "Key"
        with transaction():
            services.tell_copied(second_step.start_challenge(user, now=now), "Key", now=now)
        newest = db_session.scalars(select(OutboxMail).order_by(OutboxMail.id.desc())).first()
        assert newest is not None
        assert "may have been copied" in newest.context["what"]
        assert db_session.scalar(select(Passkey.sign_count)) == 8

    def test_a_wrong_signature_counts_nothing(self, db_session: Session, user: User, now: dt.datetime) -> None:
        key = Authenticator(count=7)
        add(user, key, now)
        forged = dataclasses.replace(Authenticator(count=100), credential_id=key.credential_id)
        with pytest.raises(PasskeyRefused):
            sign_in(user, forged, now)
        assert db_session.scalar(select(Passkey.sign_count)) == 7

    def test_of_another_account(self, db_session: Session, user: User, now: dt.datetime) -> None:
        mine, theirs, other = Authenticator(), Authenticator(), make_user(password_hash=QUICK)
        db_session.commit()
        add(user, mine, now)
        add(other, theirs, now)
        with pytest.raises(PasskeyRefused):
            sign_in(user, theirs, now)

    @pytest.mark.parametrize("strange", [{"origin": "https://evil.example"}, {"rp_id": "evil.example"}])
    def test_on_another_site(self, user: User, now: dt.datetime, strange: dict[str, Any]) -> None:
        key = Authenticator()
        add(user, key, now)
        with pytest.raises(PasskeyRefused):
            sign_in(user, dataclasses.replace(key, **strange), now)

    def test_an_answer_is_good_once(self, user: User, now: dt.datetime) -> None:
        key = Authenticator()
        add(user, key, now)
        challenge = second_step.start_challenge(user, now=now)
        answer = key.get(services.start_sign_in(challenge, now=now))
        with transaction():
            services.finish_sign_in(challenge, answer, now=now)
        with pytest.raises(PasskeyRefused), transaction():
            services.finish_sign_in(challenge, answer, now=now)

    def test_the_password_was_five_minutes_ago(self, user: User, now: dt.datetime) -> None:
        key = Authenticator()
        add(user, key, now)
        challenge = second_step.start_challenge(user, now=now)
        answer = key.get(services.start_sign_in(challenge, now=now))
        later = now + dt.timedelta(minutes=5, seconds=1)
        with pytest.raises(ChallengeExpired):
            services.start_sign_in(challenge, now=later)
        with pytest.raises(ChallengeExpired), transaction():
            services.finish_sign_in(challenge, answer, now=later)

    def test_an_account_without_passkeys(self, user: User, now: dt.datetime) -> None:
        with pytest.raises(NotFound):
            services.start_sign_in(second_step.start_challenge(user, now=now), now=now)

    @settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(sent=JSON)
    def test_whatever_is_sent_is_only_refused(self, user: User, now: dt.datetime, sent: Any) -> None:
        key = Authenticator()
        if not services.list_passkeys(user):
            add(user, key, now)
        challenge = second_step.start_challenge(user, now=now)
        for part in ("id", "rawId", "type", "response", "authenticatorData", "signature"):
            answer = key.get(services.start_sign_in(challenge, now=now))
            place = answer if part in answer else answer["response"]
            place[part] = sent
            with pytest.raises(PasskeyRefused), transaction():
                services.finish_sign_in(challenge, answer, now=now)


class TestKeeping:
    def test_renaming_and_removing(self, db_session: Session, user: User, now: dt.datetime) -> None:
        first, _ = add(user, Authenticator(), now, "A")
        second, _ = add(user, Authenticator(), now, "B")
        with transaction():
            services.rename_passkey(actor=user, passkey_id=first.public_id, name="C")
        with pytest.raises(ValidationFailed), transaction():
            services.remove_passkey(actor=user, passkey_id=second.public_id, password="wrong", now=now)
        with transaction():
            assert services.remove_passkey(actor=user, passkey_id=second.public_id, password=PASSWORD, now=now) == "B"
        assert [one.name for one in services.list_passkeys(user)] == ["C"]

    def test_the_only_second_step_is_not_just_removed(self, user: User, now: dt.datetime) -> None:
        passkey, _ = add(user, Authenticator(), now)
        with pytest.raises(InvalidState), transaction():
            services.remove_passkey(actor=user, passkey_id=passkey.public_id, password=PASSWORD, now=now)

    def test_nobody_touches_anothers(self, db_session: Session, user: User, now: dt.datetime) -> None:
        passkey, _ = add(user, Authenticator(), now)
        other = make_user(password_hash=QUICK)
        db_session.commit()
        with pytest.raises(NotFound), transaction():
            services.rename_passkey(actor=other, passkey_id=passkey.public_id, name="Mine")
        with pytest.raises(NotFound), transaction():
            services.remove_passkey(actor=other, passkey_id=passkey.public_id, password=PASSWORD, now=now)


def test_while_redis_is_away_it_is_said(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "get_redis", lambda: Redis.from_url("unix:///nowhere.sock"))
    with pytest.raises(ServiceUnavailable):
        services.start_adding(actor=user, password=PASSWORD)


@pytest.mark.parametrize(
    ("base_url", "party"),
    [
        ("https://disha.example", ("disha.example", "https://disha.example")),
        ("https://disha.example:8443", ("disha.example", "https://disha.example:8443")),
        ("https://disha.example/app", ("disha.example", "https://disha.example")),
        ("http://127.0.0.1:8000", ("localhost", "http://localhost:8000")),
        ("http://[::1]:8000", ("localhost", "http://localhost:8000")),
        ("http://localhost", ("localhost", "http://localhost")),
    ],
)
def test_who_we_are(app: Flask, monkeypatch: pytest.MonkeyPatch, base_url: str, party: tuple[str, str]) -> None:
    told = app.config["SETTINGS"].model_copy(update={"base_url": base_url})
    monkeypatch.setitem(app.config, "SETTINGS", told)
    with app.app_context():
        assert dataclasses.astuple(services.party()) == party
