"""Moving an account to another address: asked with the password, agreed to from both."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.crowd import Rush
from tests.factories import NOW, make_user
from webapp.accounts import mail_change
from webapp.accounts.errors import EmailTaken, LinkExpired, LinkInvalid
from webapp.accounts.mail_change_mails import is_still_open
from webapp.accounts.models import EmailChange, User
from webapp.accounts.passwords import hash_password
from webapp.accounts.services import request_password_reset
from webapp.core.db import db, transaction
from webapp.core.errors import NotFound, ValidationFailed
from webapp.notifications.guards import still_true
from webapp.notifications.models import OutboxMail

SECRET = "Secret-99"
OLD, NEW = "ananya@example.com", "ananya.c@example.org"
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def user(db_session: Session) -> User:
    return _user()


def _user(*, verified: bool = True) -> User:
    made = make_user(name="Ananya Chatterjee", email=OLD, password_hash=hash_password(SECRET), verified=verified)
    db.session.commit()
    return made


def ask(user: User, email: str = NEW, *, password: str = SECRET, now: dt.datetime = NOW) -> EmailChange:
    with transaction():
        return mail_change.ask_to_change(actor=user, email=email, password=password, now=now)


def mails(template: str | None = None) -> list[OutboxMail]:
    found = db.session.scalars(select(OutboxMail).order_by(OutboxMail.id)).all()
    return [mail for mail in found if template in (None, mail.template)]


def link(side: str) -> str:
    return str(mails(f"mail_change_{side}")[-1].context["url"]).rpartition("/")[2]


def agree(side: str, *, now: dt.datetime = NOW + HOUR) -> bool:
    token = link(side)
    with transaction():
        return mail_change.agree(token, now=now).change.done_at is not None


def test_each_address_gets_its_own_link(user: User) -> None:
    change = ask(user, " Ananya.C@Example.org ")
    assert (change.new_email, change.expires_at) == (NEW, NOW + 24 * HOUR)
    assert {(mail.template, mail.recipient) for mail in mails()} == {
        ("mail_change_old", OLD),
        ("mail_change_new", NEW),
    }
    assert link("old") != link("new")
    assert user.email == OLD


@pytest.mark.parametrize("order", [("old", "new"), ("new", "old")])
def test_it_moves_when_both_have_agreed(user: User, order: tuple[str, str]) -> None:
    version = user.auth_version
    user.email_verified_at = NOW - 100 * HOUR
    ask(user)
    assert not agree(order[0])
    assert not agree(order[0])  # twice is once
    assert (user.email, user.auth_version) == (OLD, version)
    assert agree(order[1])
    assert (user.email, user.email_verified_at, user.auth_version) == (NEW, NOW + HOUR, version + 1)
    assert Counter(mail.recipient for mail in mails("mail_changed")) == {OLD: 1, NEW: 1}
    assert agree(order[1])  # nothing more happens
    assert user.auth_version == version + 1
    assert len(mails("mail_changed")) == 2


def test_a_reset_link_of_the_old_address_is_dead_afterwards(user: User) -> None:
    ask(user)
    with transaction():
        request_password_reset(email=OLD, now=NOW)
    reset = mails("password_reset")[0]
    assert still_true(reset)
    agree("old")
    agree("new")
    assert not still_true(reset)


def test_an_address_never_verified_is_not_asked(db_session: Session) -> None:
    user = _user(verified=False)
    ask(user)
    assert [mail.template for mail in mails()] == ["mail_change_new"]
    assert agree("new")
    assert (user.email, user.is_verified) == (NEW, True)


@pytest.mark.parametrize(
    ("email", "password", "fields"),
    [
        ("nonsense", SECRET, {"new_email"}),
        (NEW, "wrong", {"present_password"}),
        ("nonsense", "", {"new_email", "present_password"}),
        (OLD.upper(), SECRET, {"new_email"}),
        ("Taken@example.com", SECRET, {"new_email"}),
        ("Taken@example.com", "wrong", {"present_password"}),  # who has no password learns nothing of others
        ("a\x00@example.com", SECRET, {"new_email"}),
    ],
)
def test_what_is_refused_at_its_field(user: User, email: str, password: str, fields: set[str]) -> None:
    make_user(email="taken@example.com")
    with pytest.raises(ValidationFailed) as caught:
        ask(user, email, password=password)
    assert set(caught.value.fields) == fields
    assert mails() == []


class TestEnding:
    def test_a_newer_request_replaces_the_open_one(self, user: User) -> None:
        first = ask(user, "first@example.org")
        old, new = link("old"), link("new")
        waiting = mails()
        second = ask(user, now=NOW + HOUR)
        assert first.cancelled_at == NOW + HOUR
        assert mail_change.open_change(user, now=NOW + HOUR) is second
        for token in (old, new):
            with pytest.raises(LinkInvalid):
                mail_change.find_asked(token, now=NOW + HOUR)
        assert not any(still_true(mail) for mail in waiting)
        agree("old")
        assert agree("new")

    def test_cancelling(self, user: User) -> None:
        ask(user)
        with transaction():
            mail_change.cancel_change(actor=user, now=NOW)
        assert mail_change.open_change(user, now=NOW) is None
        with pytest.raises(LinkInvalid):
            agree("old")
        with pytest.raises(NotFound), transaction():
            mail_change.cancel_change(actor=user, now=NOW)

    def test_nobody_cancels_for_somebody_else(self, user: User) -> None:
        ask(user)
        with pytest.raises(NotFound), transaction():
            mail_change.cancel_change(actor=make_user(), now=NOW)
        assert mail_change.open_change(user, now=NOW)

    @pytest.mark.parametrize("side", ["old", "new"])
    def test_either_address_stops_it(self, user: User, side: str) -> None:
        ask(user)
        agree("new" if side == "old" else "old")
        token = link(side)
        with transaction():
            mail_change.refuse(token, now=NOW + HOUR)
        with pytest.raises(LinkInvalid):
            agree(side)
        assert user.email == OLD
        assert [mail.recipient for mail in mails("mail_change_stopped")] == ([OLD] if side == "new" else [])

    def test_what_is_done_is_not_stopped(self, user: User) -> None:
        ask(user)
        agree("old")
        agree("new")
        with pytest.raises(LinkInvalid, match="All who were asked have agreed"), transaction():
            mail_change.refuse(link("old"), now=NOW + HOUR)
        assert user.email == NEW

    def test_after_a_day_it_is_over(self, user: User) -> None:
        ask(user)
        agree("old")
        late = NOW + 24 * HOUR + dt.timedelta(seconds=1)
        assert mail_change.open_change(user, now=late) is None
        with pytest.raises(LinkExpired):
            agree("new", now=late)
        assert ask(user, now=late).new_email == NEW  # the stale one is not in the way

    def test_a_closed_account_moves_nowhere(self, user: User) -> None:
        ask(user)
        user.active = False
        db.session.commit()
        with pytest.raises(LinkInvalid):
            agree("old")

    @pytest.mark.parametrize("token", ["nothing", "", "x" * 500])
    def test_a_forged_link(self, app: Flask, db_session: Session, token: str) -> None:
        with pytest.raises(LinkInvalid):
            mail_change.find_asked(token, now=NOW)


class TestTakenMeanwhile:
    def test_it_ends_politely(self, user: User) -> None:
        change = ask(user)
        agree("old")
        make_user(email=NEW.upper())
        db.session.commit()
        with pytest.raises(EmailTaken):
            agree("new")
        db.session.refresh(user)
        assert user.email == OLD
        with transaction():
            mail_change.give_up(link("new"), now=NOW + HOUR)
        assert change.cancelled_at is not None
        assert [(mail.recipient, mail.context["taken"]) for mail in mails("mail_change_stopped")] == [(OLD, True)]

    def test_mail_of_a_change_that_ended_stays_home(self, user: User) -> None:
        change = ask(user)
        first = mails()[0]
        assert is_still_open(change.public_id, first)
        assert not is_still_open("change_nothing", first)


@pytest.mark.race
def test_both_links_at_once_move_the_account_once(rush: Rush) -> None:
    user = _user()
    key, version = user.id, user.auth_version
    ask(user)
    tokens = [link("old"), link("new")]

    def work(token: str) -> object:
        return mail_change.agree(token, now=NOW + HOUR)

    outcomes = rush([lambda token=token: work(token) for token in tokens * 8])  # type: ignore[misc]
    assert {one.answer for one in outcomes} == {"done"}
    db.session.expire_all()
    moved = db.session.get_one(User, key)
    assert (moved.email, moved.auth_version) == (NEW, version + 1)
    assert len(mails("mail_changed")) == 2


@pytest.mark.race
def test_many_requests_at_once_leave_one_open(rush: Rush) -> None:
    key = _user().id

    def work(number: int) -> object:
        user = db.session.get_one(User, key)
        return mail_change.ask_to_change(actor=user, email=f"n{number}@example.org", password=SECRET, now=NOW)

    outcomes = rush([lambda number=number: work(number) for number in range(6)])  # type: ignore[misc]
    assert {one.answer for one in outcomes} == {"done"}
    waits = select(func.count(EmailChange.id)).where(EmailChange.cancelled_at.is_(None))
    assert db.session.scalar(waits) == 1


@pytest.mark.race
def test_two_accounts_that_want_one_address_are_not_both_served(rush: Rush) -> None:
    users = [_user(), make_user(email="ira@example.com", password_hash=hash_password(SECRET))]
    db.session.commit()
    tokens = []
    for user in users:
        ask(user)
        agree("old")
        tokens.append(link("new"))
    outcomes = rush([lambda token=token: mail_change.agree(token, now=NOW + HOUR) for token in tokens])  # type: ignore[misc]
    assert Counter(one.answer for one in outcomes) == {"done": 1, EmailTaken.__name__: 1}
    assert db.session.scalar(select(func.count(User.id)).where(User.email == NEW)) == 1
