"""Nothing that is sent brings an endpoint down: made from the document, for every body and parameter there is."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from tests.api import rubbish
from tests.api.operations import Operation
from tests.api.test_examples import actor_of
from tests.api.world import World
from tests.factories import NOW
from tests.programs import Program, check
from webapp.core import clock
from webapp.core.db import db
from webapp.core.jobs import get_redis

JSON = "application/json"


class Asker:
    """Sends rubbish as those who may use an endpoint, and notes every answer that is not as documented."""

    def __init__(self, app: Flask, world: World) -> None:
        self.app, self.world = app, world
        self.programs: dict[str | None, Program] = {}
        self.problems: list[str] = []
        self.asked = 0

    def program(self, one: Operation) -> Program:
        role = actor_of(one)
        if role not in self.programs:
            self.programs[role] = Program(self.app, self.world.person(role) if role else None)
        return self.programs[role]

    def send(self, one: Operation, what: str, wanted: tuple[int, ...], **more: Any) -> TestResponse:
        """Send it; ``wanted`` are the statuses that may come, each of them documented."""
        if self.asked % 40 == 0:
            get_redis().flushdb()  # limits are not what is tried here
        self.asked += 1
        program = self.program(one)
        headers = {**program.headers, **more.pop("headers", {})}
        address = f"/api/v1{one.address}"
        answer = program.client.open(address, method=one.method.upper(), headers=headers, **more)
        if answer.status_code == 429:
            get_redis().flushdb()
            answer = program.client.open(address, method=one.method.upper(), headers=headers, **more)
        if answer.status_code not in wanted or str(answer.status_code) not in one.spec["responses"]:
            self.problems.append(f"{one.name}, {what}: {answer.status_code} {answer.get_data(as_text=True)[:160]}")
        elif answer.status_code >= 400:
            check(answer)
        return answer

    def done(self) -> None:
        """Fail with everything that was not as documented."""
        db.session.rollback()
        assert self.asked
        assert not self.problems, f"{len(self.problems)} of {self.asked}\n" + "\n".join(self.problems[:40])


def test_bodies_that_are_no_json_of_ours(app: Flask, world: World, every: list[Operation]) -> None:
    asker = Asker(app, world)
    for one in every:
        if one.has_body:
            for what, raw in rubbish.bodies(one.example):
                asker.send(one, what, (400, 413), data=raw, content_type=JSON)
    asker.done()


def test_bodies_of_another_type_or_too_large(app: Flask, world: World, every: list[Operation]) -> None:
    asker, large = Asker(app, world), b'{"a": "' + b"x" * (10 * rubbish.MEGABYTE) + b'"}'
    for one in every:
        if one.has_body:
            good = json.dumps(one.example).encode()
            for media in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
                asker.send(one, media, (415,), data=good, content_type=media)
            asker.send(one, "10 MB", (413,), data=large, content_type=JSON)
    asker.done()


def test_every_field_with_values_it_does_not_hold(app: Flask, world: World, every: list[Operation]) -> None:
    asker = Asker(app, world)
    for one in every:
        if not one.has_body:
            continue
        for field, value in rubbish.wrong_values(one.whole, one.content["schema"]):
            body = json.dumps({**one.example, field: value}).encode()
            answer = asker.send(one, f"{field}={str(value)[:40]!a}", (400,), data=body, content_type=JSON)
            if answer.status_code == 400 and answer.get_json()["error"]["code"] == "VALIDATION_ERROR":
                told = [detail["field"] for detail in answer.get_json()["error"].get("details", [])]
                if not any(name.split(".")[0] == field for name in told):
                    asker.problems.append(f"{one.name}: {field}={str(value)[:40]!a} is not named in {told}")
    asker.done()


def test_parameters_nobody_knows_or_holds(app: Flask, world: World, every: list[Operation]) -> None:
    asker = Asker(app, world)
    for one in every:
        if one.query:
            for query in rubbish.queries(one.query):
                merged = {**one.example_query, **query}
                asker.send(one, str(query), (400,), query_string=merged)
    asker.done()


def test_tokens_that_open_nothing(app: Flask, world: World, every: list[Operation]) -> None:
    good = Program(app, world.student).headers["Authorization"].removeprefix("Bearer ")
    nobody, wrong = Program(app), []
    me = next(one for one in every if one.name == "get_me")
    with clock.frozen(NOW - dt.timedelta(minutes=16)):
        old = Program(app, world.student).headers["Authorization"].removeprefix("Bearer ")
    cases = [*rubbish.tokens(good), ("TOKEN_EXPIRED", old)]
    for one in (one for one in every if not one.is_public):
        get_redis().flushdb()
        for code, token in cases if one is me else (cases[0], cases[-1]):
            answer = nobody.ask(one.method.upper(), one.address, headers={"Authorization": f"Bearer {token}"})
            if (answer.status_code, answer.get_json()["error"]["code"]) != (401, code):
                wrong.append((one.name, token[:20], answer.status_code))
    for header in ("Basic abc", "Bearer", "Bearer ", good):
        assert nobody.ask("GET", me.address, headers={"Authorization": header}).status_code == 401
    assert wrong == []


def test_words_in_paths_that_are_no_ids(app: Flask, world: World, every: list[Operation]) -> None:
    asker = Asker(app, world)
    odd = ("x", "%00", "%ff", "-1", "1", "' or 1=1 --", "a" * 300, "pkg_%F0%9F%99%82", "..%2f..")
    for one in every:
        if one.words and one.method == "get":
            for word in odd:
                program = asker.program(one)
                path = one.path.replace("{" + one.words[0] + "}", word)
                if len(one.words) > 1:
                    continue
                get_redis().flushdb()
                answer = program.client.get(path, headers=program.headers, query_string=dict(one.example_query))
                if answer.status_code not in (400, 404):
                    asker.problems.append(f"{one.name} {word}: {answer.status_code}")
                asker.asked += 1
    asker.done()
