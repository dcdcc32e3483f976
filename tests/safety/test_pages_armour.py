from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask

from tests.rollback import rolled_back
from tests.safety.visits import Visit, unlimited, visit_everything
from tests.test_routes import address
from webapp.config import ROOT
from webapp.core.headers import CSP

INLINE = re.compile(
    r"<script(?![^>]*\ssrc=)|<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|\bhx-on\b|(?:href|src|action)\s*=\s*[\"']?\s*javascript:",
    re.IGNORECASE,
)
FOREIGN = re.compile(r"<(?:script|link|img|iframe|source|form)\b[^>]*\s(?:src|href|action)=[\"'](?:https?:)?//[^\"']*")
WHOLE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@pytest.fixture(scope="module")
def visits(app: Flask) -> Iterator[list[Visit]]:
    """Every page, as a page and by htmx."""
    with rolled_back(app), unlimited(app):
        yield visit_everything(app)


def test_every_page_was_seen(visits: list[Visit]) -> None:
    assert len(visits) > 200
    broken = [str(one) for one in visits if one.status >= 500]
    assert broken == []
    shown = {one.address for one in visits if one.status == 200 and one.is_html and not one.htmx}
    assert len(shown) > 100


def test_every_answer_wears_the_whole_armour(visits: list[Visit]) -> None:
    bare = [
        f"{one} {name}: {one.headers.get(name)}"
        for one in visits
        for name, value in WHOLE.items()
        if one.headers.get(name) != value
    ]
    assert bare == []
    assert [str(one) for one in visits if "camera=()" not in one.headers["Permissions-Policy"]] == []


def test_no_policy_lets_anything_inline_or_evaluated_run(visits: list[Visit]) -> None:
    assert {one.headers["Content-Security-Policy"] for one in visits} == {CSP}
    assert "unsafe" not in CSP
    for needed in ("object-src 'none'", "base-uri 'self'", "frame-ancestors 'none'", "form-action 'self'"):
        assert needed in CSP
    source = "".join(file.read_text() for file in (ROOT / "webapp").rglob("*.py"))
    assert "unsafe-eval" not in source


def test_no_page_needs_what_the_policy_forbids(visits: list[Visit]) -> None:
    wrong = [f"{one}: {found.group(0)}" for one in visits if one.is_html for found in INLINE.finditer(one.text)]
    assert wrong == []


def test_no_page_loads_anything_from_elsewhere(visits: list[Visit]) -> None:
    wrong = [f"{one}: {found.group(0)}" for one in visits if one.is_html for found in FOREIGN.finditer(one.text)]
    assert [line for line in wrong if 'rel="canonical"' not in line] == []


def test_no_cache_may_keep_a_page_for_others(visits: list[Visit]) -> None:
    shared = [str(one) for one in visits if one.is_html and not {"private", "no-store"} & _directives(one)]
    assert shared == []


def _directives(visit: Visit) -> set[str]:
    return {part.strip() for part in visit.headers.get("Cache-Control", "").split(",")}


def test_no_cache_can_give_a_partial_to_who_wants_the_page(visits: list[Visit]) -> None:
    unsaid = [
        f"{one}: Vary {one.headers.get('Vary')}"
        for one in visits
        if one.is_html and one.status // 100 != 3 and not {"HX-Request", "HX-History-Restore-Request"} <= _varies(one)
    ]
    assert unsaid == []
    pages = [one for one in visits if not one.htmx and one.is_html]
    assert [str(one) for one in pages if one.status == 200 and "<html" not in one.text] == []


def _varies(visit: Visit) -> set[str]:
    return {part.strip() for part in visit.headers.get("Vary", "").split(",")}


def test_every_get_route_answers_by_its_address_and_what_it_says_it_varies_by(app: Flask, visits: list[Visit]) -> None:
    """Also pages nobody has listed: for nobody, with things that are not there."""
    client, unsaid = app.test_client(), []
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static" or "GET" not in (rule.methods or ()):
            continue
        plain, partial = (client.get(address(rule), headers=headers) for headers in ({}, {"HX-Request": "true"}))
        same = (plain.status_code, plain.mimetype, len(plain.data)) == (
            partial.status_code, partial.mimetype, len(partial.data),
        )  # fmt: skip
        if not same and not ("HX-Request" in str(plain.vary) and "HX-Request" in str(partial.vary)):
            unsaid.append(f"{rule.rule}: {plain.status_code} {plain.vary} / {partial.status_code} {partial.vary}")
    assert unsaid == []


def test_what_htmx_says_of_a_request_is_read_in_one_place_alone() -> None:
    reads = re.compile(
        r"headers(\.get\(|\[)\"HX-(Request|Target|Trigger|Boosted|History)|request\.htmx\b(?!\.current_url)"
    )
    found = [
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "webapp").rglob("*.py")
        if any(reads.search(line) and "answer.headers" not in line for line in file.read_text().splitlines())
    ]
    assert found == ["webapp/core/htmx.py"]


def test_no_cookie_is_set_by_only_looking(visits: list[Visit]) -> None:
    for one in visits:
        for cookie in one.headers.getlist("Set-Cookie"):
            assert "HttpOnly" in cookie, str(one)
            assert "SameSite=Lax" in cookie, str(one)
            assert "Path=/" in cookie, str(one)
