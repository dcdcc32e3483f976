"""Accounts: signing up and in, proving an address, passwords, the profile."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TypeVar, cast

from flask import current_app

from webapp.accounts import rules
from webapp.accounts.emails import RESET_TEMPLATE, queue_reset, queue_verification
from webapp.accounts.errors import AccountNotOpen, EmailTaken, LinkInvalid, WrongCredentials
from webapp.accounts.models import Role, User
from webapp.accounts.passwords import hash_password, password_fits, unusable_password, wants_rehash
from webapp.accounts.queries import user_by_email, user_by_public_id
from webapp.accounts.tokens import Purpose, credentials_stamp, email_stamp, read_token
from webapp.config import Settings
from webapp.core.db import db, lock_for_update
from webapp.core.errors import ValidationFailed
from webapp.core.times import DEFAULT_ZONE, is_zone
from webapp.notifications.queries import mail_was_queued_after

T = TypeVar("T")
UNKNOWN_ZONE = "Choose a zone from the list."
WRONG_PASSWORD = "This is not your current password."  # noqa: S105


class _Check:
    """Runs rules over fields and collects what is wrong, so that all of it is said at once."""

    def __init__(self) -> None:
        self.wrong: dict[str, str] = {}

    def field(self, name: str, rule: Callable[[], T], instead: T) -> T:
        try:
            return rule()
        except ValueError as error:
            self.wrong[name] = str(error)
            return instead

    def password(self, name: str, password: str) -> None:
        if problem := rules.password_problem(password):
            self.wrong[name] = problem

    def zone(self, zone: str) -> None:
        if not is_zone(zone):
            self.wrong["zone"] = UNKNOWN_ZONE

    def done(self) -> None:
        if self.wrong:
            raise ValidationFailed(fields=self.wrong)


def clean_address(raw: str) -> str:
    """Return a mail address as accounts keep it.

    Raises:
        ValueError: it is none; the text is for the person.
    """
    settings = cast(Settings, current_app.config["SETTINGS"])
    return rules.clean_email(raw, allow_test=settings.app_env != "production")


def create_user(
    *,
    name: str,
    email: str,
    now: dt.datetime,
    password: str | None = None,
    phone: str = "",
    zone: str = DEFAULT_ZONE,
    role: Role = Role.STUDENT,
    verified: bool = False,
) -> User:
    """Make an account. Without a password its owner sets one through the reset link.

    Raises:
        ValidationFailed: wrong fields, all of them named.
        EmailTaken: the address has an account, also when two sign up at once.
    """
    check = _Check()
    name = check.field("name", lambda: rules.clean_name(name), "")
    email = check.field("email", lambda: clean_address(email), "")
    number = check.field("phone", lambda: rules.clean_phone(phone), None)
    check.zone(zone)
    if password is not None:
        check.password("password", password)
    check.done()
    hashed = unusable_password() if password is None else hash_password(password)
    if user_by_email(email) is not None:  # after the hash: a taken address takes as long as a free one
        raise EmailTaken
    user = User(
        name=name,
        email=email,
        phone=number,
        zone=zone,
        role=role,
        password_hash=hashed,
        email_verified_at=now if verified else None,
        auth_version=1,
    )
    db.session.add(user)
    db.session.flush()  # the id is needed, and a second sign-up at the same moment ends here
    return user


def sign_up(*, name: str, email: str, phone: str, password: str, zone: str, now: dt.datetime) -> User:
    """Make a student's account and queue the mail that verifies its address.

    Raises:
        ValidationFailed, EmailTaken: as `create_user`.
    """
    zone = zone if is_zone(zone) else DEFAULT_ZONE  # the browser's word, nothing a person typed
    user = create_user(name=name, email=email, phone=phone, password=password, zone=zone, now=now)
    queue_verification(user, now=now)
    return user


def send_verification_again(*, actor: User, now: dt.datetime) -> None:
    """Queue another verification mail; nothing if the address is verified already."""
    if not actor.is_verified:
        queue_verification(actor, now=now)


def find_user_to_verify(token: str, *, now: dt.datetime) -> User:
    """Return whose address a link verifies.

    Raises:
        LinkInvalid: forged, too old, or the address has changed since.
    """
    ticket = read_token(Purpose.VERIFY, token, now=now)
    user = user_by_public_id(ticket.user_id)
    if user is None or not user.active or email_stamp(user) != ticket.stamp:
        raise LinkInvalid
    return user


def verify_email(*, token: str, now: dt.datetime) -> User:
    """Note that the address is its owner's; a second time changes nothing. Raises LinkInvalid."""
    user = find_user_to_verify(token, now=now)
    if user.email_verified_at is None:
        user.email_verified_at = now
    return user


