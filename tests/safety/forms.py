"""The forms and parameters of pages, read out of their HTML."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

from tests.safety.visits import Visit

SENDERS = {"hx-get": "GET", "hx-post": "POST", "hx-put": "PUT", "hx-patch": "PATCH", "hx-delete": "DELETE"}


@dataclass(frozen=True, slots=True)
class Target:
    """Something to send: as whom, how, where to, and what a person would have sent."""

    role: str
    method: str
    path: str
    fields: tuple[tuple[str, str], ...] = ()

    @property
    def shape(self) -> tuple[str, str, str, tuple[str, ...]]:
        """What makes two targets one: ids and values left out."""
        path = "/".join("*" if any(letter.isdigit() for letter in part) else part for part in self.path.split("/"))
        return self.role, self.method, path, tuple(sorted({name for name, _ in self.fields}))


@dataclass(slots=True)
class _Form:
    method: str
    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base
        self.found: list[_Form] = []
        self.form: _Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        for sender, method in SENDERS.items():
            if sender in given and tag != "form":
                self.found.append(_Form(method, given[sender]))
        if tag == "form":
            self.form = _Form(given.get("method", "get").upper(), given.get("action") or self.base)
            self.found.append(self.form)
        elif tag == "a" and "?" in given.get("href", ""):
            self.found.append(_Form("GET", given["href"]))
        elif tag in {"input", "select", "textarea", "button"} and given.get("name") and self.form is not None:
            self.form.fields.append((given["name"], given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None


def targets_of(visits: Iterable[Visit]) -> list[Target]:
    """Return every form, link with parameters and page of what was visited, one of each shape."""
    found: dict[object, Target] = {}
    for visit in visits:
        own = Target(visit.role, "GET", urlsplit(visit.address).path, tuple(parse_qsl(urlsplit(visit.address).query)))
        found.setdefault(own.shape, own)
        if not visit.is_html:
            continue
        reader = _Reader(visit.address)
        reader.feed(visit.text)
        for form in reader.found:
            where = urlsplit(urljoin(f"http://house{visit.address}", form.action))
            if where.netloc != "house":
                continue
            fields = [*parse_qsl(where.query, keep_blank_values=True), *form.fields]
            kept = tuple((name, value) for name, value in fields if name != "csrf_token")
            target = Target(visit.role, form.method, where.path, kept)
            found.setdefault(target.shape, target)
    return sorted(found.values(), key=lambda one: str(one.shape))
