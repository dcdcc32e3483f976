"""`/api/v1/auth/me`, its logins, its password and its second step."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy.orm import Session

from tests.accounts.test_api import HASH, MAIL, PASSWORD, bearer, sign_in
from tests.factories import make_login, make_user
from tests.programs import Program, details
from tests.queries import count_queries
from webapp.accounts import codes
from webapp.accounts.models import LoginKind, Role, User
from webapp.core import clock
from webapp.core.db import db

SECOND = "/auth/me/two-factor"


@pytest.fixture
def user(db_session: Session, redis: Redis) -> User:
    made = make_user(email=MAIL, name="Ananya Chatterjee", password_hash=HASH)
    db_session.commit()
    return made


@pytest.fixture
def mine(app: Flask, user: User) -> Program:
    return Program(app, user)


@pytest.fixture
def nobody(app: Flask, user: User) -> Program:
    return Program(app)


class TestTheAccount:
    def test_it_is_the_data_itself(self, mine: Program, user: User) -> None:
        me = mine.get("/auth/me")["data"]
        assert (me["_id"], me["name"], me["email"], me["role"]) == (
            user.public_id,
            "Ananya Chatterjee",
            MAIL,
            "student",
        )

    def test_what_is_left_out_stays(self, mine: Program) -> None:
        mine.patch("/auth/me", {"phone": "98300 41270", "timezone": "Europe/London"})
        me = mine.patch("/auth/me", {"name": "Ananya C."})["data"]
        assert (me["name"], me["phone"], me["timezone"]) == ("Ananya C.", "+919830041270", "Europe/London")
        assert mine.patch("/auth/me", {"phone": None})["data"]["phone"] is None

    def test_wrong_fields_are_named(self, mine: Program) -> None:
        wrong = details(
            mine.patch("/auth/me", {"name": " ", "phone": "1", "timezone": "x", "email": "b@example.com"}, status=400)
        )
        assert set(wrong) == {"name", "phone", "timezone", "email"}

    def test_it_is_for_people_who_are_signed_in(self, nobody: Program) -> None:
        for method, path in (("GET", "/auth/me"), ("PATCH", "/auth/me"), ("GET", "/auth/sessions"), ("POST", SECOND)):
            answer = nobody.ask(method, path, {} if method != "GET" else None, status=401).json
            assert answer is not None
            assert answer["error"]["code"] == "UNAUTHORIZED"


class TestThePassword:
    BODY = {"currentPassword": PASSWORD, "newPassword": "New-Secret-77"}  # noqa: RUF012

    def test_the_login_in_use_stays_and_all_others_end(self, nobody: Program) -> None:
        used, other = sign_in(nobody), sign_in(nobody)
        nobody.patch("/auth/me/password", self.BODY, headers=bearer(used["accessToken"]))
        assert nobody.get("/auth/me", headers=bearer(used["accessToken"]))
        renewed = nobody.post("/auth/refresh", {"refreshToken": used["refreshToken"]})["data"]
        assert nobody.get("/auth/me", headers=bearer(renewed["accessToken"]))
        refused = nobody.get("/auth/me", headers=bearer(other["accessToken"]), status=401)
        assert refused["error"]["code"] == "SESSION_REVOKED"
        assert nobody.post("/auth/refresh", {"refreshToken": other["refreshToken"]}, status=401)
        nobody.post("/auth/login", {"email": MAIL, "password": PASSWORD}, status=401)

    def test_both_fields_have_their_words(self, mine: Program) -> None:
        wrong = details(mine.patch("/auth/me/password", {**self.BODY, "currentPassword": "Wrong-123"}, status=400))
        assert wrong == {"currentPassword": "This is not your current password."}
        wrong = details(mine.patch("/auth/me/password", {**self.BODY, "newPassword": "weak"}, status=400))
        assert list(wrong) == ["newPassword"]


class TestLogins:
    def test_a_row_a_device(self, nobody: Program) -> None:
        used = sign_in(nobody, **{"X-Device-ID": "phone-7", "User-Agent": "DishaApp/1.2"})
        sign_in(nobody)
        answer = nobody.get("/auth/sessions", headers=bearer(used["accessToken"]))
        assert answer["pagination"]["total"] == 2
        row = next(row for row in answer["data"] if row["isCurrent"])
        assert {name: row[name] for name in ("deviceId", "ipAddress", "userAgent", "kind")} == {
            "deviceId": "phone-7",
            "ipAddress": "127.0.0.1",
            "userAgent": "DishaApp/1.2",
            "kind": "api",
        }
        assert row["lastActivity"].endswith("Z")
        assert row["createdAt"].endswith("Z")

    def test_one_is_revoked_at_once(self, nobody: Program) -> None:
        used, lost = sign_in(nobody), sign_in(nobody)
        rows = nobody.get("/auth/sessions", headers=bearer(lost["accessToken"]))["data"]
        lost_id = next(row["_id"] for row in rows if row["isCurrent"])
        nobody.delete(f"/auth/sessions/{lost_id}", headers=bearer(used["accessToken"]))
        refused = nobody.get("/auth/me", headers=bearer(lost["accessToken"]), status=401)
        assert refused["error"]["code"] == "SESSION_REVOKED"
        assert nobody.delete(f"/auth/sessions/{lost_id}", headers=bearer(used["accessToken"]), status=404)

    def test_logins_of_others_are_not_there(self, app: Flask, mine: Program) -> None:
        for role in Role:
            other = Program(app, make_user(role=role))
            assert other.delete(f"/auth/sessions/{mine.login_id}", status=404)["error"]["code"] == "NOT_FOUND"
        assert mine.get("/auth/me")

    def test_all_others_end(self, nobody: Program, user: User) -> None:
        used, lost = sign_in(nobody), sign_in(nobody)
        make_login(user)  # a browser
        db.session.commit()
        answer = nobody.post("/auth/sessions/revoke-all", {}, headers=bearer(used["accessToken"]))
        assert answer["data"] == {"revokedCount": 2}
        assert nobody.get("/auth/me", headers=bearer(used["accessToken"]))
        assert nobody.get("/auth/me", headers=bearer(lost["accessToken"]), status=401)

    def test_the_one_in_use_ends_where_that_is_asked(self, mine: Program) -> None:
        answer = mine.post("/auth/sessions/revoke-all", {"includeCurrent": True})
        assert answer["data"] == {"revokedCount": 1}
        assert mine.get("/auth/me", status=401)["error"]["code"] == "SESSION_REVOKED"

    def test_the_list_costs_the_same_at_any_size(self, mine: Program, user: User) -> None:
        def ask() -> int:
            db.session.commit()
            db.session.expire_all()
            with count_queries() as seen:
                mine.get("/auth/sessions?limit=100")
            return len(seen)

        few = ask()
        for _ in range(20):
            make_login(user, kind=LoginKind.API)
        assert ask() == few


class TestTheSecondStep:
    def code(self, secret: str, drift: int = 0) -> str:
        return codes.code_of_step(secret, codes.step_at(clock.now()) + drift)

    def set_up(self, mine: Program) -> tuple[str, list[str]]:
        made = mine.post(SECOND)["data"]
        assert set(made) == {"secret", "otpauthUri"}
        assert made["otpauthUri"].startswith("otpauth://totp/")
        confirmed = mine.post(f"{SECOND}/confirm", {"code": self.code(made["secret"])})["data"]
        return made["secret"], confirmed["backupCodes"]

    def challenge(self, nobody: Program) -> str:
        error: dict[str, Any] = nobody.post("/auth/login", {"email": MAIL, "password": PASSWORD}, status=401)["error"]
        assert error["code"] == "TWO_FACTOR_REQUIRED"
        return str(error["challenge"])

    def test_a_code_goes_on_where_the_password_stopped(self, mine: Program, nobody: Program) -> None:
        secret, backup = self.set_up(mine)
        assert len(backup) == 10
        body = {"challenge": self.challenge(nobody), "code": self.code(secret)}
        pair = nobody.post("/auth/login/two-factor", body)["data"]
        assert nobody.get("/auth/me", headers=bearer(pair["accessToken"]))["data"]["email"] == MAIL
        again = nobody.post("/auth/login/two-factor", body, status=401)
        assert (again["error"]["code"], list(details(again))) == ("INVALID_CREDENTIALS", ["code"])
        body = {"challenge": self.challenge(nobody), "code": backup[0]}
        assert nobody.post("/auth/login/two-factor", body)["data"]["refreshToken"]
        assert nobody.post("/auth/login/two-factor", body, status=401)

    def test_a_challenge_is_not_made_up(self, mine: Program, nobody: Program) -> None:
        secret, _ = self.set_up(mine)
        body = {"challenge": "made.up", "code": self.code(secret)}
        assert nobody.post("/auth/login/two-factor", body, status=401)["error"]["code"] == "INVALID_TOKEN"
        assert nobody.get("/auth/me", headers=bearer(self.challenge(nobody)), status=401)

    def test_a_wrong_password_learns_nothing_of_it(self, mine: Program, nobody: Program) -> None:
        self.set_up(mine)
        error = nobody.post("/auth/login", {"email": MAIL, "password": "Wrong-123"}, status=401)["error"]
        assert error["code"] == "INVALID_CREDENTIALS"

    def test_it_is_confirmed_by_a_code(self, mine: Program) -> None:
        assert mine.post(f"{SECOND}/confirm", {"code": "123456"}, status=400)["error"]["code"] == "INVALID_STATE"
        mine.post(SECOND)
        assert mine.post(f"{SECOND}/confirm", {"code": "abcdef"}, status=401)["error"]["code"] == "INVALID_CREDENTIALS"
        assert mine.post(f"{SECOND}/confirm", {}, status=400)

    def test_it_is_turned_off_by_password_and_code(self, mine: Program, nobody: Program) -> None:
        secret, backup = self.set_up(mine)
        assert mine.post(SECOND, status=400)["error"]["code"] == "INVALID_STATE"
        wrong = mine.delete(SECOND, json={"password": "Wrong-123", "code": backup[0]}, status=400)
        assert list(details(wrong)) == ["password"]
        mine.delete(SECOND, json={"password": PASSWORD, "code": self.code(secret)})
        assert sign_in(nobody)
        mine.delete(SECOND, json={"password": PASSWORD, "code": "123456"}, status=400)
