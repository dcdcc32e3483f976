"""The questions of the fault run can fail: each finds nothing in sound data, and what is broken in broken data."""

from __future__ import annotations

import datetime as dt
from typing import Any

import psycopg
import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from proof.agreement import compare
from proof.client import Attempt
from proof.invariants import INVARIANTS, check, check_mail
from tests.factories import make_counsellor, make_enrolment, make_session, make_user
from tests.reliability.money_driver import NOW, buy_and_return
from tests.reliability.test_money_crashes import people
from webapp.core.db import db, transaction
from webapp.notifications.models import DeliveryStatus, OutboxMail
from webapp.notifications.services import queue_mail

COPY = """create temp table twin on commit drop as select * from counselling_sessions where agenda = 'proof-one';
update twin set id = 900001, public_id = 'session_twin', version = 0, agenda = 'proof-two'{change};
insert into counselling_sessions select * from twin"""
NO_COUNSELLOR_RULE = "alter table counselling_sessions drop constraint ex_sessions_counsellor_time"
NO_STUDENT_RULE = "alter table counselling_sessions drop constraint ex_sessions_student_time"
EVENT = """insert into gateway_events (event_id, gateway, event, payload, received_at)
values ('evt_x', 'sandbox', 'payment.captured', '{}', now())"""
HALF_DONE = """insert into idempotency_keys (owner, key, request_hash, claimed_at)
values ('user:x', 'k', 'h', now() - interval '1 hour')"""
TOO_MANY = """alter table enrolments drop constraint ck_enrolments_credits;
update enrolments set sessions_used = sessions_total + 1"""
BROKEN = {  # each rule, and what breaks it
    "no counsellor is in two sessions at once": f"{NO_COUNSELLOR_RULE};\n"
    + COPY.format(change=", student_id = (select max(id) from users)"),
    "no student is in two sessions at once": f"{NO_STUDENT_RULE};\n"
    + COPY.format(change=", counsellor_id = (select min(id) from counsellors)"),
    "the constraints against double booking stand": NO_STUDENT_RULE,
    "credits used are the sessions that use one": "update enrolments set sessions_used = sessions_used + 1",
    "nobody uses more sessions than were bought": TOO_MANY,
    "every booking of the ledger sums to zero": "update ledger_entries set amount = amount + 1 where amount > 0",
    "captured money is in the ledger once, with its amount": "update payments set amount = amount + 100",
    "every paid order has one enrolment of its own, and one payment that paid it": (
        "update payments set match = 'duplicate'"
    ),
    "every purchase comes from one paid order": "update enrolments set source = 'purchase' where source = 'grant'",
    "every paid order has one receipt": "delete from receipts",
    "receipt numbers have no gap": "update receipts set number = number + 1",
    "coupons count the uses they have": "update coupons set used = 0",
    "every webhook was worked on": EVENT,
    "nothing that was due is left in the outbox": "update outbox_mails set status = 'sending', due_at = '2026-01-01'",
    "no mail was given up": "update outbox_mails set status = 'failed'",
    "of every session both people were told": "delete from outbox_mails where dedupe_key like 'session:%'",
    "no request is half done": HALF_DONE,
}
Sound = psycopg.Connection[Any]


@pytest.fixture
def sound(db_session: Session) -> Sound:
    """Give the connection under a database in which somebody bought a package and somebody booked."""
    buy_and_return(people())
    make_counsellor()
    student, who = make_user(), make_counsellor()
    make_user()
    session = make_session(make_enrolment(student), who, NOW + dt.timedelta(days=3), agenda="proof-one")
    with transaction():
        for name in ("a", "b"):
            queue_mail(
                dedupe_key=f"session:{session.public_id}:confirmed:v0:{name}",
                recipient=f"{name}@x.test",
                recipient_name=name,
                template="session_confirmed",
                context={},
                now=NOW,
            )
    db_session.execute(update(OutboxMail).values(status=DeliveryStatus.SENT))
    raw = db.session.connection().connection.driver_connection
    assert isinstance(raw, psycopg.Connection)
    return raw


def test_sound_data_break_no_rule(sound: Sound) -> None:
    assert {one.name: one.broken for one in check(sound) if one.broken} == {}


def test_every_rule_is_broken_here() -> None:
    assert set(BROKEN) == {one.name for one in INVARIANTS}


def test_every_rule_finds_what_breaks_it(sound: Sound) -> None:
    for rule, statements in BROKEN.items():
        sound.execute(
            "savepoint whole; set local session_replication_role = replica"
        )  # no trigger refuses what we break
        _run(sound, statements)
        assert rule in {one.name for one in check(sound) if one.broken}
        sound.execute("rollback to savepoint whole")


def _run(sound: Sound, statements: str) -> None:
    for statement in statements.split(";\n"):
        sound.execute(statement.encode())


def test_mails_are_compared_with_what_arrived(sound: Sound) -> None:
    rows = sound.execute("select public_id from outbox_mails").fetchall()
    all_once = {f"<{name}@disha.example>": 1 for (name,) in rows}
    checks, twice = check_mail(sound, all_once)
    assert ([one.broken for one in checks], twice) == ([(), (), ()], [])
    _first, *others = all_once
    checks, twice = check_mail(sound, dict.fromkeys(others, 2) | {"<stranger@x>": 1})
    assert [len(one.broken) for one in checks] == [1, 0, 1]
    assert len(twice) == len(others)
    sound.execute("update outbox_mails set status = 'dropped'")
    assert len(check_mail(sound, all_once)[0][1].broken) == len(all_once)


def test_answers_are_compared_with_the_database(sound: Sound) -> None:
    done, lost = Attempt("book", "proof-one", [0, 303]), Attempt("API booking", "proof-none", [201])
    ghost, doubt = Attempt("book", "proof-one", [409]), Attempt("book", "proof-one", [503, 409])
    moved = Attempt("cancel", "session_none", [303])
    found = compare(sound, [done, lost, ghost, doubt, moved])
    assert [len(one.broken) for one in found.checked()] == [2, 0, 1]
    assert found.ends["book: done, after a try without a clear answer"] == 1
    twin = COPY.format(change="").replace("proof-two", "proof-one")
    _run(sound, f"{NO_STUDENT_RULE};\n{NO_COUNSELLOR_RULE};\n{twin}")
    assert len(compare(sound, [done]).checked()[1].broken) == 1
