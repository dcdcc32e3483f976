"""The base of what comes in and of what goes out, and of lists."""

from __future__ import annotations

from typing import Any

from marshmallow import RAISE, Schema, fields

from webapp.core.jsonapi.fields import QueryWhole
from webapp.core.jsonapi.words import UNKNOWN_FIELD, UNKNOWN_PARAMETER, camel
from webapp.core.pagination import DEFAULT_LIMIT, MAX_LIMIT


class _Named(Schema):
    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Give a field its camelCase name."""
        if field_obj.data_key is None:
            field_obj.data_key = camel(field_name)


class In(_Named):
    """A body. Unknown fields are named, never dropped. ``largest_body`` is in bytes where it is not the usual."""

    error_messages = {"unknown": UNKNOWN_FIELD, "type": "must be an object."}

    class Meta:
        """Refuse what nobody asked for."""

        unknown = RAISE


class Query(_Named):
    """Parameters of an address; an unknown one is refused with those that exist."""

    error_messages = {"unknown": UNKNOWN_PARAMETER, "type": "must be parameters."}

    class Meta:
        """Refuse what nobody asked for."""

        unknown = RAISE


class PageQuery(Query):
    """Parameters of a list that is cut into pages."""

    page = QueryWhole(least=1, most=100_000, load_default=1, metadata={"description": "From 1."})
    limit = QueryWhole(least=1, most=MAX_LIMIT, load_default=DEFAULT_LIMIT, metadata={"description": "Rows a page."})


class Out(_Named):
    """What is answered. A field declared ``required`` is always there; every other one may be null."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Name the field, and note that it may be null."""
        super().on_bind_field(field_name, field_obj)
        if not field_obj.required:
            field_obj.allow_none = True


class PaginationOut(Out):
    """Where a page lies in its list."""

    total = fields.Integer(required=True)
    page = fields.Integer(required=True)
    limit = fields.Integer(required=True)
    total_pages = fields.Integer(required=True)
    has_next = fields.Boolean(required=True)
    has_prev = fields.Boolean(required=True)


class ErrorDetailOut(Out):
    """One wrong field."""

    field = fields.String(required=True)
    message = fields.String(required=True)


class ErrorBodyOut(Out):
    """What went wrong."""

    code = fields.String(required=True, metadata={"example": "VALIDATION_ERROR"})
    message = fields.String(required=True)
    details = fields.List(fields.Nested(ErrorDetailOut))
    nearest = fields.List(fields.String(), metadata={"description": "Starts (UTC) on offer instead."})
    challenge = fields.String(metadata={"description": "To go on with at /auth/login/two-factor."})


class ErrorOut(Out):
    """Every refusal."""

    success = fields.Boolean(required=True, metadata={"enum": [False]})
    error = fields.Nested(ErrorBodyOut, required=True)
