"""Whoever has nothing to do with a thing does not reach it: made from the document, so no endpoint is forgotten."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.api.operations import ROLES, Operation
from tests.api.world import World
from tests.programs import Program, partner_key
from webapp.accounts.partners import SCOPES
from webapp.core.db import db
from webapp.core.jobs import get_redis

# Admins see everybody's, save what is a person's own.
OWN = frozenset({"auth", "notifications"})
# Open to all of a role, because nothing of a person is in it.
OPEN: frozenset[str] = frozenset()
ALL = ("signed_in",)


def send(program: Program, one: Operation, **more: Any) -> int:
    get_redis().flushdb()  # limits are not what is tried here
    query = dict(one.example_query)
    answer = program.ask(one.method.upper(), one.address, one.example, query_string=query, **more)
    db.session.rollback()
    return answer.status_code


def may(one: Operation, role: str) -> bool:
    return role in one.audience or one.audience == ALL


@pytest.fixture
def private(every: list[Operation]) -> list[Operation]:
    """Give every endpoint that is not for everybody."""
    return [one for one in every if not one.is_public]


def test_nobody_is_asked_to_sign_in_first(app: Flask, world: World, private: list[Operation]) -> None:
    nobody, found = Program(app), {}
    for one in private:
        found[one.name] = send(nobody, one)
        get_redis().flushdb()
        empty = nobody.ask(one.method.upper(), one.address.replace("_", "-"), None)
        found[f"{one.name}, nothing sent"] = empty.status_code
    assert {name: status for name, status in found.items() if status != 401} == {}


@pytest.mark.parametrize("role", ROLES)
def test_another_role_is_refused_before_anything_is_looked_up(
    app: Flask, world: World, private: list[Operation], role: str
) -> None:
    program = Program(app, world.outsiders[role])
    found = {one.name: send(program, one) for one in private if not may(one, role)}
    assert found
    assert {name: status for name, status in found.items() if status != 403} == {}


@pytest.mark.parametrize("role", ROLES)
def test_what_is_not_theirs_is_not_there(app: Flask, world: World, private: list[Operation], role: str) -> None:
    program, found = Program(app, world.outsiders[role]), {}
    for one in private:
        if one.words and may(one, role) and one.name not in OPEN and (role != "admin" or one.tag in OWN):
            found[one.name] = send(program, one)
    assert found
    assert {name: status for name, status in found.items() if status not in (403, 404)} == {}


def test_a_key_reaches_only_what_it_was_made_for(app: Flask, world: World, private: list[Operation]) -> None:
    views = {rule.endpoint.rpartition(".")[2]: app.view_functions[rule.endpoint] for rule in app.url_map.iter_rules()}
    found = {}
    for area in {getattr(views[one.name], "area", None) for one in private}:
        others = [scope for scope in SCOPES if not scope.startswith(f"{area}:")]
        program = Program(app, key=partner_key(world.admin, *others)[1])
        for one in private:
            if getattr(views[one.name], "area", None) == area:
                found[one.name] = send(program, one)
    assert {name: status for name, status in found.items() if status not in (401, 403)} == {}


def test_a_key_that_reads_does_not_write(app: Flask, world: World, private: list[Operation]) -> None:
    reads = [scope for scope in SCOPES if scope.endswith(":read")]
    program = Program(app, key=partner_key(world.admin, *reads)[1])
    found = {one.name: send(program, one) for one in private if one.method != "get"}
    assert {name: status for name, status in found.items() if status not in (401, 403)} == {}
