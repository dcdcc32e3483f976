"""Takes secrets out of what is logged: by the name a value goes by, and by what a text looks like.

Which addresses carry a secret is read off the URL map: whatever a route calls ``token``, ``key`` or ``code``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

GONE = "[redacted]"
DEEPEST = 6
SHORTEST = 6  # a text below this holds no secret and its name
_NAMES = (
    "password", "passwd", "pwd", "secret", "token", "authorization", "signature", "cookie", "credential", "csrf",
    "api_key", "api-key", "apikey", "private_key", "secret_key", "encryption_key", "feed_key", "backup_code", "totp",
)  # fmt: skip
SECRET_NAME = re.compile("|".join(re.escape(name) for name in _NAMES), re.IGNORECASE)
SECRET_ARGUMENTS = frozenset({"token", "key", "secret", "code", "signature"})
_SPELLED = r"[\w.-]*(?:" + "|".join(re.escape(name) for name in _NAMES) + r")[\w.-]*"
_IS = r"(?:=|%3D|\s*:\s*|\s+=\s+)"
_HEADER = r"(?:set-cookie|cookie|(?:proxy-)?authorization)"
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # headers as libraries print them: the whole line, or the whole quoted value
    (re.compile(rf"(?i)(?<![\w-])({_HEADER}[\"']?\s*[:=]\s*)([\"']?)[^\r\n\"']+\2"), rf"\1{GONE}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}"), rf"\1 {GONE}"),
    # a=b of queries, forms and key words; "a": "b" of JSON and reprs
    (re.compile(rf"(?i)(?<![\w.-])({_SPELLED}[\"']?{_IS}[bur]?)([\"'])(?:(?!\2).)*\2"), rf"\1{GONE}"),
    (re.compile(rf"(?i)(?<![\w.-])({_SPELLED}(?:=|%3D|:\s*))[^\s&;,\"'#)}}\]%]+"), rf"\1{GONE}"),
    (re.compile(r"(?i)([?&](?:key|code|sig|t)=)[^\s&;\"'#]+"), rf"\1{GONE}"),
    (re.compile(r"(://)[^\s/@:]*:[^\s/@]+@"), rf"\1{GONE}@"),
    # our own secrets, wherever they turn up: webhook secrets, sealed texts, JSON web tokens, signed links
    (re.compile(r"\bwhsec_[A-Za-z0-9_-]+"), GONE),
    (re.compile(r"\bs1\.[0-9a-f]{8}\.[A-Za-z0-9_-]+"), GONE),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+){1,2}"), GONE),
    (re.compile(r"(?<![\w-])\.?[\w-]{16,}\.(?:[\w-]{5,8}\.)?(?:[\w-]{43}|[\w-]{27})(?![\w-])"), GONE),
)  # fmt: skip
_paths: list[re.Pattern[str]] = []


def scrub(text: str) -> str:
    """Return a text without the secrets it seems to hold."""
    if len(text) < SHORTEST:
        return text
    for pattern in _paths:
        text = pattern.sub(rf"\g<1>{GONE}", text)
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def redact(value: Any, *, depth: int = 0) -> Any:
    """Return what may be logged of a value: names that speak of a secret lose theirs, texts are scrubbed."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return _redact_inner(value, depth + 1) if depth < DEEPEST else "…"
    text = bytes(value).decode("utf-8", "replace") if isinstance(value, bytes | bytearray) else str(value)
    return scrub(text)


def _redact_inner(value: Any, depth: int) -> Any:
    if isinstance(value, Mapping):
        return {scrub(str(name)): redact_named(str(name), inner, depth=depth) for name, inner in value.items()}
    return [redact(inner, depth=depth) for inner in value]


def redact_named(name: str, value: Any, *, depth: int = 0) -> Any:
    """Return what may be logged of a value that goes by a name; a number or a yes and no is no secret."""
    if SECRET_NAME.search(name) and not (value is None or isinstance(value, bool)):
        return GONE
    return redact(value, depth=depth)


def learn_paths(rules: Iterable[tuple[str, Iterable[str]]]) -> None:
    """Learn which addresses carry a secret: (rule such as "/reset/<token>", names of its arguments)."""
    known = {pattern.pattern for pattern in _paths}
    for rule, arguments in rules:
        for name in SECRET_ARGUMENTS.intersection(arguments):
            pattern = _path_pattern(rule, name)
            if pattern.pattern not in known:
                known.add(pattern.pattern)
                _paths.append(pattern)


def _path_pattern(rule: str, name: str) -> re.Pattern[str]:
    before = re.split(rf"<(?:[^<>]*:)?{name}>", rule, maxsplit=1)[0]
    parts = [
        r"[^/\s]+" if part.startswith("<") else re.escape(part).replace("/", "(?:/|%2F)")
        for part in re.split(r"(<[^<>]+>)", before)
    ]
    return re.compile(rf"(?i)({''.join(parts)})\.?[^/\s?#&\"'%.]+(?:\.[A-Za-z0-9_-]{{7,}})*")
