"""The document as people read it: areas, endpoints, fields in words, examples. Pure: made of the document alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from webapp.api.samples import sample_of
from webapp.api.schema_words import Document, FieldWords, fields_of, resolve, type_words

METHODS = ("get", "post", "put", "patch", "delete")
AUDIENCES = {
    "public": "Everybody",
    "student": "Students",
    "counsellor": "Counsellors",
    "admin": "Admins",
}
SIGNED_IN = frozenset({"student", "counsellor", "admin"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """One way an endpoint says no."""

    status: str
    text: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint in words."""

    name: str
    method: str
    path: str
    summary: str
    about: str
    who: str
    keys: bool
    parameters: list[FieldWords]
    body: list[FieldWords]
    body_about: str
    curl: str
    status: str
    media: str
    answer: list[FieldWords]
    sample: str
    refusals: list[Refusal]


@dataclass(slots=True)
class Area:
    """The endpoints of one segment of the address."""

    name: str
    about: str = ""
    endpoints: list[Endpoint] = field(default_factory=list)

    @property
    def title(self) -> str:
        """What a person calls it: "counselling-packages" → "Counselling packages"."""
        words = self.name.replace("-", " ").replace("/", " ")
        return words[:1].upper() + words[1:]


def areas_of(document: Document, base_url: str) -> list[Area]:
    """Return all areas in the document's order, each with its endpoints."""
    areas = {tag["name"]: Area(tag["name"], tag.get("description", "")) for tag in document.get("tags", ())}
    for path, item in document["paths"].items():
        shared = item.get("parameters", [])
        for method in METHODS:
            if method in item:
                name = (item[method].get("tags") or ["other"])[0]
                area = areas.setdefault(name, Area(name))
                operation = {**item[method], "parameters": [*shared, *item[method].get("parameters", [])]}
                area.endpoints.append(_endpoint(document, base_url, method, path, operation))
    return [area for area in areas.values() if area.endpoints]


def _endpoint(document: Document, base_url: str, method: str, path: str, operation: Mapping[str, Any]) -> Endpoint:
    status, answer = _success(document, operation)
    media = next(iter(answer.get("content", {})), "")
    schema = resolve(document, answer.get("content", {}).get(media, {}).get("schema", {}))
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    body = resolve(document, content.get("schema", {}))
    security = operation.get("security", [])
    is_json = media == "application/json"
    return Endpoint(
        name=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=_plain(operation.get("summary", "")),
        about=_plain(operation.get("description", "")),
        who=_who(operation.get("x-audience", ())),
        keys=any("apiKey" in one for one in security),
        parameters=list(_parameters(document, operation["parameters"])),
        body=list(fields_of(document, body)),
        body_about=_plain(str(body.get("description", ""))),
        curl=_curl(base_url, method, path, operation, content.get("example"), signs=not _is_public(operation)),
        status=status,
        media=media,
        answer=list(fields_of(document, schema)) if is_json else [],
        sample=_pretty(answer["content"][media].get("example") or sample_of(document, schema)) if is_json else "",
        refusals=list(_refusals(document, operation)),
    )


def _success(document: Document, operation: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            return status, resolve(document, answer)
    return "", {}


def _refusals(document: Document, operation: Mapping[str, Any]) -> Iterator[Refusal]:
    for status, answer in sorted(operation["responses"].items()):
        if not status.startswith("2"):
            yield Refusal(status, resolve(document, answer).get("description", ""))


def _who(audience: Any) -> str:
    if frozenset(audience) == SIGNED_IN:
        return "Whoever is signed in"
    return ", ".join(AUDIENCES.get(name, name) for name in audience) or AUDIENCES["public"]


def _is_public(operation: Mapping[str, Any]) -> bool:
    return {} in operation.get("security", [{}])


def _parameters(document: Document, given: list[Any]) -> Iterator[FieldWords]:
    for one in given:
        parameter = resolve(document, one)
        schema = resolve(document, parameter.get("schema", {}))
        places = {"path": "in the path", "query": "after the ?", "header": "header"}
        about = parameter.get("description", "") or schema.get("description", "")
        kind = f"{type_words(document, schema)}, {places[parameter['in']]}"
        yield FieldWords(parameter["name"], kind, bool(parameter.get("required")), about)


def _curl(base_url: str, method: str, path: str, operation: Mapping[str, Any], example: Any, *, signs: bool) -> str:
    query = operation.get("x-example-query")
    address = f"{base_url}{path}" + (f"?{urlencode(query)}" if query else "")
    lines = [f"curl {'' if method == 'get' else f'-X {method.upper()} '}'{address}'"]
    if signs:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    if "requestBody" in operation:
        lines.append("-H 'Content-Type: application/json'")
        lines.append(f"-d '{_pretty(example if example is not None else {}).replace(chr(39), chr(92) + 'u0027')}'")
    return " \\\n  ".join(lines)


def _plain(text: str) -> str:
    """Return a docstring's words without its marks."""
    return text.replace("`", "")


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
