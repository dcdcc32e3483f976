"""Moving an account to another mail address: asked for with the password, agreed to from both addresses.

An address that was never verified is asked nothing: nobody has shown that it is the account holder's, and who
mistyped it at sign-up could never agree.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select

from webapp.accounts.errors import EmailTaken, LinkInvalid
from webapp.accounts.mail_change_mails import Side, queue_changed, queue_questions, queue_stopped, side_of_stamp
from webapp.accounts.models import EmailChange, User
from webapp.accounts.passwords import password_fits
from webapp.accounts.queries import user_by_email, user_by_public_id
from webapp.accounts.services import WRONG_PASSWORD, clean_address
from webapp.accounts.tokens import Purpose, read_token
from webapp.audit.services import because, record
from webapp.core.db import db, lock_for_update
from webapp.core.errors import NotFound, ValidationFailed

LASTS = dt.timedelta(hours=24)
SAME = "This is your address already."
TAKEN = "Another account has this address."
STOPPED = "This change was cancelled, or there is a newer one in your mail."
DONE = "All who were asked have agreed, and the address is changed."


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose change a link speaks of, and which of the two addresses it was sent to."""

    user: User
    change: EmailChange
    side: Side

    @property
    def agreed(self) -> bool:
        """Whether this address has agreed before."""
        return (self.change.old_agreed_at if self.side is Side.OLD else self.change.new_agreed_at) is not None


def ask_to_change(*, actor: User, email: str, password: str, now: dt.datetime) -> EmailChange:
    """Begin a change, in place of one that is open, and ask both addresses.

    Raises:
        ValidationFailed: no address, the present one, one that has an account (``new_email``); or not the current
            password (``present_password``).
    """
    user: User = lock_for_update(db.session(), User, actor.id)
    wrong: dict[str, str] = {}
    knows = password_fits(user.password_hash, password)
    if not knows:
        wrong["present_password"] = WRONG_PASSWORD
    address, problem = wrong_address(user, email, tell_taken=knows)  # who has no password learns nothing of others
    if problem:
        wrong["new_email"] = problem
    if wrong:
        raise ValidationFailed(fields=wrong)
    change = begin_change(user, address, by_desk=False, now=now)
    _note("asked", user)
    return change


def begin_change(user: User, address: str, *, by_desk: bool, now: dt.datetime) -> EmailChange:
    """Begin a change of a locked account to a checked address, in place of one that is open, and queue its mails."""
    if (before := _unfinished(user)) is not None:
        before.cancelled_at = now
        db.session.flush()  # one open change an account
    change = EmailChange(user_id=user.id, new_email=address, by_desk=by_desk, asked_at=now, expires_at=now + LASTS)
    change.old_agreed_at = now if by_desk or not user.is_verified else None
    db.session.add(change)
    db.session.flush()  # its id goes into the links
    queue_questions(user, change, now=now)
    return change


def wrong_address(user: User, email: str, *, tell_taken: bool = True) -> tuple[str, str | None]:
    """Return a typed address as accounts keep it, and what is wrong with moving the account there; None is nothing."""
    try:
        address = clean_address(email)
    except ValueError as error:
        return "", str(error)
    return address, _address_problem(user, address) if tell_taken else None


def open_change(user: User, *, now: dt.datetime) -> EmailChange | None:
    """Return the change of an account that still waits, None if there is none."""
    change = _unfinished(user)
    return change if change is not None and change.expires_at > now else None


def cancel_change(*, actor: User, now: dt.datetime) -> None:
    """End one's own open change.

    Raises:
        NotFound: there is none, or it is over.
    """
    user: User = lock_for_update(db.session(), User, actor.id)
    change = _unfinished(user)
    if change is None:
        raise NotFound("There is no change to cancel. It may be done already.")
    change.cancelled_at = now
    _note("cancelled", user)
    db.session.flush()


def find_asked(token: str, *, now: dt.datetime) -> Asked:
    """Return the change a link speaks of; it is open, or done.

    Raises:
        LinkInvalid: forged, cancelled, followed by a newer one, or the account is closed. LinkExpired: too old.
    """
    ticket = read_token(Purpose.MAIL_CHANGE, token, now=now)
    change_id, side = side_of_stamp(ticket.stamp)
    user = user_by_public_id(ticket.user_id)
    change = db.session.scalar(select(EmailChange).where(EmailChange.public_id == change_id))
    mine = user is not None and user.active and change is not None and change.user_id == user.id
    if user is None or change is None or not mine or change.cancelled_at is not None:
        raise LinkInvalid(STOPPED)
    return Asked(user, change, side)


def agree(token: str, *, now: dt.datetime) -> Asked:
    """Note that an address agrees; when both have, the account moves. Agreeing twice changes nothing.

    All logins of the account end with the move; the door renews the one in use.

    Raises:
        LinkInvalid: as `find_asked`.
        EmailTaken: another account has the address meanwhile; the door then calls `give_up`.
    """
    asked = _locked(token, now=now)
    change = asked.change
    if change.done_at is not None:
        return asked
    if asked.side is Side.OLD:
        change.old_agreed_at = change.old_agreed_at or now
    else:
        change.new_agreed_at = change.new_agreed_at or now
    if change.old_agreed_at is not None and change.new_agreed_at is not None:
        _move(asked.user, change, now=now)
    db.session.flush()
    return asked


def give_up(token: str, *, now: dt.datetime) -> None:
    """End a change whose address another account has taken, and say so to the account's address.

    Raises:
        LinkInvalid: as `find_asked`: somebody has ended it before.
    """
    asked = _locked(token, now=now)
    asked.change.cancelled_at = now
    queue_stopped(asked.user, asked.change, taken=True, now=now)
    db.session.flush()


def refuse(token: str, *, now: dt.datetime) -> Asked:
    """End a change, at the word of one of its addresses.

    Raises:
        LinkInvalid: as `find_asked`; or it is done already.
    """
    asked = _locked(token, now=now)
    if asked.change.done_at is not None:
        raise LinkInvalid(f"{DONE} If that was not you, write to us.")
    asked.change.cancelled_at = now
    _note("refused", asked.user)
    if asked.side is Side.NEW:
        queue_stopped(asked.user, asked.change, taken=False, now=now)
    db.session.flush()
    return asked


def _move(user: User, change: EmailChange, *, now: dt.datetime) -> None:
    if _address_problem(user, change.new_email):
        raise EmailTaken
    old = user.email
    because("Begun by the desk, agreed to from the new address" if change.by_desk else "Agreed to from both addresses")
    user.email, user.email_verified_at = change.new_email, now
    user.auth_version += 1
    change.done_at = now
    db.session.flush()  # somebody who signs up with it at this moment ends this here
    queue_changed(user, change, old=old, now=now)


def _locked(token: str, *, now: dt.datetime) -> Asked:
    """The change under its account's lock: both links at once are one after the other."""
    asked = find_asked(token, now=now)
    lock_for_update(db.session(), User, asked.user.id)
    db.session.expire(asked.change)
    return find_asked(token, now=now)


def _address_problem(user: User, address: str) -> str | None:
    if address == user.email.lower():
        return SAME
    return TAKEN if user_by_email(address) is not None else None


def _unfinished(user: User) -> EmailChange | None:
    """The account's row of `uq_email_changes_open`, too old or not."""
    return db.session.scalar(
        select(EmailChange).where(
            EmailChange.user_id == user.id, EmailChange.done_at.is_(None), EmailChange.cancelled_at.is_(None)
        )
    )


def _note(what: str, user: User) -> None:
    record(f"user.email_change_{what}", entity="user", entity_id=user.public_id, label=user.name, subject_id=user.id)
