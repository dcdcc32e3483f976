"""The one shape of every answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from flask import Response, current_app, request
from marshmallow import Schema, fields

from webapp.core.jsonapi.schemas import Out, PaginationOut
from webapp.core.pagination import Page


@dataclass(frozen=True, slots=True)
class Answer:
    """What a view gives back when there is more to say than the data."""

    data: Any = None
    message: str | None = None
    page: Page[Any] | None = None
    stats: Any = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def paged(page: Page[Any], *, items: Any = None, stats: Any = None, data: Any = None) -> Answer:
    """Return the answer of a list: ``items`` where the rows were dressed, ``data`` where it is no plain array."""
    rows = data if data is not None else (page.items if items is None else items)
    return Answer(data=rows, page=page, stats=stats)


def pagination_of(page: Page[Any]) -> dict[str, Any]:
    """Return where a page lies, for `PaginationOut`."""
    return {
        "total": page.total,
        "page": page.page,
        "limit": page.limit,
        "total_pages": page.pages,
        "has_next": page.has_next,
        "has_prev": page.has_prev,
    }


def envelope_schema(name: str, answer: Schema | None, *, many: bool, paged: bool, stats: Schema | None) -> Schema:
    """Return the schema of a whole answer, for dumping and for the document."""
    parts: dict[str, Any] = {"success": fields.Boolean(required=True, metadata={"enum": [True]})}
    if answer is not None:
        inner = fields.Nested(answer)
        parts["data"] = fields.List(inner, required=True) if many else fields.Nested(answer, required=True)
    parts["message"] = fields.String(required=answer is None)
    if paged:
        parts["pagination"] = fields.Nested(PaginationOut, required=True)
    if stats is not None:
        parts["stats"] = fields.Nested(stats, required=True)
    made: Schema = type(name, (Out,), parts)()
    return made


def wrap(answer: Answer, schema: Schema, *, status: int) -> Response:
    """Return the response of an answer, dumped by its envelope's schema."""
    whole: dict[str, Any] = {"success": True}
    if "data" in schema.fields:
        whole["data"] = answer.data
    if answer.message is not None:
        whole["message"] = answer.message
    if answer.page is not None:
        whole["pagination"] = pagination_of(answer.page)
    if answer.stats is not None:
        whole["stats"] = answer.stats
    response = cast(Response, current_app.json.response(schema.dump(whole)))
    response.status_code = answer.status or status
    response.headers.update(answer.headers)
    return response


def tag_single(response: Response) -> Response:
    """Give the answer of one thing an ETag, and answer 304 to who has it already."""
    if response.status_code == 200 and request.method == "GET":
        response.add_etag()
        response.headers["Cache-Control"] = "no-cache, private"
        response.make_conditional(request)
    return response
