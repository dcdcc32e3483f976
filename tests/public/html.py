"""Reads what a test wants to know of a page."""

from __future__ import annotations

import re
from html import unescape

_CARD = re.compile(r'<a class="card-link" href="[^"]*">([^<]*)</a>')
_LINK = re.compile(r'<a [^>]*href="([^"]*)"')
_TAG = re.compile(r"<[^>]+>")


def cards(html: str) -> list[str]:
    """Return the headings of all cards, in order."""
    return [unescape(name) for name in _CARD.findall(html)]


def links(html: str) -> set[str]:
    """Return the addresses of all links, without their fragments."""
    return {unescape(url).partition("#")[0] for url in _LINK.findall(html)}


def text(html: str) -> str:
    """Return the words of a page, with single spaces."""
    return " ".join(unescape(_TAG.sub(" ", html)).split())
