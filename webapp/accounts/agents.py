"""A browser's user agent in words a person knows: "Chrome on Windows", "Safari on iPhone". Pure functions.

Browsers claim to be each other, so the more particular name comes first. Versions are left out on purpose: they say
nothing to whoever looks at the list, and browsers have frozen most of them.
"""

from __future__ import annotations

import re

UNKNOWN = "Unknown device"

_BROWSERS = (
    ("Edge", r"\bEdg(e|A|iOS)?/"),
    ("Opera", r"\b(OPR|Opera|OPiOS|OPT)/"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("UC Browser", r"\b(UCBrowser|UCWEB)/"),
    ("Vivaldi", r"\bVivaldi/"),
    ("Yandex", r"\bYaBrowser/"),
    ("DuckDuckGo", r"\b(DuckDuckGo|Ddg)/"),
    ("Mi Browser", r"\bMiuiBrowser/"),
    ("WhatsApp", r"\bWhatsApp/"),
    ("Instagram", r"\bInstagram\b"),
    ("Facebook", r"\b(FBAN|FBAV)/"),
    ("Firefox", r"\b(Firefox|FxiOS|Focus)/"),
    ("Chrome", r"\b(Chrome|CriOS|HeadlessChrome)/"),
    ("Safari", r"\bSafari/"),
)
_SYSTEMS = (
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Android", r"\bAndroid\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("Windows", r"\bWindows\b"),
    ("Mac", r"\bMacintosh\b|\bMac OS X\b"),
    ("Linux", r"\bLinux\b|\bX11\b"),
)
_PROGRAMS = (
    ("curl", r"^curl/"),
    ("Python", r"^(python-|Python/|aiohttp/|httpx/|Python-urllib/)"),
    ("Postman", r"^PostmanRuntime/"),
    ("Android app", r"^(okhttp/|Dalvik/)"),
    ("iPhone app", r"\bCFNetwork/"),
    ("Flutter app", r"^Dart/"),
    ("Go program", r"^Go-http-client/"),
    ("Node program", r"^(node|axios|undici)\b"),
    ("Java program", r"^(Java|Apache-HttpClient)/"),
)
PHONES = frozenset({"iPhone", "iPad", "Android"})


def in_words(user_agent: str) -> str:
    """Return the browser and the system of a user agent; a program by its kind; `UNKNOWN` for what says neither."""
    text = user_agent.strip()
    program = _first(_PROGRAMS, text)
    if program:
        return program
    browser, system = _first(_BROWSERS, text), _first(_SYSTEMS, text)
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or UNKNOWN


def is_handheld(user_agent: str) -> bool:
    """Whether it is a phone or a tablet, for the icon beside the words."""
    return _first(_SYSTEMS, user_agent) in PHONES or _first(_PROGRAMS, user_agent) in {"Android app", "iPhone app"}


def _first(table: tuple[tuple[str, str], ...], text: str) -> str | None:
    return next((name for name, pattern in table if re.search(pattern, text)), None)
