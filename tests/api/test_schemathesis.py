"""schemathesis asks every endpoint of the document, with what it allows and with what it forbids.

No answer may be a 5xx, or of a status, media type or shape that the document does not say; what is forbidden is
refused. ``API_FUZZ=20`` asks twenty times as much.

Relaxed, and why: data that the schema allows may be refused by a rule of the domain (a state, a taken time, an id
of nobody), so acceptance of good data is proved by the examples instead. What is wrong in headers (ours take their
place) or in an address (where a null is the text "None") may turn out right, so only wrong bodies must be refused here;
wrong parameters are those of test_bad_input.py. The gateway's webhook and the handbook are
no endpoints of a door and have tests of their own.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api import ids
from tests.api.clean import clean
from tests.api.operations import ROLES
from tests.api.world import World
from tests.programs import Program
from tests.rollback import apart
from webapp.core.db import db
from webapp.core.jobs import get_redis

TIMES = int(os.environ.get("API_FUZZ", "1"))
EXAMPLES = 3 * TIMES
Case = schemathesis.Case[Any]
LOOSE = settings(
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
    max_examples=EXAMPLES,
)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]


@schemathesis.deserializer("application/pdf", "text/calendar")
def read_file(_context: Any, response: Any) -> str:
    """Take a file for text, as the document calls it."""
    return str(response.content)


@pytest.fixture
def whole(app: Flask) -> Any:
    """Give the document as schemathesis reads it, without what is no endpoint of a door."""
    config = SchemathesisConfig.from_dict({"generation": {"allow-x00": False}})
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", clean(app), config=config)
    return schema.exclude(tag="document").exclude(operation_id="receive_gateway_webhook")


@pytest.fixture
def tokens(app: Flask, world: World) -> dict[str, dict[str, str]]:
    """Give the headers of everybody."""
    return {role: Program(app, world.person(role)).headers for role in ROLES}


def role_of(operation: Any) -> str | None:
    """Return who may use an operation, None where nobody need be signed in."""
    audience = operation.definition.raw["x-audience"]
    if "public" in audience:
        return None
    return next((role for role in ROLES if role in audience), "student")


def ask(case: Case, headers: dict[str, str], checks: list[Any]) -> None:
    get_redis().flushdb()  # limits are not what is tried here
    with apart():
        response = case.call(headers=headers)
        case.validate_response(response, checks=checks)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_operation_answers_as_documented(
    whole: Any, tokens: dict[str, dict[str, str]], mode: GenerationMode
) -> None:
    problems: dict[str, str] = {}
    for result in whole.get_all_operations():
        operation = result.ok()
        role = role_of(operation)
        try:
            _trial(operation, tokens[role] if role else {}, mode)()
        except Unsatisfiable:
            continue  # it takes nothing that could be wrong
        except (Exception, BaseExceptionGroup) as error:
            problems[operation.definition.raw["operationId"]] = str(error)[:1500]
    assert not problems, f"{len(problems)}\n" + "\n\n".join(f"{name}: {text}" for name, text in problems.items())


def _trial(operation: Any, headers: dict[str, str], mode: GenerationMode) -> Callable[[], None]:
    words = {word.name for word in operation.path_parameters} if mode is GenerationMode.POSITIVE else set()

    @seed(1 if TIMES == 1 else random.randrange(2**32))
    @LOOSE
    @given(case=operation.as_strategy(generation_mode=mode), known=st.booleans())
    def tried(case: Case, known: bool) -> None:
        if known and words:
            case.path_parameters = {word: ids.of(word) for word in words}
        ask(case, headers, [*CHECKS, negative_data_rejection] if _has_wrong_body(case) else CHECKS)

    return tried


def _has_wrong_body(case: Case) -> bool:
    body = case.meta.components.get(ParameterLocation.BODY) if case.meta else None
    return body is not None and body.mode is GenerationMode.NEGATIVE


def test_what_one_answer_gives_the_next_may_ask_for(app: Flask, whole: Any, tokens: dict[str, dict[str, str]]) -> None:
    """Follow the ids in answers from operation to operation; schemathesis finds the ways by itself."""
    machine, asked = whole.as_state_machine(), set()

    class Walk(machine):  # type: ignore[misc,valid-type]
        def get_call_kwargs(self, case: Case) -> dict[str, Any]:
            get_redis().flushdb()
            asked.add(case.operation.label)
            role = role_of(case.operation)
            return {"headers": tokens[role] if role else {}}

        def validate_response(self, response: Any, case: Case, **_more: Any) -> None:
            case.validate_response(response, checks=CHECKS)

        def teardown(self) -> None:
            db.session.remove()

    Walk.run(settings=settings(LOOSE, max_examples=2 * TIMES, stateful_step_count=8))
    assert len(asked) > 5
