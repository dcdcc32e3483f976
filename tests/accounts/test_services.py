"""Use-cases of accounts."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.factories import make_user
from webapp.accounts import services
from webapp.accounts.emails import has_still_these_credentials, is_still_unverified
from webapp.accounts.errors import EmailTaken, LinkExpired, LinkInvalid, WrongCredentials
from webapp.accounts.models import Role, User
from webapp.accounts.passwords import hash_password, password_fits
from webapp.core.db import db, transaction
from webapp.core.errors import ValidationFailed
from webapp.notifications.delivery import deliver_due
from webapp.notifications.guards import still_true
from webapp.notifications.models import OutboxMail

PERSON: dict[str, Any] = {
    "name": "Ananya Chatterjee",
    "email": "Ananya@Example.com",
    "phone": "98300 41270",
    "password": "Secret-99",
    "zone": "Asia/Dubai",
}
MINUTE = dt.timedelta(minutes=1)


def mails() -> list[OutboxMail]:
    return list(db.session.scalars(select(OutboxMail).order_by(OutboxMail.id)))


def token_in(mail: OutboxMail) -> str:
    return str(mail.context["url"]).rpartition("/")[2]


@contextlib.contextmanager
def wrong(*fields: str) -> Iterator[None]:
    with pytest.raises(ValidationFailed) as caught:
        yield
    assert set(caught.value.fields) == set(fields)


def sign_up(now: dt.datetime, **more: Any) -> User:
    with transaction():
        return services.sign_up(**{**PERSON, **more}, now=now)


def ask_reset(email: str, now: dt.datetime) -> OutboxMail:
    with transaction():
        services.request_password_reset(email=email, now=now)
    return mails()[-1]


class TestSigningUp:
    def test_a_student_with_clean_fields_and_a_mail(self, db_session: Session, now: dt.datetime) -> None:
        user = sign_up(now)
        assert (user.email, user.phone, user.zone) == ("ananya@example.com", "+919830041270", "Asia/Dubai")
        assert (user.role, user.active, user.is_verified) == (Role.STUDENT, True, False)
        assert password_fits(user.password_hash, "Secret-99")
        (mail,) = mails()
        assert (mail.template, mail.recipient, mail.recipient_name) == ("verify", user.email, user.name)
        assert str(mail.context["url"]).startswith("http://localhost/verify/")

    def test_everything_wrong_is_said_at_once(self, db_session: Session, now: dt.datetime) -> None:
        with wrong("name", "email", "phone", "password"):
            sign_up(now, name=" ", email="x", phone="1", password="x")
        assert mails() == []

    def test_an_unknown_zone_of_a_browser_is_india(self, db_session: Session, now: dt.datetime) -> None:
        assert sign_up(now, zone="Mars/Base").zone == "Asia/Kolkata"

    def test_an_address_counts_once_in_any_case(self, db_session: Session, now: dt.datetime) -> None:
        make_user(email="ananya@example.com")
        with pytest.raises(EmailTaken) as caught:
            sign_up(now, email="ANANYA@example.COM")
        assert "exists" in caught.value.fields["email"]
        assert mails() == []

    def test_a_login_without_a_password_waits_for_the_reset_link(self, db_session: Session, now: dt.datetime) -> None:
        with transaction():
            user = services.create_user(
                name="Lead", email="lead@example.com", now=now, role=Role.COUNSELLOR, verified=True
            )
        assert user.is_verified
        with pytest.raises(WrongCredentials):
            services.authenticate(email=user.email, password="")
        mail = ask_reset(user.email, now)
        with transaction():
            services.reset_password(token=token_in(mail), password="Secret-99", now=now)
        assert services.authenticate(email=user.email, password="Secret-99").id == user.id


@pytest.mark.race
def test_of_many_who_sign_up_at_once_one_wins(app: Flask, now: dt.datetime) -> None:
    count = 8
    start, lock = threading.Barrier(count), threading.Lock()
    results: list[str] = []

    def run() -> None:
        with app.app_context():
            start.wait()
            try:
                sign_up(now, email="race@example.com")
                result = "made"
            except EmailTaken:
                result = "taken"
            with lock:
                results.append(result)
            db.session.remove()

    threads = [threading.Thread(target=run) for _ in range(count)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(results) == ["made"] + ["taken"] * (count - 1)
    finally:
        with app.app_context(), transaction() as session:
            session.execute(text("delete from users where email = 'race@example.com'"))
            session.execute(text("delete from outbox_mails where recipient = 'race@example.com'"))


class TestVerifying:
    def test_once_and_again(self, db_session: Session, now: dt.datetime) -> None:
        user = sign_up(now)
        token = token_in(mails()[0])
        assert services.find_user_to_verify(token, now=now).id == user.id
        assert not user.is_verified  # looking changes nothing
        for later in (MINUTE, 2 * MINUTE):
            with transaction():
                services.verify_email(token=token, now=now + later)
        assert user.email_verified_at == now + MINUTE

    def test_48_hours(self, db_session: Session, now: dt.datetime) -> None:
        sign_up(now)
        with pytest.raises(LinkExpired):
            services.find_user_to_verify(token_in(mails()[0]), now=now + dt.timedelta(hours=48, seconds=1))

    def test_not_for_another_address_of_the_account(self, db_session: Session, now: dt.datetime) -> None:
        user = sign_up(now)
        user.email = "new@example.com"
        with pytest.raises(LinkInvalid):
            services.verify_email(token=token_in(mails()[0]), now=now)

    def test_not_for_a_closed_account(self, db_session: Session, now: dt.datetime) -> None:
        sign_up(now).active = False
        with pytest.raises(LinkInvalid):
            services.verify_email(token=token_in(mails()[0]), now=now)

    def test_again_only_while_it_is_needed(self, db_session: Session, now: dt.datetime) -> None:
        user = sign_up(now)
        with transaction():
            services.send_verification_again(actor=user, now=now + MINUTE)
        assert len(mails()) == 2
        assert all(still_true(mail) for mail in mails())
        user.email_verified_at = now
        with transaction():
            services.send_verification_again(actor=user, now=now + 2 * MINUTE)
        assert len(mails()) == 2
        assert not any(still_true(mail) for mail in mails())  # what still waits is dropped

    def test_a_mail_for_an_older_address_is_dropped(self, db_session: Session, now: dt.datetime) -> None:
        user = sign_up(now)
        user.email = "new@example.com"
        db.session.flush()
        assert not is_still_unverified(user.public_id, mails()[0])


class TestSigningIn:
    def test_address_in_any_case(self, db_session: Session) -> None:
        user = make_user(email="a@example.com", password_hash=hash_password("Secret-99"))
        assert services.authenticate(email=" A@Example.COM ", password="Secret-99").id == user.id

    @pytest.mark.parametrize(
        ("email", "password"),
        [
            ("a@example.com", "secret-99"),
            ("b@example.com", "Secret-99"),
            ("", ""),
            ("a\x00@example.com", "x"),
            ("a@example.com", "x" * 5000),
        ],
    )
    def test_refused(self, db_session: Session, email: str, password: str) -> None:
        make_user(email="a@example.com", password_hash=hash_password("Secret-99"))
        with pytest.raises(WrongCredentials):
            services.authenticate(email=email, password=password)

    def test_a_closed_account_looks_like_a_wrong_password(self, db_session: Session) -> None:
        make_user(email="a@example.com", password_hash=hash_password("Secret-99"), active=False)
        with pytest.raises(WrongCredentials):
            services.authenticate(email="a@example.com", password="Secret-99")

    def test_an_old_hash_is_renewed(self, db_session: Session) -> None:
        weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("Secret-99")
        user = make_user(email="a@example.com", password_hash=weak)
        with transaction():
            services.authenticate(email="a@example.com", password="Secret-99")
        assert user.password_hash != weak
        assert user.auth_version == 1  # nobody is signed out by it
        services.authenticate(email="a@example.com", password="Secret-99")

    def test_an_unknown_address_costs_a_verification_too(
        self, db_session: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        checked: list[str | None] = []

        def fits(password_hash: str | None, password: str) -> bool:
            checked.append(password_hash)
            return password_fits(password_hash, password)

        monkeypatch.setattr(services, "password_fits", fits)
        with pytest.raises(WrongCredentials):
            services.authenticate(email="nobody@example.com", password="x")
        assert checked == [None]


class TestResetting:
    def test_by_link(self, db_session: Session, now: dt.datetime) -> None:
        user = make_user(email="a@example.com", verified=False)
        token = token_in(ask_reset("A@example.com", now))
        with transaction():
            services.reset_password(token=token, password="Secret-99", now=now + 14 * MINUTE)
        assert password_fits(user.password_hash, "Secret-99")
        assert user.auth_version == 2
        assert user.is_verified  # the link came by mail

    def test_once(self, db_session: Session, now: dt.datetime) -> None:
        make_user(email="a@example.com")
        token = token_in(ask_reset("a@example.com", now))
        with transaction():
            services.reset_password(token=token, password="Secret-99", now=now)
        with pytest.raises(LinkInvalid), transaction():
            services.reset_password(token=token, password="Secret-98", now=now)

    def test_15_minutes(self, db_session: Session, now: dt.datetime) -> None:
        make_user(email="a@example.com")
        token = token_in(ask_reset("a@example.com", now))
        services.find_user_to_reset(token, now=now + 15 * MINUTE)
        with pytest.raises(LinkExpired):
            services.find_user_to_reset(token, now=now + 15 * MINUTE + dt.timedelta(seconds=1))

    def test_a_newer_link_ends_the_older(self, db_session: Session, now: dt.datetime) -> None:
        make_user(email="a@example.com")
        older = token_in(ask_reset("a@example.com", now))
        newer = token_in(ask_reset("a@example.com", now + MINUTE))
        with pytest.raises(LinkInvalid):
            services.find_user_to_reset(older, now=now + 2 * MINUTE)
        services.find_user_to_reset(newer, now=now + 2 * MINUTE)

    def test_a_weak_password_leaves_the_link_good(self, db_session: Session, now: dt.datetime) -> None:
        make_user(email="a@example.com")
        token = token_in(ask_reset("a@example.com", now))
        with wrong("password"), transaction():
            services.reset_password(token=token, password="weak", now=now)
        services.find_user_to_reset(token, now=now)

    @pytest.mark.parametrize("known", [True, False])
    def test_the_same_work_whether_or_not_there_is_an_account(
        self, db_session: Session, now: dt.datetime, known: bool
    ) -> None:
        user = make_user(email="a@example.com", active=True) if known else None
        mail = ask_reset("a@example.com", now)
        assert re.fullmatch(r"http://localhost/reset/[\w.-]{80,}", str(mail.context["url"]))
        assert still_true(mail) is known
        if user:
            user.active = False
            db.session.flush()
            assert not still_true(mail)

    def test_nothing_goes_to_an_unknown_address(self, db_session: Session, now: dt.datetime) -> None:
        mail = ask_reset("nobody@example.com", now)
        assert deliver_due(now).sent == 0
        db.session.refresh(mail)
        assert mail.status.value == "dropped"

    def test_a_used_link_is_not_sent_late(self, db_session: Session, now: dt.datetime) -> None:
        user = make_user(email="a@example.com")
        mail = ask_reset("a@example.com", now)
        user.auth_version += 1
        db.session.flush()
        argument = (mail.guard or "").partition(":")[2]
        assert not has_still_these_credentials(argument, mail)

    def test_no_address(self, db_session: Session, now: dt.datetime) -> None:
        with wrong("email"):
            services.request_password_reset(email="x", now=now)


class TestTheAccount:
    def test_a_new_password_ends_the_other_logins(self, db_session: Session) -> None:
        user = make_user(password_hash=hash_password("Secret-99"))
        with transaction():
            services.change_password(actor=user, current="Secret-99", new="Secret-100")
        assert password_fits(user.password_hash, "Secret-100")
        assert user.auth_version == 2

    def test_the_current_password_is_needed(self, db_session: Session) -> None:
        user = make_user(password_hash=hash_password("Secret-99"))
        with wrong("current", "new"), transaction():
            services.change_password(actor=user, current="secret", new="short")
        assert user.auth_version == 1

    def test_profile(self, db_session: Session) -> None:
        user = make_user(phone="+919830041270")
        with transaction():
            services.update_profile(actor=user, name=" Dr.  Meera ", phone="", zone="Europe/London")
        assert (user.name, user.phone, user.zone) == ("Dr. Meera", None, "Europe/London")
        with wrong("name", "phone", "zone"), transaction():
            services.update_profile(actor=user, name="", phone="12", zone="Nowhere")
        assert user.name == "Dr. Meera"

    def test_how_one_is_greeted(self) -> None:
        assert [User(name=name).first_name for name in ("Ananya Chatterjee", "Dr. Meera Krishnan", "Dr.")] == [
            "Ananya",
            "Dr. Meera",
            "Dr.",
        ]