def authenticate(*, email: str, password: str) -> User:
    """Return the account that address and password open; the hash is renewed if its numbers are old.

    Takes as long for an unknown address.

    Raises:
        WrongCredentials: no such pair.
        AccountNotOpen: the pair is right; to who does not tell it apart, it is the same refusal.
    """
    user = user_by_email(email.strip())
    fits = password_fits(user.password_hash if user else None, password[: rules.LONGEST_PASSWORD + 1])
    if user is None or not fits:
        raise WrongCredentials
    if not user.active:
        raise AccountNotOpen
    if wants_rehash(user.password_hash):
        user.password_hash = hash_password(password)
    return user


def request_password_reset(*, email: str, now: dt.datetime) -> None:
    """Queue a reset link if the address has an open account; do as much work if it has none.

    Raises:
        ValidationFailed: not an address at all.
    """
    check = _Check()
    address = check.field("email", lambda: clean_address(email), "")
    check.done()
    user = user_by_email(address)
    queue_reset(user if user and user.active else None, address, now=now)


def find_user_to_reset(token: str, *, now: dt.datetime) -> User:
    """Return whose password a link may set.

    Raises:
        LinkInvalid: forged, older than 15 minutes, used, or followed by a newer link.
    """
    ticket = read_token(Purpose.RESET, token, now=now)
    user = user_by_public_id(ticket.user_id)
    if user is None or not user.active or credentials_stamp(user) != ticket.stamp:
        raise LinkInvalid
    if mail_was_queued_after(recipient=user.email, template=RESET_TEMPLATE, after=ticket.issued_at):
        raise LinkInvalid
    return user


def reset_password(*, token: str, password: str, now: dt.datetime) -> User:
    """Set a new password by a link, and sign the account out everywhere. The link proves the address, too.

    Raises:
        LinkInvalid: as `find_user_to_reset`; of two uses at once the second.
        ValidationFailed: the password breaks a rule; the link stays good.
    """
    user = find_user_to_reset(token, now=now)
    check = _Check()
    check.password("password", password)
    check.done()
    lock_for_update(db.session(), User, user.id)
    user = find_user_to_reset(token, now=now)
    _set_password(user, password)
    if user.email_verified_at is None:
        user.email_verified_at = now
    return user


def change_password(*, actor: User, current: str, new: str) -> User:
    """Set a new password; every login ends except the one the door renews.

    Raises:
        ValidationFailed: the current password is wrong, or the new one breaks a rule.
    """
    user: User = lock_for_update(db.session(), User, actor.id)
    check = _Check()
    if not password_fits(user.password_hash, current):
        check.wrong["current"] = WRONG_PASSWORD
    check.password("new", new)
    check.done()
    _set_password(user, new)
    return user


def _set_password(user: User, password: str) -> None:
    user.password_hash = hash_password(password)
    user.auth_version += 1


def update_profile(*, actor: User, name: str, phone: str, zone: str) -> User:
    """Change name, phone and zone.

    Raises:
        ValidationFailed: wrong fields, all of them named.
    """
    check = _Check()
    name = check.field("name", lambda: rules.clean_name(name), "")
    number = check.field("phone", lambda: rules.clean_phone(phone), None)
    check.zone(zone)
    check.done()
    actor.name, actor.phone, actor.zone = name, number, zone
    return actor
