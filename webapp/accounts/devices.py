"""Logins: opened at sign-in, renewed, listed, revoked; one row a device, whichever the door."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.orm import contains_eager

from webapp.accounts.models import ApiKey, Login, LoginKind, User
from webapp.accounts.models.logins import LONGEST_AGENT, LONGEST_DEVICE
from webapp.accounts.security_mail import tell_new_device
from webapp.core.db import db
from webapp.core.errors import NotFound

BROWSER_LASTS = dt.timedelta(days=30)
API_LASTS = dt.timedelta(days=7)  # api.md "Auth": counted anew at each refresh
LASTS = {LoginKind.BROWSER: BROWSER_LASTS, LoginKind.API: API_LASTS}
SEEN_EVERY = dt.timedelta(minutes=5)  # how exact "last seen" is


@dataclass(frozen=True, slots=True)
class Device:
    """What is known of a device at sign-in."""

    address: str = ""
    user_agent: str = ""
    device_id: str | None = None
    place: str = ""


def open_login(user: User, *, kind: LoginKind, device: Device, now: dt.datetime, second_step: bool = False) -> Login:
    """Write down that somebody signed in as ``user``; the row is what the cookie or the tokens stand for.

    On a device the account was never used on its owner gets a mail, unless it is the account's first login.
    """
    is_new = known_device(user, device) is False
    login = Login(
        user_id=user.id,
        kind=kind,
        auth_version=user.auth_version,
        device_id=_plain(device.device_id, LONGEST_DEVICE) or None,
        address=device.address[:45],
        place=device.place[:120],
        user_agent=_plain(device.user_agent, LONGEST_AGENT),
        second_step_at=now if second_step else None,
        created_at=now,
        last_seen_at=now,
        expires_at=now + LASTS[kind],
    )
    db.session.add(login)
    db.session.flush()  # its id goes into the cookie
    if is_new:
        tell_new_device(user, login, now=now)
    return login


def _plain(text: str | None, longest: int) -> str:
    return "".join(letter for letter in text or "" if letter.isprintable())[:longest]


def find_login(public_id: str) -> Login | None:
    """Return a login with its user, in one statement; whether it still holds, `holds` tells."""
    return db.session.scalar(_FOUND, {"public_id": public_id})


_FOUND = (  # built once: putting it together takes longer than the database needs to answer it
    select(Login)
    .join(User, Login.user_id == User.id)
    .options(contains_eager(Login.user))
    .where(Login.public_id == bindparam("public_id"))
)


def holds(login: Login, *, now: dt.datetime) -> bool:
    """Tell whether a login is good: not revoked, not over, and of the account's present credentials."""
    return login.revoked_at is None and login.expires_at > now and login.auth_version == login.user.auth_version


def keep_login(login: Login, user: User, *, now: dt.datetime) -> None:
    """Let one login outlive a change of password that ended all others."""
    login.auth_version, login.last_seen_at = user.auth_version, now
    db.session.flush()


def open_logins(user: User, *, now: dt.datetime) -> Select[Login]:
    """Select the logins that hold, the last seen first."""
    return (
        select(Login)
        .where(
            Login.user_id == user.id,
            Login.revoked_at.is_(None),
            Login.expires_at > now,
            Login.auth_version == user.auth_version,
        )
        .order_by(Login.last_seen_at.desc(), Login.id.desc())
    )


def list_logins(user: User, *, now: dt.datetime) -> Sequence[Login]:
    """Return the logins that hold, the last seen first, a hundred at most."""
    return db.session.scalars(open_logins(user, now=now).limit(100)).all()


def revoke_login(*, actor: User, login_id: str, now: dt.datetime, why: str = "revoked") -> Login:
    """End one of the actor's own logins.

    Raises:
        NotFound: no such login, another person's, or ended already.
    """
    login = db.session.scalar(open_logins(actor, now=now).where(Login.public_id == login_id).with_for_update())
    if login is None:
        raise NotFound("That login was not found, or has ended already.")
    end_login_row(login, now=now, why=why)
    return login


def end_login_row(login: Login, *, now: dt.datetime, why: str) -> None:
    """Note a login as ended; a second time changes nothing."""
    if login.revoked_at is None:
        login.revoked_at, login.revoked_why = now, why
        db.session.flush()


def revoke_others(*, actor: User, keep: Login | None, now: dt.datetime, why: str = "revoked") -> int:
    """End all of the actor's logins but the one in use (None ends that, too); returns how many."""
    ended = (
        update(Login)
        .where(
            Login.user_id == actor.id,
            Login.revoked_at.is_(None),
            Login.expires_at > now,
            Login.auth_version == actor.auth_version,
            *([Login.id != keep.id] if keep else []),
        )
        .values(revoked_at=now, revoked_why=why)
        .returning(Login.id)
        .execution_options(synchronize_session="fetch")
    )
    return len(db.session.scalars(ended).all())


def note_seen(row: Login | ApiKey, *, now: dt.datetime) -> None:
    """Write down when a login or a key was last used; exact to five minutes, which is what a person asks."""
    if isinstance(row, Login):
        db.session.execute(update(Login).where(Login.id == row.id, Login.last_seen_at < now).values(last_seen_at=now))
    else:
        db.session.execute(update(ApiKey).where(ApiKey.id == row.id).values(last_used_at=now))


def seen_too_long_ago(last: dt.datetime | None, *, now: dt.datetime) -> bool:
    """Tell whether "last seen" is worth writing again."""
    return last is None or now - last > SEEN_EVERY


def known_device(user: User, device: Device) -> bool | None:
    """Tell whether the account was used from this device before; None if it was never used at all.

    A device is known by its id where it has one, else by its user agent.
    """
    mine = select(Login.id).where(Login.user_id == user.id)
    if db.session.scalar(mine.limit(1)) is None:
        return None
    same = (
        Login.device_id == _plain(device.device_id, LONGEST_DEVICE)
        if device.device_id
        else Login.user_agent == _plain(device.user_agent, LONGEST_AGENT)
    )
    return db.session.scalar(mine.where(same).limit(1)) is not None
