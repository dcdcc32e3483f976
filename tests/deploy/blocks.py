"""What the documents tell people to type, taken apart: blocks of a text, commands of a block, words of a command."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from webapp.config import ROOT

FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^(?: {4,})\S.*\n(?:^ {4,}.*\n|^\n(?= {4}))*)", re.MULTILINE)
INLINE = re.compile(r"`([^`\n]+)`")
ASSIGNED = re.compile(r"[A-Z][A-Z0-9_]*=")
COMMENTED = re.compile(r"^#\s{2,}(\S.*)$", re.MULTILINE)
_NAMES = """
bash chmod chown cp crontab curl docker flask git granian grep gunicorn install journalctl kill ln make mkdir mv
node npm openssl pg_dump pip podman psql pytest python python3 redis-cli rm rsync scp set sh ssh sudo systemctl tail
tar useradd wget
"""
PROGRAMS = frozenset(_NAMES.split())


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a document that stands for itself; ``language`` is "" for what is only indented."""

    language: str
    text: str

    @property
    def first(self) -> str:
        """Its first line, by which it is named."""
        return self.text.strip().partition("\n")[0].strip()


def documents() -> list[str]:
    """Every document that people read, by its path."""
    return ["README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]


def blocks(text: str) -> Iterator[Block]:
    """Yield fenced and indented blocks."""
    for _, language, inside in FENCED.findall(text):
        yield Block(language, inside)
    for found in INDENTED.finditer(FENCED.sub("", text)):
        yield Block("", found.group())


def inline_commands(text: str) -> Iterator[str]:
    """Yield what stands in backquotes inside a sentence and begins like a command."""
    for line in INLINE.findall(FENCED.sub("", text)):
        if (words := split(line)) and len(words) > 1 and is_command(words):
            yield line


def commented_commands(path: Path) -> Iterator[str]:
    """Yield the commands in the comments of a file of settings, units or images."""
    text = path.read_text()
    for line in [*COMMENTED.findall(text), *INLINE.findall(text)]:
        if (words := split(line)) and len(words) > 1 and is_command(words):
            yield line


def commands(text: str) -> Iterator[list[str]]:
    """Yield each command of a piece of shell as its words: lines joined, no comments, ``&&`` and pipes taken apart."""
    for line in text.replace("\\\n", " ").splitlines():
        words = split(line.strip())
        one: list[str] = []
        for word in [*words, ";"]:
            if word in {"&&", "||", "|", ";"}:
                if one:
                    yield one
                one = []
            else:
                one.append(word)


def split(line: str) -> list[str]:
    """Return a line's words as a shell would; nothing for what no shell reads."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    try:
        return list(lexer)
    except ValueError:
        return []


def is_command(words: list[str]) -> bool:
    """Whether words begin with a program (or settings for one)."""
    bare = without_settings(words)
    return bool(bare) and program(bare) in PROGRAMS


def without_settings(words: list[str]) -> list[str]:
    """Return a command without the settings in front of it."""
    for number, word in enumerate(words):
        if not ASSIGNED.match(word):
            return words[number:]
    return []


def program(words: list[str]) -> str:
    """Return the program a command runs: ``.venv/bin/flask`` is flask."""
    return words[0].rpartition("/")[2]
