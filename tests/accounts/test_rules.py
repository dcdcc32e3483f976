"""What people may type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.accounts.common_passwords import COUNTED, _commonest
from webapp.accounts.rules import TOO_COMMON, clean_email, clean_name, clean_phone, password_problem, phone_in_form
from webapp.config import DEMO_PASSWORD


@pytest.mark.parametrize("password", ["Abcdefg-1", "Пароль12", "A" * 64 + "b" * 63 + "1"])
def test_good_passwords(password: str) -> None:
    assert password_problem(password) is None


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("", "at least 8 characters, an upper-case letter, a lower-case letter and a digit"),
        ("Abcdef1", "at least 8 characters."),
        ("abcdefg1", "an upper-case letter."),
        ("ABCDEFG1", "a lower-case letter."),
        ("Abcdefgh", "a digit."),
        ("A1" + "b" * 127, "at most 128"),
    ],
)
def test_weak_passwords(password: str, words: str) -> None:
    assert words in (password_problem(password) or "")


@pytest.mark.parametrize("password", ["Password1", "pASSWORD1", "Qwerty123", "Trustno1", "1Qaz2wsx", "Passw0rd"])
def test_the_commonest_passwords_are_refused_in_any_case(password: str) -> None:
    assert password_problem(password) == TOO_COMMON


@pytest.mark.parametrize("password", [DEMO_PASSWORD, "Secret-99", "Password1-of-mine"])
def test_what_is_not_common_may_be_used(password: str) -> None:
    assert password_problem(password) is None


def test_ten_thousand_are_known_and_compared_in_lower_case() -> None:
    assert len(_commonest()) == COUNTED == 10_000
    assert all(word == word.lower() for word in _commonest())


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        (" Ananya.C@Example.COM ", "ananya.c@example.com"),
        ("a+jee@example.com", "a+jee@example.com"),
        ("a@münchen.de", "a@xn--mnchen-3ya.de"),
        ("student@demo.test", "student@demo.test"),
    ],
)
def test_addresses(raw: str, clean: str) -> None:
    assert clean_email(raw, allow_test=True) == clean


@pytest.mark.parametrize(
    "raw",
    ["", "ananya", "ananya@", "@example.com", "a b@example.com", "a@nodot", "a@example.com\nBcc: x@y.in", "a\x00@b.in"],
)
def test_what_is_no_address(raw: str) -> None:
    with pytest.raises(ValueError, match="mail address"):
        clean_email(raw, allow_test=True)


def test_the_test_domain_is_only_for_demo_and_tests() -> None:
    with pytest.raises(ValueError, match="mail address"):
        clean_email("student@demo.test", allow_test=False)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("", None),
        ("   ", None),
        ("98300 41270", "+919830041270"),
        ("098300-41270", "+919830041270"),
        ("+91 98300 41270", "+919830041270"),
        ("919830041270", "+919830041270"),
        ("0044 20 7946 0958", "+442079460958"),
        ("+1 (415) 555-0132", "+14155550132"),
        ("+123456789012345", "+123456789012345"),
    ],
)
def test_phones(raw: str, clean: str | None) -> None:
    assert clean_phone(raw) == clean


@pytest.mark.parametrize(
    "raw", ["98300 4127", "+98300412", "+1234567890123456", "phone", "+91 98300 4127x", "९८३००४१२७०"]
)
def test_what_is_no_phone(raw: str) -> None:
    with pytest.raises(ValueError, match="ten digits"):
        clean_phone(raw)


@given(st.text(max_size=40))
def test_a_phone_is_always_plus_and_digits(raw: str) -> None:
    try:
        phone = clean_phone(raw)
    except ValueError:
        return
    assert phone is None or (phone[0] == "+" and phone[1:].isascii() and 10 <= len(phone) - 1 <= 15)
    assert clean_phone(phone_in_form(phone)) == phone


def test_names() -> None:
    assert clean_name("  Ananya\t Chatterjee \u202e\x00") == "Ananya Chatterjee"
    assert clean_name("अनन्या चटर्जी") == "अनन्या चटर्जी"
    with pytest.raises(ValueError, match="your name"):
        clean_name(" \u200b ")
    with pytest.raises(ValueError, match="120"):
        clean_name("a" * 121)


def test_an_indian_phone_is_shown_without_its_code() -> None:
    assert [phone_in_form(phone) for phone in ("+919830041270", "+14155550132", None)] == [
        "98300 41270",
        "+14155550132",
        "",
    ]
