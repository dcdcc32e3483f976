"""What is under ``/api/v1`` and no envelope: the document, its handbook, and the gateway's webhook."""

from __future__ import annotations

from typing import Any


def _answer(about: str, media: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": about, "content": {media: {"schema": schema}}}


OBJECT: dict[str, Any] = {"type": "object"}
TEXT: dict[str, Any] = {"type": "string"}
TOO_MANY = {"$ref": "#/components/responses/Error429"}
NOT_THERE = {"$ref": "#/components/responses/Error404"}
TAKEN: dict[str, Any] = {
    "type": "object",
    "properties": {"received": {"type": "boolean"}, "error": {"type": "string"}},
    "required": ["received"],
}
REFUSED = _answer("Not the gateway's, or unreadable: nothing was written.", "application/json", TAKEN)


def _about(name: str, tag: str, summary: str, responses: dict[str, Any]) -> dict[str, Any]:
    return {"operationId": name, "tags": [tag], "summary": summary, "security": [{}], "responses": responses}


PLAIN_PATHS: dict[str, dict[str, Any]] = {
    "/api/v1/openapi.json": {
        "get": _about(
            "get_document",
            "document",
            "Return this document.",
            {"200": _answer("OpenAPI 3.1.", "application/json", OBJECT), "429": TOO_MANY},
        )
    },
    "/api/v1/docs": {
        "get": _about(
            "read_handbook",
            "document",
            "Show the handbook made of this document.",
            {"200": _answer("A page.", "text/html", TEXT), "429": TOO_MANY},
        )
    },
    "/api/v1/docs/{area}": {
        "get": {
            **_about(
                "read_handbook_of_area",
                "document",
                "Show the endpoints of one area.",
                {"200": _answer("A page.", "text/html", TEXT), "404": NOT_THERE, "429": TOO_MANY},
            ),
            "parameters": [{"in": "path", "name": "area", "required": True, "schema": {"type": "string"}}],
        }
    },
    "/api/v1/payments/webhook": {
        "post": {
            **_about(
                "receive_gateway_webhook",
                "payments",
                "Take a webhook of the payment gateway, signed over the raw body.",
                {
                    "200": _answer("It is kept, once.", "application/json", TAKEN),
                    "400": REFUSED,
                    "413": REFUSED,
                    "415": REFUSED,
                    "429": TOO_MANY,
                },
            ),
            "parameters": [
                {"in": "header", "name": "X-Razorpay-Signature", "required": True, "schema": TEXT},
                {"in": "header", "name": "X-Razorpay-Event-Id", "required": True, "schema": TEXT},
            ],
            "requestBody": {"required": True, "content": {"application/json": {"schema": OBJECT}}},
        }
    },
}
