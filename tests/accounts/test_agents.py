"""User agents in words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.accounts.agents import UNKNOWN, in_words, is_handheld

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT}"
ANDROID = f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT}"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"

KNOWN = [
    (f"{WINDOWS} Chrome/131.0.0.0 Safari/537.36", "Chrome on Windows"),
    (f"{WINDOWS} Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0", "Edge on Windows"),
    (f"{WINDOWS} Chrome/131.0.0.0 Safari/537.36 OPR/115.0.0.0", "Opera on Windows"),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox on Windows"),
    (f"{ANDROID} Chrome/131.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
    (f"{ANDROID} SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36", "Samsung Internet on Android"),
    ("Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0", "Firefox on Android"),
    (f"{ANDROID} Version/4.0 Chrome/131.0 Mobile Safari/537.36 Instagram 309.1", "Instagram on Android"),
    (f"{IPHONE} Version/17.5 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
    (f"{IPHONE} CriOS/131.0 Mobile/15E148 Safari/604.1", "Chrome on iPhone"),
    (f"{IPHONE} FxiOS/133.0 Mobile/15E148 Safari/605.1.15", "Firefox on iPhone"),
    (f"{MAC} Version/17.5 Safari/605.1.15", "Safari on Mac"),
    (f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Chrome/131.0.0.0 Safari/537.36", "Chrome on Linux"),
    (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/131.0.0.0 Safari/537.36", "Chrome on ChromeOS"),
    ("okhttp/4.12.0", "Android app"),
    ("Disha/3 CFNetwork/1496.0.7 Darwin/23.5.0", "iPhone app"),
    ("python-requests/2.32.3", "Python"),
    ("curl/8.5.0", "curl"),
    ("", UNKNOWN),
    ("Something else", UNKNOWN),
]


@pytest.mark.parametrize(("agent", "words"), KNOWN, ids=[words or "none" for _, words in KNOWN])
def test_words(agent: str, words: str) -> None:
    assert in_words(agent) == words


def test_phones() -> None:
    assert is_handheld(KNOWN[4][0])
    assert is_handheld(KNOWN[8][0])
    assert is_handheld("okhttp/4.12.0")
    assert not is_handheld(KNOWN[0][0])
    assert not is_handheld("")


@settings(max_examples=60)
@given(st.text(max_size=400))
def test_anything_has_short_words(agent: str) -> None:
    assert 0 < len(in_words(agent)) <= 40
