"""Codes of the second step, as pure functions."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.accounts import codes

# RFC 6238, appendix B, SHA-1: the secret is "12345678901234567890"; the last six of its eight digits.
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
RFC_CODES = [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
MOMENTS = st.integers(1_700_000_000, 2_900_000_000).map(lambda seconds: dt.datetime.fromtimestamp(seconds, dt.UTC))
SECRETS = st.builds(codes.new_secret)


def at(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


@pytest.mark.parametrize(("seconds", "code"), RFC_CODES)
def test_the_vectors_of_the_standard(seconds: int, code: str) -> None:
    assert codes.matching_step(RFC_SECRET, code, now=at(seconds)) == seconds // 30


@settings(max_examples=60)
@given(SECRETS, MOMENTS, st.integers(-4, 4))
def test_a_phone_may_be_one_step_off_and_no_more(secret: str, now: dt.datetime, drift: int) -> None:
    present = codes.step_at(now)
    shown = codes.code_of_step(secret, present + drift)
    near = {present + d: codes.code_of_step(secret, present + d) for d in (-1, 0, 1)}
    found = codes.matching_step(secret, shown, now=now)
    if shown in near.values():  # also by the rare chance that a far code is a near one's double
        assert found is not None
        assert near[found] == shown
    else:
        assert abs(drift) > 1
        assert found is None


@settings(max_examples=40)
@given(SECRETS, MOMENTS)
def test_spaces_and_dashes_do_not_matter(secret: str, now: dt.datetime) -> None:
    shown = codes.code_of_step(secret, codes.step_at(now))
    assert codes.matching_step(secret, f" {shown[:3]} - {shown[3:]}\n", now=now) == codes.step_at(now)
    assert codes.looks_like_app_code(f"{shown[:3]} {shown[3:]}")


@settings(max_examples=60)
@given(st.text(max_size=40))
def test_whatever_is_typed_is_only_wrong(typed: str) -> None:
    codes.matching_step(RFC_SECRET, typed, now=at(59))
    assert codes.matching_hash([codes.hash_backup_code("ABCD-EFGH-JKMN-PQRS")], typed) is None
    assert codes.hash_backup_code("\ud800")  # half a pair, as JSON may hold


def test_digits_of_other_scripts_are_no_code() -> None:
    assert not codes.looks_like_app_code("१२३४५६")
    assert not codes.looks_like_app_code("12345")
    assert not codes.looks_like_app_code("ABCD-EFGH-JKMN-PQRS")


def test_backup_codes() -> None:
    made = codes.new_backup_codes()
    assert len(set(made)) == codes.BACKUP_CODES == 10
    kept = [codes.hash_backup_code(code) for code in made]
    for code, one in zip(made, kept, strict=True):
        assert codes.matching_hash(kept, code) == one
        assert codes.matching_hash(kept, code.replace("-", " ").lower()) == one
        assert not codes.looks_like_app_code(code)
        assert code not in "".join(kept)
    assert codes.matching_hash(kept[1:], made[0]) is None
    assert codes.matching_hash([], made[0]) is None


def test_what_an_app_reads() -> None:
    uri = codes.app_uri(RFC_SECRET, account="a@example.com", issuer="Disha")
    assert uri.startswith(f"otpauth://totp/Disha:a%40example.com?secret={RFC_SECRET}")
    assert "issuer=Disha" in uri
    assert codes.secret_in_groups(RFC_SECRET) == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"
    assert len(codes.new_secret()) == 32  # 160 bits
