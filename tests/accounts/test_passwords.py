"""Hashes."""

from __future__ import annotations

from argon2 import PasswordHasher

from webapp.accounts.passwords import NOBODY, hash_password, password_fits, unusable_password, wants_rehash


def test_a_hash_is_argon2id_and_fits_its_password_only() -> None:
    made = hash_password("Secret-99")
    assert made.startswith("$argon2id$")
    assert password_fits(made, "Secret-99")
    assert not password_fits(made, "secret-99")
    assert not wants_rehash(made)


def test_nobody_s_password_costs_the_same_and_never_fits() -> None:
    assert not wants_rehash(NOBODY)  # made with today's numbers: otherwise an unknown address is told by its time
    assert not password_fits(None, "Secret-99")


def test_a_hash_that_is_none_never_fits() -> None:
    assert not password_fits("unusable", "unusable")


def test_unusable_passwords_differ() -> None:
    assert unusable_password() != unusable_password()


def test_older_numbers_are_seen() -> None:
    assert wants_rehash(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("Secret-99"))
