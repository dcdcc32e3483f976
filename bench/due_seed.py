"""Fills the tables a sweep looks at: sessions long over with all that belongs to them; and what is due."""

from __future__ import annotations

from sqlalchemy import text

from bench.seed import PATIENT
from webapp.core.db import db

EMPTY = "truncate counselling_sessions, enrolments, orders, ledger_transactions, outbox_mails, notifications cascade"

# n sessions held over three years, four to a package that was paid for and is used up.
PAST = """
insert into enrolments (public_id, user_id, package_id, title, source, status, sessions_total, sessions_used,
                        session_minutes, amount_paid, enrolled_at, expires_at)
select 'enroll_past' || n, u.id, p.id, p.name, 'purchase', case when n % 5 = 0 then 'active' else 'expired' end,
       4, 4, 30, 1999900, now() - interval '400 days',
       now() + case when n % 5 = 0 then 200 else -35 end * interval '1 day'
from packages p cross join generate_series(1, cast(:sessions as int) / 4) n
join users u on u.public_id = 'user_s' || (1 + n % :students);

insert into orders (public_id, user_id, package_id, title, status, price, amount, gateway, gateway_order_id,
                    enrolment_id, placed_at, expires_at, paid_at, last_checked_at)
select 'order_past' || id, user_id, package_id, title, 'paid', amount_paid, amount_paid, 'sandbox', 'order_g' || id, id,
       enrolled_at, enrolled_at + interval '1 day', enrolled_at, enrolled_at + interval '3 hours'
from enrolments where public_id like 'enroll_past%';

insert into counselling_sessions (public_id, counsellor_id, student_id, enrolment_id, status, starts_at, ends_at,
                                  requested_at, confirmed_at, finished_at, meeting_mode, value_booked)
select 'session_past' || n, co.id, e.user_id, e.id, 'completed', at, at + interval '30 minutes',
       at - interval '3 days', at - interval '3 days', at + interval '30 minutes', 'video', true
from generate_series(1, cast(:sessions as int)) n
cross join lateral (select now() - interval '2 days' - n % 1000 * interval '25 hours' as at) t
join enrolments e on e.public_id = 'enroll_past' || (1 + n % (cast(:sessions as int) / 4))
join counsellors co on co.public_id = 'counsellor_b' || (1 + n % :counsellors);

insert into ledger_transactions (reference, description, at)
select 'session:' || id, 'Session ' || public_id, finished_at from counselling_sessions;

insert into outbox_mails (public_id, dedupe_key, recipient, template, context, status, due_at, created_at, sent_at)
select 'mail_' || s.id || who, 'session:' || s.public_id || ':confirmed:' || who, who || s.id || '@bench.test',
       'session_confirmed', '{}', 'sent', s.confirmed_at, s.confirmed_at, s.confirmed_at
from counselling_sessions s, (values ('a'), ('b')) w(who);

insert into notifications (public_id, user_id, kind, title, dedupe_key, created_at)
select 'note_' || id, student_id, 'session_confirmed', 'Session confirmed', 'note:' || id, confirmed_at
from counselling_sessions
"""

# Of each kind as many: a reminder that is due, a request nobody answered, a hold nobody paid for. Each kind and
# round has hours of its own, so that nobody is in two places.
DUE = """
insert into enrolments (public_id, user_id, package_id, title, source, status, sessions_total, sessions_used,
                        session_minutes, enrolled_at, expires_at)
select 'enroll_due' || cast(:round as text) || '_' || n, u.id, p.id, p.name, 'grant', 'active', 4, 2, 30, now(),
       now() + interval '200 days'
from packages p cross join generate_series(1, :number) n join users u on u.public_id = 'user_s' || n;

insert into counselling_sessions (public_id, counsellor_id, student_id, enrolment_id, status, starts_at, ends_at,
                                  requested_at, confirmed_at, expires_at, remind_at, meeting_mode)
select 'session_due' || cast(:round as text) || '_' || n || kind, co.id, e.user_id, e.id, kind,
       at, at + interval '30 minutes', now() - interval '3 days',
       case when kind = 'scheduled' then now() - interval '3 days' end,
       case when kind <> 'scheduled' then now() - interval '1 minute' end,
       case when kind = 'scheduled' then now() - interval '1 minute' end, 'video'
from generate_series(1, :number) n
cross join (values ('scheduled', 2), ('requested', 100), ('held', 200)) k(kind, hours)
cross join lateral (select now() + (hours + 4 * :round) * interval '1 hour'
                    + (n - 1) / :counsellors * interval '30 minutes' as at) t
join counsellors co on co.public_id = 'counsellor_b' || (1 + (n - 1) % :counsellors)
join enrolments e on e.public_id = 'enroll_due' || cast(:round as text) || '_' || n
where :with_rest or kind = 'scheduled'
"""


def fill(sessions: int, counsellors: int, students: int) -> None:
    """Throw away all sessions; write ``sessions`` (a multiple of 4) that are over, with what belongs to them."""
    values = {"sessions": sessions, "counsellors": counsellors, "students": students}
    _run([EMPTY, *(PAST.split(";\n") if sessions else ())], values)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))


def make_due(number: int, counsellors: int, *, round_: int = 0, with_rest: bool = True) -> None:
    """Write sessions to remind of, at most one a student and 8 a counsellor; with the rest, lapsed ones too."""
    values = {"number": number, "counsellors": counsellors, "round": round_, "with_rest": with_rest}
    _run(DUE.split(";\n"), values)


def _run(statements: list[str], values: dict[str, int | bool]) -> None:
    with db.engine.begin() as connection:
        connection.execute(text(PATIENT))
        for statement in statements:
            named = {name: value for name, value in values.items() if f":{name}" in statement}
            connection.execute(text(statement), named)
