"""Lines of a calendar file (RFC 5545): escaped, folded, ready to be joined.

Written by hand because a file goes with each mail of each booking: building it of objects took as long as
half of what the booking asks the database.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

FOLD = 75  # octets of a line, its end not counted
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": None})
_PARAMETER = str.maketrans({"^": "^^", '"': "^'", "\n": "^n", "\r": None})  # RFC 6868


def plain(value: str) -> str:
    """Return a text as it stands in a line."""
    return value.translate(_ESCAPES)


def quoted(value: str) -> str:
    """Return the value of a parameter, in quotes."""
    return f'"{value.translate(_PARAMETER)}"'


def utc(instant: dt.datetime) -> str:
    """Return an instant in UTC: 20261212T043000Z."""
    at = instant.astimezone(dt.UTC)
    return f"{at.year:04}{at.month:02}{at.day:02}T{at.hour:02}{at.minute:02}{at.second:02}Z"


def fold(line: str) -> str:
    """Break a line that is longer than 75 octets, never within a character."""
    if len(line) <= FOLD and line.isascii():
        return line
    octets, begin = line.encode(), 0
    parts: list[str] = []
    while len(octets) - begin > (room := FOLD - bool(parts)):
        end = begin + room
        while octets[end] & 0xC0 == 0x80:
            end -= 1
        parts.append(octets[begin:end].decode())
        begin = end
    return "\r\n ".join([*parts, octets[begin:].decode()])


def join(lines: Iterable[str]) -> str:
    """Return the text of folded lines."""
    return "\r\n".join([fold(line) for line in lines]) + "\r\n"
