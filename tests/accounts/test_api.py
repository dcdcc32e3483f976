"""`/api/v1/auth`: signing up, in and out, and what links by mail do."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, ClassVar

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import make_user
from tests.programs import Program, details
from webapp.accounts.models import Login, LoginKind, Role, User
from webapp.accounts.passwords import hash_password
from webapp.core import clock
from webapp.notifications.models import OutboxMail

PASSWORD = "Secret-99"
HASH = hash_password(PASSWORD)
MAIL = "ananya@example.com"


@pytest.fixture
def nobody(app: Flask, db_session: Session, redis: Redis) -> Program:
    return Program(app)


@pytest.fixture
def user(db_session: Session) -> User:
    made = make_user(email=MAIL, name="Ananya Chatterjee", password_hash=HASH)
    db_session.commit()
    return made


def sign_in(program: Program, **headers: str) -> dict[str, Any]:
    body = {"email": MAIL, "password": PASSWORD}
    answer: dict[str, Any] = program.post("/auth/login", body, headers=headers)["data"]
    return answer


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def link_token(session: Session, template: str) -> str:
    mail = session.scalars(select(OutboxMail).where(OutboxMail.template == template).order_by(OutboxMail.id)).all()[-1]
    return re.split(r"[/=]", str(mail.context["url"]))[-1]


class TestSigningUp:
    BODY: ClassVar = {
        "name": "Ishaan Verma",
        "email": "Ishaan@Example.com",
        "password": "Secret-88",
        "phone": "98300 41270",
    }

    def test_tokens_come_at_once(self, nobody: Program, db_session: Session) -> None:
        made = nobody.post("/auth/signup", self.BODY, status=201)["data"]
        assert made["user"] == {
            "_id": made["user"]["_id"],
            "name": "Ishaan Verma",
            "email": "ishaan@example.com",
            "role": "student",
            "phone": "+919830041270",
            "timezone": "Asia/Kolkata",
            "emailVerified": False,
            "isActive": True,
            "createdAt": made["user"]["createdAt"],
        }
        me = nobody.get("/auth/me", headers=bearer(made["accessToken"]))["data"]
        assert me == made["user"]
        assert nobody.post("/auth/refresh", {"refreshToken": made["refreshToken"]})["data"]["accessToken"]
        assert link_token(db_session, "verify")

    def test_every_wrong_field_is_named(self, nobody: Program) -> None:
        body = {"email": "x", "password": "short", "phone": "12", "timezone": "Mars/Base", "role": "admin"}
        wrong = details(nobody.post("/auth/signup", body, status=400))
        assert wrong == {
            "name": "Name is required.",
            "email": "This does not look like a mail address, such as ananya@example.com.",
            "password": "It still needs at least 8 characters, an upper-case letter and a digit.",
            "phone": "Give ten digits, or + and the country code with 10 to 15 digits.",
            "timezone": "Timezone must be a time zone such as Asia/Kolkata.",
            "role": "Role is not a field here.",
        }

    def test_an_address_has_one_account(self, nobody: Program, user: User) -> None:
        answer = nobody.post("/auth/signup", {**self.BODY, "email": MAIL.upper()}, status=409)
        assert (answer["error"]["code"], list(details(answer))) == ("DUPLICATE_ENTRY", ["email"])

    def test_the_same_key_makes_one_account(self, nobody: Program, db_session: Session) -> None:
        headers = {"Idempotency-Key": "one"}
        first = nobody.post("/auth/signup", self.BODY, status=201, headers=headers)
        assert nobody.post("/auth/signup", self.BODY, status=201, headers=headers) == first
        assert len(db_session.scalars(select(User)).all()) == 1


class TestSigningIn:
    def test_the_device_is_kept_with_the_login(self, nobody: Program, user: User, db_session: Session) -> None:
        answer = sign_in(nobody, **{"X-Device-ID": "phone-7", "User-Agent": "DishaApp/1.2"})
        assert set(answer) == {"accessToken", "refreshToken", "user"}
        assert answer["user"]["_id"] == user.public_id
        row = db_session.scalars(select(Login)).one()
        assert (row.kind, row.device_id, row.user_agent) == (LoginKind.API, "phone-7", "DishaApp/1.2")
        assert row.address == "127.0.0.1"

    @pytest.mark.parametrize("change", [{"password": "Secret-98"}, {"email": "nobody@example.com"}])
    def test_it_is_not_said_what_was_wrong(self, nobody: Program, user: User, change: dict[str, str]) -> None:
        answer = nobody.post("/auth/login", {"email": MAIL, "password": PASSWORD, **change}, status=401)
        assert answer["error"] == {"code": "INVALID_CREDENTIALS", "message": "Email or password is not right."}

    def test_a_closed_account_is_told_apart_by_its_owner_alone(
        self, nobody: Program, user: User, db_session: Session
    ) -> None:
        user.active = False
        db_session.commit()
        body = {"email": MAIL, "password": PASSWORD}
        assert nobody.post("/auth/login", body, status=403)["error"]["code"] == "ACCOUNT_DISABLED"
        answer = nobody.post("/auth/login", {**body, "password": "Wrong-123"}, status=401)
        assert answer["error"]["code"] == "INVALID_CREDENTIALS"

    def test_a_bad_token_is_no_hindrance(self, nobody: Program, user: User) -> None:
        assert sign_in(nobody, **bearer("rubbish"))

    def test_a_password_keeps_its_spaces(self, nobody: Program, user: User, db_session: Session) -> None:
        user.password_hash = hash_password(" Secret-99 ")
        db_session.commit()
        nobody.post("/auth/login", {"email": f" {MAIL} ", "password": " Secret-99 "})
        nobody.post("/auth/login", {"email": MAIL, "password": "Secret-99"}, status=401)


class TestRefreshing:
    def test_a_pair_follows_a_pair(self, nobody: Program, user: User, db_session: Session) -> None:
        first = sign_in(nobody)
        second = nobody.post("/auth/refresh", {"refreshToken": first["refreshToken"]})["data"]
        assert second["refreshToken"] != first["refreshToken"]
        for pair in (first, second):  # the older access token lives out its quarter of an hour
            assert nobody.get("/auth/me", headers=bearer(pair["accessToken"]))
        assert len(db_session.scalars(select(Login)).all()) == 1

    def test_a_second_use_ends_the_family(self, nobody: Program, user: User) -> None:
        first, other = sign_in(nobody), sign_in(nobody)
        second = nobody.post("/auth/refresh", {"refreshToken": first["refreshToken"]})["data"]
        again = nobody.post("/auth/refresh", {"refreshToken": first["refreshToken"]}, status=401)
        assert again["error"]["code"] == "SESSION_REVOKED"
        for token in (first["accessToken"], second["accessToken"]):
            refused = nobody.get("/auth/me", headers=bearer(token), status=401)
            assert refused["error"]["code"] == "SESSION_REVOKED"
        assert nobody.post("/auth/refresh", {"refreshToken": second["refreshToken"]}, status=401)
        assert nobody.get("/auth/me", headers=bearer(other["accessToken"]))  # another login of the same person

    def test_rubbish_and_other_tokens(self, nobody: Program, user: User) -> None:
        pair = sign_in(nobody)
        for wrong in ("rubbish", pair["accessToken"], "\u0939" * 50):
            answer = nobody.post("/auth/refresh", {"refreshToken": wrong}, status=401)
            assert answer["error"]["code"] == "INVALID_TOKEN"

    def test_after_a_week_it_is_too_old(self, nobody: Program, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
        pair = sign_in(nobody)
        later = clock.now() + dt.timedelta(days=7, seconds=1)
        monkeypatch.setattr(clock, "now", lambda: later)
        answer = nobody.post("/auth/refresh", {"refreshToken": pair["refreshToken"]}, status=401)
        assert answer["error"]["code"] == "TOKEN_EXPIRED"

    def test_a_closed_account_gets_none(self, nobody: Program, user: User, db_session: Session) -> None:
        pair = sign_in(nobody)
        user.active = False
        db_session.commit()
        answer = nobody.post("/auth/refresh", {"refreshToken": pair["refreshToken"]}, status=403)
        assert answer["error"]["code"] == "ACCOUNT_DISABLED"
        answer = nobody.get("/auth/me", headers=bearer(pair["accessToken"]), status=403)
        assert answer["error"]["code"] == "ACCOUNT_DISABLED"


class TestSigningOut:
    def test_this_login_alone_ends(self, nobody: Program, user: User) -> None:
        mine, other = sign_in(nobody), sign_in(nobody)
        body = {"refreshToken": mine["refreshToken"]}
        nobody.post("/auth/logout", body, headers=bearer(mine["accessToken"]))
        refused = nobody.get("/auth/me", headers=bearer(mine["accessToken"]), status=401)
        assert refused["error"]["code"] == "SESSION_REVOKED"
        assert nobody.post("/auth/refresh", body, status=401)["error"]["code"] == "SESSION_REVOKED"
        assert nobody.get("/auth/me", headers=bearer(other["accessToken"]))

    def test_the_token_of_another_login_is_refused(self, nobody: Program, user: User) -> None:
        mine, other = sign_in(nobody), sign_in(nobody)
        for token in (other["refreshToken"], "rubbish"):
            wrong = nobody.post(
                "/auth/logout", {"refreshToken": token}, headers=bearer(mine["accessToken"]), status=400
            )
            assert list(details(wrong)) == ["refreshToken"]
        assert nobody.post("/auth/logout", {}, headers=bearer(mine["accessToken"]))

    def test_nobody_is_signed_out_who_is_not_in(self, nobody: Program) -> None:
        assert nobody.post("/auth/logout", {}, status=401)["error"]["code"] == "UNAUTHORIZED"


class TestLinks:
    def test_a_reset_ends_every_login(self, nobody: Program, user: User, db_session: Session) -> None:
        pair = sign_in(nobody)
        nobody.post("/auth/forgot-password", {"email": MAIL})
        token = link_token(db_session, "password_reset")
        weak = nobody.post("/auth/reset-password", {"token": token, "password": "weak"}, status=400)
        assert list(details(weak)) == ["password"]
        nobody.post("/auth/reset-password", {"token": token, "password": "New-Secret-77"})
        refused = nobody.get("/auth/me", headers=bearer(pair["accessToken"]), status=401)
        assert refused["error"]["code"] == "SESSION_REVOKED"
        nobody.post("/auth/login", {"email": MAIL, "password": PASSWORD}, status=401)
        nobody.post("/auth/login", {"email": MAIL, "password": "New-Secret-77"})
        again = nobody.post("/auth/reset-password", {"token": token, "password": "New-Secret-78"}, status=401)
        assert again["error"]["code"] == "INVALID_TOKEN"

    def test_asking_for_a_link_answers_the_same(self, nobody: Program, user: User) -> None:
        known = nobody.post("/auth/forgot-password", {"email": MAIL})
        assert nobody.post("/auth/forgot-password", {"email": "nobody@example.com"}) == known
        assert list(details(nobody.post("/auth/forgot-password", {"email": "x"}, status=400))) == ["email"]

    def test_an_address_is_verified_by_its_link(self, nobody: Program, db_session: Session) -> None:
        made = nobody.post("/auth/signup", TestSigningUp.BODY, status=201)["data"]
        token = link_token(db_session, "verify")
        nobody.post("/auth/verify-email", {"token": token})
        me = nobody.get("/auth/me", headers=bearer(made["accessToken"]))["data"]
        assert me["emailVerified"] is True
        assert nobody.post("/auth/verify-email", {"token": token})  # twice is no error
        wrong = nobody.post("/auth/verify-email", {"token": token[:-1]}, status=401)
        assert wrong["error"]["code"] == "INVALID_TOKEN"

    def test_a_link_is_for_one_thing(self, nobody: Program, user: User, db_session: Session) -> None:
        nobody.post("/auth/forgot-password", {"email": MAIL})
        token = link_token(db_session, "password_reset")
        assert nobody.post("/auth/verify-email", {"token": token}, status=401)


def test_roles_sign_in_at_the_same_door(nobody: Program, db_session: Session) -> None:
    for role in Role:
        make_user(role=role, email=f"{role}@example.com", password_hash=HASH)
    db_session.commit()
    for role in Role:
        body = {"email": f"{role}@example.com", "password": PASSWORD}
        assert nobody.post("/auth/login", body)["data"]["user"]["role"] == role.value
