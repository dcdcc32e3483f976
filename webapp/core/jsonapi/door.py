"""One way to write an endpoint of the JSON door: who, what comes in, what goes out, what may go wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Response
from flask_smorest import Blueprint
from marshmallow import Schema
from werkzeug.wrappers import Response as AnyResponse

from webapp.core.access import allow
from webapp.core.errors import DomainError
from webapp.core.jsonapi.envelope import Answer, envelope_schema, tag_single, wrap
from webapp.core.jsonapi.idempotency import HEADER, Manner, once
from webapp.core.jsonapi.reading import HouseParser
from webapp.core.jsonapi.words import camel_path
from webapp.core.throttle import limited

View = TypeVar("View", bound=Callable[..., Any])
PREFIX = "/api/v1"
TOLD = "_apidoc"  # where flask-smorest keeps what the document says of a view
IDEMPOTENCY_PARAMETER = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "description": "The same key and body give the first answer again for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[ -~]+$"},
}


class Door(Blueprint):  # type: ignore[misc]  # flask-smorest is untyped
    """The endpoints of one area. ``area`` is the word in a partner key's scopes, None where keys never fit.

    Features on different floors may share a segment: each has a door of another ``name``, one of them ``about``.
    """

    ARGUMENTS_PARSER = HouseParser()

    def __init__(
        self, segment: str, import_name: str, *, area: str | None, about: str = "", name: str | None = None
    ) -> None:
        super().__init__(name or f"api-{segment}", import_name, url_prefix=f"{PREFIX}/{segment}", description=about)
        self.segment, self.area = segment, area

    def endpoint(
        self,
        method: str,
        rule: str,
        *,
        who: Iterable[str],
        answer: type[Schema] | Schema | None = None,
        many: bool = False,
        paged: bool = False,
        stats: type[Schema] | None = None,
        status: int = 200,
        query: type[Schema] | None = None,
        body: type[Schema] | Schema | None = None,
        example: Mapping[str, Any] | None = None,
        example_query: Mapping[str, Any] | None = None,
        answer_example: Any = None,
        errors: Iterable[int] = (),
        limit: str | None = None,
        repeats: Manner | None = "joined",
        produces: str | None = None,
        names: Mapping[str, str] | None = None,
        keys: bool = True,
        ignores_tokens: bool = False,
    ) -> Callable[[View], View]:
        """Register a view as ``method rule``; it takes the path's words, ``query=`` and ``body=`` as declared.

        Args:
            who: "public", "signed_in", or roles, as `core.access.allow`.
            answer: schema of ``data``; None answers a message only.
            many, paged: an array; with pagination (the view returns `paged(...)`).
            example, example_query: a body and parameters that work, shown in the document and run by a test.
            errors: statuses beside those that follow from the rest (400, 401, 403, 404, 413, 415, 429).
            limit: a name in `core.throttle.LIMITS`.
            repeats: how an Idempotency-Key is kept (POST only); "gateway" where the view runs several transactions.
            produces: the media type of an answer that is no envelope; the view returns a Response.
            names: names of the services' fields → names out here, where camelCase is not enough.
            keys: whether a partner's key may be used at all.
            ignores_tokens: a bad token is no matter (signing in, renewing).
        """
        audience = tuple(who)
        manner = repeats if method == "POST" else None
        schema = (answer() if isinstance(answer, type) else answer) if answer is not None else None
        area = self.area if keys else None

        def register(view: View) -> View:
            title = "".join(part.capitalize() for part in view.__name__.split("_"))
            whole = envelope_schema(f"{title}Answer", schema, many=many, paged=paged, stats=stats() if stats else None)
            single = schema is not None and not many and not paged and method == "GET"

            known = _statuses(rule, body=body, manner=manner, more=errors)
            renamed = _renaming(view, names or {})

            @wraps(view)
            def door(*args: Any, **kwargs: Any) -> AnyResponse:
                def work() -> Response:
                    found = renamed(*args, **kwargs)
                    if isinstance(found, AnyResponse):
                        return cast(Response, found)
                    told = found if isinstance(found, Answer) else _told(found, schema)
                    return wrap(told, whole, status=status)

                response = once(manner, work)
                return tag_single(response) if single else response

            answers = self._answers(whole, status=status, produces=produces, example=answer_example)
            refusals = [self.alt_response(code, f"Error{code}") for code in sorted(known)]
            manual = _manual(view, audience, manner=manner, keys=area is not None, example_query=example_query)
            wrapped: Any = door
            setattr(wrapped, TOLD, _told_of(view, [*refusals, answers, self.doc(**manual)]))
            if body is not None:
                wrapped = self.arguments(body, location="json", arg_name="body", example=example)(wrapped)
            if query is not None:
                wrapped = self.arguments(query, location="query", arg_name="query")(wrapped)
            if limit is not None:
                wrapped = limited(limit)(wrapped)
            wrapped = allow(*audience)(wrapped)
            wrapped.area = area
            wrapped.ignores_tokens = ignores_tokens
            self.route(rule, methods=[method], endpoint=view.__name__, tags=[self.segment])(wrapped)
            return view

        return register

    def _answers(self, whole: Schema, *, status: int, produces: str | None, example: Any) -> Any:
        if produces is not None:
            binary = {"type": "string"}
            return self.alt_response(status, schema=binary, content_type=produces, success=True)
        shown = {"success": True, "data": example} if example is not None else None
        return self.alt_response(status, schema=whole, example=shown, success=True)


def _told_of(view: Callable[..., Any], decorators: Iterable[Callable[[Any], Any]]) -> dict[str, Any]:
    """Return what flask-smorest's decorators tell the document; none of them is called through at a request."""
    told = view
    for decorate in decorators:
        told = decorate(told)
    found: dict[str, Any] = getattr(told, TOLD)
    return found


def _told(found: Any, schema: Schema | None) -> Answer:
    return Answer(message=str(found)) if schema is None else Answer(data=found)


def _renaming(view: Callable[..., Any], names: Mapping[str, str]) -> Callable[..., Any]:
    """Have wrong fields of a service called by their names out here."""

    def renamed(*args: Any, **kwargs: Any) -> Any:
        try:
            return view(*args, **kwargs)
        except DomainError as error:
            error.fields = {names.get(name) or camel_path(name): text for name, text in error.fields.items()}
            raise

    return renamed


def _statuses(rule: str, *, body: Any, manner: Manner | None, more: Iterable[int]) -> set[int]:
    known = {400, 401, 403, 429, 503, *more}  # 403 on public doors too: a key's scope, a closed account's token
    if "<" in rule:
        known.add(404)
    if body is not None:
        known |= {413, 415}
    if manner is not None:
        known.add(409)
    return known


def _manual(
    view: Callable[..., Any],
    audience: tuple[str, ...],
    *,
    manner: Manner | None,
    keys: bool,
    example_query: Mapping[str, Any] | None,
) -> dict[str, Any]:
    schemes: list[dict[str, list[str]]] = [{"bearerAuth": []}]
    if keys:
        schemes.append({"apiKey": []})
    manual: dict[str, Any] = {
        "operationId": view.__name__,
        "security": [*([{}] if "public" in audience else []), *schemes],
        "x-audience": list(audience),
    }
    if manner is not None:
        manual["parameters"] = [IDEMPOTENCY_PARAMETER]
    if example_query is not None:
        manual["x-example-query"] = dict(example_query)
    return manual
