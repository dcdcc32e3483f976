"""Who uses the house in a proof: a seeded database whose people have one password."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from flask import Flask
from sqlalchemy import text

from bench.seed import Size, seed
from webapp.accounts.passwords import hash_password
from webapp.availability.rules import local_date
from webapp.core import clock
from webapp.core.db import db
from webapp.core.times import DEFAULT_ZONE

PASSWORD = "Proof-of-disha-1"  # noqa: S105  of people who live for one run
ADMIN = "admin@bench.test"
APPROVAL_EVERY = 4  # of so many counsellors one wants to be asked
BUYERS = 40

MORE = """
insert into users (public_id, email, name, password_hash, role, zone, email_verified_at)
values ('user_admin', :admin, 'Asha Admin', 'unusable', 'admin', 'Asia/Kolkata', now());

insert into users (public_id, email, name, password_hash, role, zone, email_verified_at)
select 'user_b' || n, 'b' || n || '@bench.test', 'Buyer Number' || n, 'unusable', 'student', 'Asia/Kolkata', now()
from generate_series(1, :buyers) n;

update users set password_hash = :hash;

update calendars set mode = 'approval'
where counsellor_id in (select id from counsellors where display_order % :every = 0);

update counselling_sessions set value_booked = true where status = 'completed';

update counselling_sessions
set remind_at = greatest(starts_at - interval '1 day', now() + random() * interval '20 minutes')
where status = 'scheduled' and starts_at between now() + interval '1 hour' and now() + interval '3 days';
"""


@dataclass(frozen=True, slots=True)
class Town:
    """Who lives there, and which days may be booked."""

    size: Size
    today: dt.date

    def counsellor(self, number: int) -> str:
        """Return a counsellor's public id, numbered from 1."""
        return f"counsellor_b{number}"

    def asks(self, number: int) -> bool:
        """Whether that counsellor wants to be asked before a session stands."""
        return number % APPROVAL_EVERY == 0


def settle(app: Flask, size: Size) -> Town:
    """Fill the empty database; students have packages, buyers have none yet."""
    today = local_date(clock.now(), DEFAULT_ZONE)
    with app.app_context():
        seed(size, today)
        values = {"admin": ADMIN, "hash": hash_password(PASSWORD), "buyers": BUYERS, "every": APPROVAL_EVERY}
        with db.engine.begin() as connection:
            for statement in MORE.split(";\n"):
                if statement.strip():
                    connection.execute(text(statement), values)
        db.session.remove()
        db.engine.dispose()
    return Town(size, today)
