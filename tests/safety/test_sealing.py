from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.core.test_config import COMPLETE
from webapp.config import SettingsError, load_settings
from webapp.core.sealing import SealBroken, Sealer, is_sealed, seal, unseal

KEYS = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=32, max_size=64)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
PURPOSES = st.sampled_from(["webhooks.secret", "accounts.totp", "a", "a: b", ""])
QUICK = settings(max_examples=60, deadline=None)


@QUICK
@given(key=KEYS, text=TEXTS, purpose=PURPOSES)
def test_what_was_sealed_opens_and_says_nothing(key: str, text: str, purpose: str) -> None:
    sealer = Sealer([key])
    sealed = sealer.seal(text, purpose=purpose)
    assert sealer.unseal(sealed, purpose=purpose) == text
    assert is_sealed(sealed)
    assert sealer.is_newest(sealed)
    assert re.fullmatch(r"[A-Za-z0-9._-]+", sealed)
    assert len(sealed) <= 50 + len(text.encode()) * 4 / 3
    assert sealer.seal(text, purpose=purpose) != sealed
    if len(text) > 6:
        assert text not in sealed


@QUICK
@given(key=KEYS, text=TEXTS, mine=PURPOSES, other=PURPOSES)
def test_a_seal_opens_for_its_own_purpose_only(key: str, text: str, mine: str, other: str) -> None:
    assume(mine != other)
    sealed = Sealer([key]).seal(text, purpose=mine)
    with pytest.raises(SealBroken, match="changed, or was not sealed for"):
        Sealer([key]).unseal(sealed, purpose=other)


@QUICK
@given(text=TEXTS, place=st.integers(0), put=st.sampled_from("AZaz09-_.=+/ \n"))
def test_one_changed_character_breaks_it(text: str, place: int, put: str) -> None:
    sealer = Sealer(["k" * 32])
    sealed = sealer.seal(text, purpose="p")
    place %= len(sealed)
    assume(sealed[place] != put)
    with pytest.raises(SealBroken):
        sealer.unseal(sealed[:place] + put + sealed[place + 1 :], purpose="p")


@QUICK
@given(given_text=st.one_of(st.text(max_size=120), st.from_regex(r"s1\.[0-9a-f]{8}\.[A-Za-z0-9_-]{0,80}")))
def test_anything_else_is_a_broken_seal_and_no_other_error(given_text: str) -> None:
    with pytest.raises(SealBroken):
        Sealer(["k" * 32]).unseal(given_text, purpose="p")


@QUICK
@given(old=KEYS, new=KEYS, text=TEXTS)
def test_older_keys_open_and_the_newest_seals(old: str, new: str, text: str) -> None:
    assume(old != new)
    before = Sealer([old]).seal(text, purpose="p")
    both = Sealer([new, old])
    assert both.unseal(before, purpose="p") == text
    assert not both.is_newest(before)
    after = both.seal(text, purpose="p")
    assert both.is_newest(after)
    assert Sealer([new]).unseal(after, purpose="p") == text
    for only, sealed in ((new, before), (old, after)):
        with pytest.raises(SealBroken, match="neither ENCRYPTION_KEY nor its fallbacks"):
            Sealer([only]).unseal(sealed, purpose="p")


def test_no_key_seals_nothing() -> None:
    with pytest.raises(SealBroken, match="ENCRYPTION_KEY is not set"):
        Sealer([])


def test_the_app_seals_with_its_setting(app: Flask) -> None:
    with app.app_context():
        assert unseal(seal("whsec_x", purpose="p"), purpose="p") == "whsec_x"
        key = app.config["SETTINGS"].encryption_key.get_secret_value()
        assert Sealer([key]).unseal(seal("y", purpose="p"), purpose="p") == "y"


def test_the_demo_keeps_a_key_of_its_own(tmp_path: Path) -> None:
    first = load_settings({"APP_ENV": "demo", "DATA_DIR": str(tmp_path)})
    again = load_settings({"APP_ENV": "demo", "DATA_DIR": str(tmp_path), "ENCRYPTION_KEY_FALLBACKS": " old , "})
    assert first.encryption_key == again.encryption_key != first.secret_key
    assert len(first.encryption_key.get_secret_value()) >= 32
    assert again.encryption_keys == [first.encryption_key.get_secret_value(), "old"]
    assert (tmp_path / "encryption_key").stat().st_mode & 0o777 == 0o600
    assert sorted(file.name for file in tmp_path.iterdir()) == ["encryption_key", "secret_key"]


def test_no_key_is_shown_where_settings_are() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({**COMPLETE, "ENCRYPTION_KEY": "hunter2"})
    assert "hunter2" not in str(caught.value)
    assert "ENCRYPTION_KEY must be set" in str(caught.value)
