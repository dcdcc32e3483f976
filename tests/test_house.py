"""The rules of the house that a linter does not know."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from webapp.config import ROOT

LONGEST_MODULE = 400


def _files(folder: str, pattern: str) -> Iterator[Path]:
    return (ROOT / folder).rglob(pattern)


def _where(files: Iterator[Path], pattern: str, *, leave_out: tuple[str, ...] = ()) -> list[str]:
    wrong = re.compile(pattern)
    found = []
    for file in files:
        name = file.relative_to(ROOT).as_posix()
        if any(part in name for part in leave_out):
            continue
        found += [
            f"{name}:{number}: {line.strip()[:100]}"
            for number, line in enumerate(file.read_text().splitlines(), 1)
            if wrong.search(line)
        ]
    return found


def test_one_clock() -> None:
    reads = r"datetime\.(now|utcnow)\(|time\.time\(\)|date\.today\("
    assert _where(_files("webapp", "*.py"), reads, leave_out=("core/clock.py",)) == []


def test_only_the_door_commits() -> None:
    rooms = [file for file in _files("webapp", "*.py") if re.search(r"/(services|queries|rules|models)", str(file))]
    assert _where(iter(rooms), r"session\.(commit|rollback)\(") == []


def test_nothing_inline_in_a_page() -> None:
    inline = r"<script(?![^>]*\bsrc=)[^>]*>|<[^{}]*\sstyle=\"|\son(click|change|submit|load|input)=|\bhx-on|javascript:"
    assert _where(_files("templates", "*.html"), inline, leave_out=("templates/email/",)) == []


def test_pages_load_nothing_from_elsewhere() -> None:
    foreign = r"(src|href)=\"(https?:)?//"
    assert _where(_files("templates", "*.html"), foreign, leave_out=("templates/email/",)) == []


def test_nothing_is_marked_safe_by_hand() -> None:
    unescaped = r"\|\s*safe\b|autoescape false"
    assert _where(_files("templates", "*.html"), unescaped, leave_out=("templates/email/_",)) == []


def test_nothing_is_left_for_later() -> None:
    words = "TO" + "DO|FIX" + "ME|XX" + r"X\b|NotImplemented" + "Error"
    for folder in ("webapp", "templates", "static/js", "bench", "proof"):
        assert _where(_files(folder, "*.*"), words, leave_out=(".pyc", ".png", ".svg", ".woff2")) == []


@pytest.mark.parametrize("folder", ["webapp", "tests", "bench", "proof"])
def test_modules_stay_small(folder: str) -> None:
    long = {
        str(file.relative_to(ROOT)): lines
        for file in _files(folder, "*.py")
        if (lines := len(file.read_text().splitlines())) > LONGEST_MODULE
    }
    assert long == {}


def _macros_with_token() -> set[str]:
    """Names of macros that write the token among other fields, themselves or by one that does."""
    macros = re.compile(r"{%-? macro (\w+)\([^%]*%}(.*?){%-? endmacro", re.DOTALL)
    texts = (file.read_text() for file in _files("templates", "*.html"))
    bodies = [found for text in texts for found in macros.findall(text)]
    writers = {name for name, body in bodies if "csrf_token()" in body}
    return writers | {name for name, body in bodies if any(f"{{{{ {writer}(" in body for writer in writers)}


def test_every_form_that_posts_carries_its_token() -> None:
    bare = []
    token = re.compile(r"csrf|hidden_tag|form\.hidden|{{ (" + "|".join(sorted(_macros_with_token())) + r")\(")
    for file in _files("templates", "*.html"):
        text = file.read_text()
        forms = re.finditer(r"<form\b[^>]*method=\"post\"[^>]*>(.*?)</form>", text, re.DOTALL | re.IGNORECASE)
        bare += [f"{file.relative_to(ROOT)}: {form.group(0)[:80]}" for form in forms if not token.search(form.group(1))]
    assert bare == []


def test_mail_templates_are_complete() -> None:
    for folder in (ROOT / "templates" / "email").iterdir():
        if folder.is_dir():
            assert {file.name for file in folder.iterdir()} >= {"subject.txt", "body.txt", "body.html"}, folder.name
