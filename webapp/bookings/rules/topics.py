"""What a student wants to talk about: a short agenda, and a longer description after a blank line. Pure."""

from __future__ import annotations

import re

_BLANK_LINES = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+")


def join_topics(agenda: str, description: str) -> str:
    """Return both as one text; the agenda loses its blank lines, so that `split_topics` finds the two again."""
    agenda, description = (text.replace("\r\n", "\n").strip() for text in (agenda, description))
    if not agenda or not description:
        return agenda or description
    agenda = _BLANK_LINES.sub("\n", agenda)
    return f"{agenda}\n\n{description}"


def split_topics(text: str) -> tuple[str, str]:
    """Return agenda and description of a text: what stands before and after its first blank line."""
    agenda, _, description = text.partition("\n\n")
    return agenda, description
