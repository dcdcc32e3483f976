"""Many at once: the last admin stays, and one address makes one account."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import func, select

from tests.crowd import Rush, Work
from tests.factories import NOW, make_user
from webapp.accounts import codes, second_step
from webapp.accounts.errors import EmailTaken, LinkInvalid, TooManyCodes, WrongCode
from webapp.accounts.inviting import accept_invitation, invite_user
from webapp.accounts.models import BackupCode, Role, TwoFactor, User
from webapp.accounts.services_admin import change_role, deactivate_user
from webapp.accounts.tokens import Purpose, Ticket, credentials_stamp, make_token
from webapp.core.db import db
from webapp.core.limits import forget
from webapp.core.sealing import seal
from webapp.notifications.models import OutboxMail

pytestmark = pytest.mark.race


def _user(key: int) -> User:
    return db.session.get_one(User, key)


def test_admins_who_close_each_other_leave_one(rush: Rush) -> None:
    admins = [make_user(role=Role.ADMIN) for _ in range(6)]
    keys, names = [one.id for one in admins], [one.public_id for one in admins]
    db.session.commit()

    def closes(number: int) -> Work:
        other = names[(number + 1) % 6]
        return lambda: deactivate_user(actor=_user(keys[number]), user_id=other, reason="x", now=NOW)

    def demotes(number: int) -> Work:
        other = names[(number + 2) % 6]
        return lambda: change_role(actor=_user(keys[number]), user_id=other, role=Role.STUDENT, reason="x", now=NOW)

    outcomes = rush([*(closes(number) for number in range(6)), *(demotes(number) for number in range(6))])
    assert "done" in {one.answer for one in outcomes}
    left = db.session.scalar(select(func.count(User.id)).where(User.role == Role.ADMIN, User.active))
    assert left is not None
    assert left >= 1


def test_one_address_invited_by_many_is_one_account_and_one_mail(rush: Rush) -> None:
    def work() -> None:
        invite_user(name="Ishita Roy", email="ishita@example.com", role=Role.STUDENT, now=NOW)

    answers = Counter(one.answer for one in rush([work] * 8))
    assert set(answers) <= {"done", EmailTaken.__name__}
    assert db.session.scalar(select(func.count(User.id))) == 1
    assert db.session.scalar(select(func.count(OutboxMail.id))) == 1


def test_an_invitation_is_used_once(rush: Rush) -> None:
    user = make_user(verified=False)
    token = make_token(Purpose.INVITE, Ticket(user.public_id, credentials_stamp(user), NOW))
    db.session.commit()

    def work() -> None:
        accept_invitation(token=token, password="Secret-99", now=NOW)

    assert Counter(one.answer for one in rush([work] * 6)) == {"done": 1, LinkInvalid.__name__: 5}


def test_a_code_and_a_backup_code_let_one_in(rush: Rush) -> None:
    user = make_user()
    secret = codes.new_secret()
    sealed = seal(secret, purpose=second_step.SEALED_FOR)
    db.session.add(TwoFactor(user_id=user.id, secret=sealed, confirmed_at=NOW))
    db.session.add(BackupCode(user_id=user.id, code_hash=codes.hash_backup_code("ABCD"), created_at=NOW))
    key, challenge = user.id, second_step.start_challenge(user, now=NOW)
    db.session.commit()

    def signs_in(code: str) -> Work:
        return lambda: second_step.finish_challenge(challenge, code, now=NOW)

    for code in (codes.code_of_step(secret, codes.step_at(NOW)), "abcd"):
        forget(f"two-step:{_user(key).public_id}", second_step.TRIES_SECONDS, now=NOW)
        answers = Counter(one.answer for one in rush([signs_in(code)] * 5))
        assert answers["done"] == 1
        assert set(answers) <= {"done", WrongCode.__name__}


def test_many_guesses_at_once_are_five(rush: Rush) -> None:
    user = make_user()
    db.session.add(BackupCode(user_id=user.id, code_hash=codes.hash_backup_code("ABCD"), created_at=NOW))
    challenge = second_step.start_challenge(user, now=NOW)
    db.session.commit()
    answers = Counter(one.answer for one in rush([lambda: second_step.finish_challenge(challenge, "no", now=NOW)] * 12))
    assert answers == {WrongCode.__name__: 5, TooManyCodes.__name__: 7}
