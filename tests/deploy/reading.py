"""What deploy/ and docs/ say, taken apart: settings of an example, sections of a unit, commands of a text."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from flask import Flask

from webapp.config import ROOT

DEPLOY = ROOT / "deploy"
FENCE = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
WORD = re.compile(r"[a-z][a-z0-9-]*")


def settings_of(path: Path) -> dict[str, str]:
    """The names and values of a file of settings, comments left out."""
    lines = (line.strip() for line in path.read_text().splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value.strip('"') for name, _, value in pairs}


def unit(path: Path) -> dict[str, list[str]]:
    """The directives of a systemd unit, whatever their section; each may stand several times."""
    found: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name.strip(), []).append(value.strip())
    return found


def shell_lines(text: str) -> Iterator[str]:
    """Every piece of a Markdown text that is meant for a shell: fences, indented blocks, words in backquotes."""
    for block in FENCE.findall(text):
        yield from block.splitlines()
    without = FENCE.sub("", text)
    yield from (line.strip() for line in without.splitlines() if line.startswith("    "))
    yield from INLINE.findall(without)


def calls_of(program: str, text: str) -> set[tuple[str, ...]]:
    """What follows a program's name in a text: ``flask --app wsgi ledger check`` is ("ledger", "check")."""
    found = set()
    for line in shell_lines(text):
        for match in re.finditer(rf"(?:^|[\s/]){program}((?:\s+--app\s+\S+)?)((?:\s+[a-z][a-z0-9-]*)+)", line):
            found.add(tuple(match[2].split()))
    return found


def flask_commands(app: Flask) -> set[tuple[str, ...]]:
    """Every command of ``flask``, and every command of its groups."""
    known: set[tuple[str, ...]] = {("run",), ("shell",), ("routes",)}
    for name, command in app.cli.commands.items():
        known.add((name,))
        known |= {(name, inner) for inner in getattr(command, "commands", {})}
    return known


def make_targets() -> set[str]:
    """The targets of the Makefile."""
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def same_command(words: list[str]) -> list[str]:
    """A command without what a shell and a virtual environment put around it."""
    if words[:2] == ["sh", "-c"]:
        words = shlex.split(words[2].removeprefix("exec "))
    words = [Path(words[0]).name, *words[1:]]
    return words[2:] if words[:2] == ["python", "-m"] else words
