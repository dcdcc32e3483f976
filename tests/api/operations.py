"""The document's operations, as tests walk them: nothing is listed by hand, so nothing is forgotten."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from flask import Flask

from tests.api import ids
from webapp.api.schema_words import resolve
from webapp.api.spec import document

METHODS = ("get", "post", "put", "patch", "delete")
ROLES = ("student", "counsellor", "admin")


@dataclass(frozen=True)
class Operation:
    """One endpoint of the document."""

    method: str
    path: str
    spec: Mapping[str, Any]
    whole: Mapping[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        """Its operationId."""
        return str(self.spec["operationId"])

    @property
    def tag(self) -> str:
        """Its area."""
        return str(self.spec["tags"][0])

    @property
    def audience(self) -> tuple[str, ...]:
        """Who may use it."""
        return tuple(self.spec["x-audience"])

    @property
    def is_public(self) -> bool:
        """Whether nobody need be signed in."""
        return "public" in self.audience

    @property
    def takes_keys(self) -> bool:
        """Whether a partner's key is good here."""
        return any("apiKey" in one for one in self.spec["security"])

    @property
    def words(self) -> list[str]:
        """The words of its path that stand for something."""
        return re.findall(r"\{(\w+)\}", self.path)

    @property
    def address(self) -> str:
        """Its path below /api/v1 with the ids of the world."""
        return re.sub(r"\{(\w+)\}", lambda word: ids.of(word[1]), self.path).removeprefix("/api/v1")

    @property
    def content(self) -> Mapping[str, Any]:
        """What is said of its body; empty where it has none."""
        found: Mapping[str, Any] = self.spec.get("requestBody", {}).get("content", {}).get("application/json", {})
        return found

    @property
    def has_body(self) -> bool:
        """Whether it reads a body."""
        return "requestBody" in self.spec

    @property
    def example(self) -> Any:
        """The body of its example, None without one."""
        return self.content.get("example")

    @cached_property
    def query(self) -> list[Mapping[str, Any]]:
        """Its parameters after the question mark."""
        return [one for one in self.spec.get("parameters", ()) if one.get("in") == "query"]

    @property
    def example_query(self) -> Mapping[str, Any]:
        """Parameters that work."""
        found: Mapping[str, Any] = self.spec.get("x-example-query", {})
        return found

    @property
    def success(self) -> int:
        """The status of its success."""
        return next(int(status) for status in self.spec["responses"] if status.startswith("2"))

    def answer(self, status: int) -> Mapping[str, Any]:
        """What the document says of an answer with this status; empty where it says nothing."""
        found = self.spec["responses"].get(str(status))
        return resolve(self.whole, found) if found else {}


def operations(app: Flask) -> list[Operation]:
    """Return every operation whose view is an endpoint of a door."""
    with app.app_context():
        whole = document(app)
    return [
        Operation(method, path, item[method], whole)
        for path, item in whole["paths"].items()
        for method in METHODS
        if method in item and "x-audience" in item[method]
    ]
