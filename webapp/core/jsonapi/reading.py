"""Reads what a program sent, strictly: whatever is not plain JSON of ours is refused in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NoReturn, cast

from flask import Request
from marshmallow import RAISE, Schema, ValidationError
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from webapp.core.errors import ValidationFailed
from webapp.core.jsonapi.words import UNKNOWN_PARAMETER, field_errors

USUAL_BODY = 256 * 1024
DEEPEST = 20
LONGEST_NUMBER = 40  # digits; whatever is longer is nothing anybody counts
NOT_JSON = "The body is not valid JSON"
UNKEEPABLE = "This text holds characters that can't be kept."


class Unreadable(ValidationFailed):
    """The body is no JSON object, or cannot be kept as text."""


class HouseParser(FlaskParser):
    """webargs with our reading of bodies, our words, and no parameter that nobody knows."""

    DEFAULT_VALIDATION_STATUS = 400
    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {
        "json": None,
        "query": RAISE,
    }

    def load_json(self, req: Request, schema: Schema) -> Any:
        """Return the body as a dict.

        Raises:
            UnsupportedMediaType, RequestEntityTooLarge, Unreadable: see `read_body`.
        """
        return read_body(req, limit=int(getattr(schema, "largest_body", USUAL_BODY)))

    def load_querystring(self, req: Request, schema: Schema) -> Any:
        """Return the parameters of the address.

        Raises:
            ValidationFailed: one holds a NUL, which no database takes as text.
        """
        wrong = [name for name, value in req.args.items(multi=True) if "\x00" in name + value]
        if wrong:
            raise ValidationFailed(UNKEEPABLE, fields={name.replace("\x00", " "): UNKEEPABLE for name in wrong})
        return super().load_querystring(req, schema)

    def handle_error(
        self,
        error: ValidationError,
        req: Request,
        schema: Schema,
        *,
        error_status_code: int | None,
        error_headers: Mapping[str, str] | None,
    ) -> NoReturn:
        """Raise every wrong field at once; an unknown parameter is answered with those that exist."""
        del req, error_status_code, error_headers
        messages = cast(dict[str, Any], error.messages)
        found = field_errors(messages.get("json") or messages.get("query") or {})
        if "query" in messages:
            known = ", ".join(sorted(field.data_key or name for name, field in schema.fields.items())) or "none"
            found = {
                name: f"{text} Allowed: {known}." if text.endswith(UNKNOWN_PARAMETER) else text
                for name, text in found.items()
            }
        raise ValidationFailed(_summary(found), fields=found) from error


def _summary(found: Mapping[str, str]) -> str:
    first = next(iter(found.values()), "")
    return first if len(found) == 1 else f"{len(found)} fields are not right."


def read_body(req: Request, *, limit: int) -> dict[str, Any]:
    """Return the JSON object of a request; an empty body without a type is an empty object.

    Raises:
        UnsupportedMediaType: another content type.
        RequestEntityTooLarge: more than ``limit`` bytes.
        Unreadable: broken JSON, NaN, a key given twice, nested deeper than 20, no object, unkeepable text.
    """
    req.max_content_length = limit
    if req.content_length is not None and req.content_length > limit:
        raise RequestEntityTooLarge(f"The body may have at most {limit // 1024} KB.")
    raw = req.get_data(cache=True)
    if not raw and not req.mimetype:
        return {}
    if req.mimetype != "application/json" and not req.mimetype.endswith("+json"):
        raise UnsupportedMediaType("Send JSON, with Content-Type: application/json.")
    found = parse_json(raw)
    if not isinstance(found, dict):
        raise Unreadable("The body must be a JSON object.")
    return found


def parse_json(raw: bytes) -> Any:
    """Return strict JSON as values; numbers with a point are Decimal. Raises Unreadable."""
    try:
        found = json.loads(
            raw.decode("utf-8"),
            parse_constant=_no_constant,
            parse_float=_decimal,
            parse_int=_whole,
            object_pairs_hook=_no_twins,
        )
    except UnicodeDecodeError:
        raise Unreadable(f"{NOT_JSON}: it is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise Unreadable(f"{NOT_JSON}: line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        raise Unreadable(f"The body is nested deeper than {DEEPEST} levels.") from None
    wrong = dict(_wrong_texts(found, "", 0))
    if wrong:
        raise Unreadable("Some text can't be kept.", fields=wrong)
    return found


def _no_constant(name: str) -> NoReturn:
    raise Unreadable(f"{NOT_JSON}: {name} is no number.")


def _decimal(text: str) -> Decimal:
    if len(text) > LONGEST_NUMBER or abs(int(text.lower().partition("e")[2] or 0)) > LONGEST_NUMBER:
        raise Unreadable("A number in the body is too long.")
    return Decimal(text)


def _whole(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise Unreadable("A number in the body is too long.")
    return int(text)


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise Unreadable("A field is given twice.", fields={_readable(key): "This field is given twice."})
        found[key] = value
    return found


def _wrong_texts(value: Any, path: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > DEEPEST:
        raise Unreadable(f"The body is nested deeper than {DEEPEST} levels.")
    if isinstance(value, str):
        if "\x00" in value or not _is_text(value):
            yield path or "body", UNKEEPABLE
    elif isinstance(value, dict):
        for key, inner in value.items():
            name = f"{path}.{_readable(key)}" if path else _readable(key)
            if not _is_text(key) or "\x00" in key:
                yield name, "The name of this field can't be read."
            yield from _wrong_texts(inner, name, depth + 1)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _wrong_texts(inner, f"{path}.{number}" if path else str(number), depth + 1)


def _is_text(value: str) -> bool:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return True


def _readable(key: str) -> str:
    return key.encode("utf-8", "replace").decode()[:80]
