"""Every example of the document is run: it succeeds as documented, and its answer is what its schema says."""

from __future__ import annotations

from typing import Any

from flask import Flask

from tests.api.operations import ROLES, Operation
from tests.api.states import ACTORS, STATES, prepare
from tests.api.world import World
from tests.programs import Program
from tests.rollback import apart
from webapp.core.db import db
from webapp.core.jobs import get_redis


def actor_of(one: Operation) -> str | None:
    """Return the role an example is run as, None where nobody need be signed in."""
    if one.is_public:
        return ACTORS.get(one.name)
    return ACTORS.get(one.name) or next((role for role in ROLES if role in one.audience), "student")


def problem_of(app: Flask, world: World, one: Operation) -> str | None:
    """Run an example; return what is wrong with its answer."""
    role = actor_of(one)
    body = prepare(one.name, app, world, one.example)
    get_redis().flushdb()
    program = Program(app, world.person(role) if role else None)
    try:
        answer = program.ask(one.method.upper(), one.address, body, query_string=dict(one.example_query))
    except AssertionError as error:
        return str(error)[:300]
    if answer.status_code != one.success:
        return f"{answer.status_code}: {answer.get_data(as_text=True)[:300]}"
    content = one.answer(answer.status_code).get("content", {})
    if answer.mimetype not in content:
        return f"{answer.mimetype} is not documented"
    if answer.mimetype != "application/json":
        return None
    import jsonschema  # takes a second to compile grammars: only who runs this pays

    schema = {**content["application/json"]["schema"], "components": one.whole["components"]}
    wrong = next(jsonschema.Draft202012Validator(schema).iter_errors(answer.json), None)
    return f"{'.'.join(map(str, wrong.absolute_path))}: {wrong.message[:200]}" if wrong else None


def test_every_example_works(app: Flask, world: World, every: list[Operation]) -> None:
    problems = {}
    for one in every:
        with apart():
            fresh = World(**{name: _again(getattr(world, name)) for name in World.__slots__})
            if problem := problem_of(app, fresh, one):
                problems[one.name] = problem
    assert not problems, "\n".join(f"{name}: {problem}" for name, problem in problems.items())


def _again(thing: Any) -> Any:
    """Return a row as the session of now has it; rows of a session that ended are read anew."""
    if isinstance(thing, dict):
        return {role: _again(user) for role, user in thing.items()}
    return db.session.merge(thing)


def test_no_state_is_for_an_endpoint_that_is_gone(every: list[Operation]) -> None:
    assert (set(STATES) | set(ACTORS)) - {one.name for one in every} == set()
