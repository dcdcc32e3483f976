"""What a name, a mail address, a phone number and a password must look like. Pure functions."""

from __future__ import annotations

import re

from email_validator import EmailNotValidError, validate_email

from webapp.accounts.common_passwords import is_common

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 128
LONGEST_NAME = 120
LONGEST_EMAIL = 254
HOME_CODE = "+91"
TOO_COMMON = "Many people use this one, so it is the first to be guessed. Choose one that is yours alone."

_SPACERS = re.compile(r"[\s().\u00a0\u2010-\u2015-]+")
_PHONE = re.compile(r"\+[1-9][0-9]{9,14}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


def password_problem(password: str) -> str | None:
    """Return what a new password lacks, None if it may be used (product.md "Accounts")."""
    if len(password) > LONGEST_PASSWORD:
        return f"Use at most {LONGEST_PASSWORD} characters."
    missing = [
        words
        for words, there in (
            ("at least 8 characters", len(password) >= SHORTEST_PASSWORD),
            ("an upper-case letter", any(letter.isupper() for letter in password)),
            ("a lower-case letter", any(letter.islower() for letter in password)),
            ("a digit", any(letter.isdigit() for letter in password)),
        )
        if not there
    ]
    if not missing:
        return TOO_COMMON if is_common(password) else None
    *first, last = missing
    return f"It still needs {', '.join(first)} and {last}." if first else f"It still needs {last}."


def clean_name(raw: str) -> str:
    """Return the name on one line without invisible characters.

    Raises:
        ValueError: nothing is left, or it is too long; the text is for the person.
    """
    name = " ".join(_CONTROL.sub(" ", raw).split())
    if not name:
        raise ValueError("Tell us your name.")
    if len(name) > LONGEST_NAME:
        raise ValueError(f"Use at most {LONGEST_NAME} characters.")
    return name


def clean_email(raw: str, *, allow_test: bool) -> str:
    """Return the address in lower case, an international domain in its ASCII form. Asks no name server.

    Args:
        allow_test: accept the domain .test, which no real address has.

    Raises:
        ValueError: not an address; the text is for the person.
    """
    try:
        found = validate_email(
            raw.strip(), check_deliverability=False, allow_smtputf8=False, test_environment=allow_test
        )
    except EmailNotValidError:
        raise ValueError("This does not look like a mail address, such as ananya@example.com.") from None
    address = (found.ascii_email or found.normalized).lower()
    if len(address) > LONGEST_EMAIL:
        raise ValueError(f"Use at most {LONGEST_EMAIL} characters.")
    return address


def clean_phone(raw: str) -> str | None:
    """Return "+<10–15 digits>"; ten digits alone are an Indian number; None for an empty field.

    Raises:
        ValueError: not a phone number; the text is for the person.
    """
    number = _SPACERS.sub("", raw)
    if not number:
        return None
    if number.startswith("00"):
        number = "+" + number[2:]
    if re.fullmatch(r"0?[0-9]{10}", number):
        number = HOME_CODE + number[-10:]
    elif re.fullmatch(r"91[0-9]{10}", number):
        number = "+" + number
    if not _PHONE.fullmatch(number):
        raise ValueError("Give ten digits, or + and the country code with 10 to 15 digits.")
    return number


def phone_in_form(phone: str | None) -> str:
    """Return a stored number as its field shows it: an Indian one as "98300 41270", another whole."""
    if not phone:
        return ""
    local = phone.removeprefix(HOME_CODE)
    return f"{local[:5]} {local[5:]}" if phone.startswith(HOME_CODE) and len(local) == 10 else phone
