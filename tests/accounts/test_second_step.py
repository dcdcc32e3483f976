"""The second step: set up, asked for, taken once, turned off."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from argon2 import PasswordHasher
from redis import Redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import make_user
from webapp.accounts import codes
from webapp.accounts import second_step as services
from webapp.accounts.errors import ChallengeExpired, ChallengeInvalid, TooManyCodes, WrongCode
from webapp.accounts.models import BackupCode, Passkey, TwoFactor, User
from webapp.accounts.tokens import Purpose, Ticket, credentials_stamp, make_token
from webapp.core import limits
from webapp.core.db import transaction
from webapp.core.errors import InvalidState, ValidationFailed
from webapp.notifications.models import OutboxMail

PASSWORD = "Secret-99"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


class Door:
    """Calls a service as a door does: in a transaction that ends with it."""

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **named: Any) -> Any:
            with transaction():
                return getattr(services, name)(*args, **named)

        return call


second_step: Any = Door()


@pytest.fixture
def user(db_session: Session, redis: Redis) -> User:
    made = make_user(email="a@example.com", password_hash=QUICK)
    db_session.commit()  # stays when a refused step rolls back
    return made


def shown(secret: str, now: dt.datetime, drift: int = 0) -> str:
    return codes.code_of_step(secret, codes.step_at(now) + drift)


def set_up(user: User, now: dt.datetime) -> tuple[str, list[str]]:
    secret: str = second_step.begin(actor=user, now=now).secret
    return secret, second_step.confirm(actor=user, code=shown(secret, now), now=now)


def mails(session: Session) -> list[str]:
    chosen = select(OutboxMail).where(OutboxMail.template == "security_changed").order_by(OutboxMail.id)
    return [str(mail.context["what"]) for mail in session.scalars(chosen)]


class TestSettingUp:
    def test_it_counts_once_confirmed(self, db_session: Session, user: User, now: dt.datetime) -> None:
        made = second_step.begin(actor=user, now=now)
        assert not second_step.needs_second_step(user)
        assert second_step.setup_of(user) == made
        with pytest.raises(WrongCode):
            second_step.confirm(actor=user, code="000000x", now=now)
        backup = second_step.confirm(actor=user, code=shown(made.secret, now), now=now)
        assert len(backup) == 10
        assert second_step.needs_second_step(user)
        state = second_step.state_of(user)
        assert (state.app_since, state.passkeys, state.backup_codes_left) == (now, 0, 10)
        assert state.is_on
        assert not state.needs_new_codes
        assert second_step.setup_of(user) is None
        assert mails(db_session) == ["Two-step sign-in is on."]

    def test_secret_and_codes_do_not_lie_open(self, db_session: Session, user: User, now: dt.datetime) -> None:
        secret, backup = set_up(user, now)
        row = db_session.get_one(TwoFactor, user.id)
        assert secret not in row.secret
        kept = db_session.scalars(select(BackupCode.code_hash)).all()
        assert not {code.replace("-", "") for code in backup} & set(kept)

    def test_beginning_anew_replaces_what_waited(self, user: User, now: dt.datetime) -> None:
        first = second_step.begin(actor=user, now=now).secret
        second = second_step.begin(actor=user, now=now).secret
        assert first != second
        with pytest.raises(WrongCode):
            second_step.confirm(actor=user, code=shown(first, now), now=now)
        second_step.confirm(actor=user, code=shown(second, now), now=now)

    def test_an_app_that_is_on_is_not_replaced(self, user: User, now: dt.datetime) -> None:
        secret, _ = set_up(user, now)
        with pytest.raises(InvalidState):
            second_step.begin(actor=user, now=now)
        with pytest.raises(InvalidState):
            second_step.confirm(actor=user, code=shown(secret, now), now=now)

    def test_nothing_to_confirm(self, user: User, now: dt.datetime) -> None:
        with pytest.raises(InvalidState):
            second_step.confirm(actor=user, code="123456", now=now)


class TestSigningIn:
    def test_a_code_is_good_once(self, user: User, now: dt.datetime) -> None:
        secret, _ = set_up(user, now)
        challenge = second_step.start_challenge(user, now=now)
        assert second_step.finish_challenge(challenge, shown(secret, now), now=now) == user
        with pytest.raises(WrongCode, match="used already"):
            second_step.finish_challenge(challenge, shown(secret, now), now=now)
        with pytest.raises(WrongCode):  # an older one is not good after a newer one
            second_step.finish_challenge(challenge, shown(secret, now, -1), now=now)
        assert second_step.finish_challenge(challenge, shown(secret, now, 1), now=now) == user

    def test_a_backup_code_is_good_once(self, user: User, now: dt.datetime) -> None:
        _, backup = set_up(user, now)
        challenge = second_step.start_challenge(user, now=now)
        assert second_step.finish_challenge(challenge, backup[0].lower(), now=now) == user
        with pytest.raises(WrongCode):
            second_step.finish_challenge(challenge, backup[0], now=now)
        assert second_step.state_of(user).backup_codes_left == 9

    def test_few_codes_left(self, user: User, now: dt.datetime) -> None:
        _, backup = set_up(user, now)
        for code in backup[:7]:
            second_step.check_code(user, code, now=now)
        assert not second_step.state_of(user).needs_new_codes
        second_step.check_code(user, backup[7], now=now)
        assert second_step.state_of(user).needs_new_codes

    def test_codes_of_another_open_nothing(self, db_session: Session, user: User, now: dt.datetime) -> None:
        other = make_user()
        db_session.commit()
        secret, backup = set_up(other, now)
        set_up(user, now)
        challenge = second_step.start_challenge(user, now=now)
        for code in (shown(secret, now), backup[0]):
            with pytest.raises(WrongCode):
                second_step.finish_challenge(challenge, code, now=now)
        assert second_step.state_of(other).backup_codes_left == 10

    def test_a_challenge_lasts_five_minutes(self, user: User, now: dt.datetime) -> None:
        challenge = second_step.start_challenge(user, now=now)
        later = now + dt.timedelta(minutes=5)
        assert second_step.find_challenged(challenge, now=later) == user
        with pytest.raises(ChallengeExpired):
            second_step.find_challenged(challenge, now=later + dt.timedelta(seconds=1))

    def test_a_challenge_ends_with_the_password_and_the_account(
        self, db_session: Session, user: User, now: dt.datetime
    ) -> None:
        challenge = second_step.start_challenge(user, now=now)
        user.auth_version += 1
        db_session.commit()
        with pytest.raises(ChallengeInvalid):
            second_step.find_challenged(challenge, now=now)
        challenge = second_step.start_challenge(user, now=now)
        user.active = False
        db_session.commit()
        with pytest.raises(ChallengeInvalid):
            second_step.find_challenged(challenge, now=now)

    def test_a_link_of_another_purpose_is_no_challenge(self, user: User, now: dt.datetime) -> None:
        for purpose in set(Purpose) - {Purpose.TWO_STEP}:
            token = make_token(purpose, Ticket(user.public_id, credentials_stamp(user), now))
            with pytest.raises(ChallengeInvalid):
                second_step.find_challenged(token, now=now)

    def test_five_wrong_codes_and_then_none_is_looked_at(self, user: User, now: dt.datetime) -> None:
        secret, backup = set_up(user, now)
        challenge = second_step.start_challenge(user, now=now)
        for _ in range(5):
            with pytest.raises(WrongCode):
                second_step.finish_challenge(challenge, "abc", now=now)
        another = second_step.start_challenge(user, now=now)  # counted per account, not per challenge
        for code in (shown(secret, now), backup[0]):
            with pytest.raises(TooManyCodes) as refused:
                second_step.finish_challenge(another, code, now=now)
            assert 0 < refused.value.retry_after <= 2 * 900
        later = now + dt.timedelta(minutes=31)
        challenge = second_step.start_challenge(user, now=later)
        assert second_step.finish_challenge(challenge, backup[0], now=later) == user

    def test_while_redis_is_away_codes_work_and_guesses_are_counted(
        self, user: User, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        secret, backup = set_up(user, now)
        monkeypatch.setattr(limits, "get_redis", lambda: Redis.from_url("unix:///nowhere.sock"))
        for code in (shown(secret, now), backup[0]):
            second_step.check_code(user, code, now=now)
        for _ in range(5):
            with pytest.raises(WrongCode):
                second_step.check_code(user, "abc", now=now)
        with pytest.raises(TooManyCodes):
            second_step.check_code(user, backup[1], now=now)

    def test_right_codes_are_not_counted(self, user: User, now: dt.datetime) -> None:
        _, backup = set_up(user, now)
        for code in backup:
            second_step.check_code(user, code, now=now)


class TestTurningOff:
    def test_password_and_code(self, db_session: Session, user: User, now: dt.datetime) -> None:
        _, backup = set_up(user, now)
        with pytest.raises(ValidationFailed):
            second_step.turn_off(actor=user, password="wrong", code=backup[0], now=now)
        with pytest.raises(WrongCode):
            second_step.turn_off(actor=user, password=PASSWORD, code="123", now=now)
        second_step.turn_off(actor=user, password=PASSWORD, code=backup[0], now=now)
        assert not second_step.needs_second_step(user)
        assert second_step.state_of(user).backup_codes_left == 0
        assert db_session.get(TwoFactor, user.id) is None
        assert mails(db_session)[-1].startswith("Two-step sign-in is off")
        with pytest.raises(InvalidState):
            second_step.turn_off(actor=user, password=PASSWORD, code=backup[1], now=now)

    def test_guessing_the_password_there_is_counted(self, user: User, now: dt.datetime) -> None:
        _, backup = set_up(user, now)
        for _ in range(5):
            with pytest.raises(ValidationFailed):
                second_step.turn_off(actor=user, password="wrong", code="", now=now)
        with pytest.raises(TooManyCodes):
            second_step.turn_off(actor=user, password="wrong", code=backup[0], now=now)

    def test_passkeys_alone_are_a_second_step(self, db_session: Session, user: User, now: dt.datetime) -> None:
        db_session.add(Passkey(user_id=user.id, credential_id="x", public_key=b"x", transports=[], name="Phone"))
        db_session.commit()
        assert second_step.needs_second_step(user)
        assert second_step.state_of(user).is_on
        (code, *_) = second_step.replace_backup_codes(user, now=now)
        second_step.turn_off(actor=user, password=PASSWORD, code=code, now=now)
        assert not second_step.needs_second_step(user)

    def test_new_codes_end_the_old_ones(self, user: User, now: dt.datetime) -> None:
        _, old = set_up(user, now)
        fresh = second_step.new_backup_codes(actor=user, code=old[0], now=now)
        with pytest.raises(WrongCode):
            second_step.check_code(user, old[1], now=now)
        second_step.check_code(user, fresh[0], now=now)

    def test_no_codes_while_it_is_off(self, user: User, now: dt.datetime) -> None:
        with pytest.raises(InvalidState):
            second_step.new_backup_codes(actor=user, code="123456", now=now)
