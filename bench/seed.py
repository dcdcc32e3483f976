"""Fills an empty, migrated database by bulk SQL: hours, sessions, students with packages."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import text

from webapp.core.db import db

STARTS_A_DAY = 20  # 10:00 to 20:00 in half hours
PATIENT = "set local statement_timeout = 0"  # filling takes what it takes; the app's own limit is for pages
PAST_DAYS = 20  # of the days with sessions, so many are over

SQL = """
insert into users (public_id, email, name, password_hash, role, zone, email_verified_at)
select 'user_s' || n, 's' || n || '@bench.test', 'Student Number' || n, 'unusable', 'student', 'Asia/Kolkata', now()
from generate_series(1, :students) n;

insert into users (public_id, email, name, password_hash, role, zone, email_verified_at)
select 'user_c' || n, 'c' || n || '@bench.test', 'Dr. Number' || n, 'unusable', 'counsellor', 'Asia/Kolkata', now()
from generate_series(1, :counsellors) n;

insert into counsellors (public_id, user_id, name, title, email, bio, exam_types, languages, specializations,
                         rating, review_count, display_order)
select 'counsellor_b' || n, u.id, u.name, 'JEE and JoSAA counsellor', u.email,
       repeat('Twenty years of choice lists. ', 30),
       '{jee,neet}', '{English,Hindi}', '{"Choice lists","Category certificates"}', 4.5, 30, n
from generate_series(1, :counsellors) n join users u on u.public_id = 'user_c' || n;

insert into calendars (counsellor_id, zone, session_minutes, notice_hours, horizon_days, mode, version)
select id, 'Asia/Kolkata', 30, 2, 90, 'instant', 1 from counsellors;

insert into availability_windows (counsellor_id, weekday, start_minute, end_minute)
select c.id, d, s, s + 300 from counsellors c, generate_series(0, 6) d, (values (600), (900)) w(s);

insert into availability_exceptions (public_id, counsellor_id, date, ranges)
select 'exception_' || c.id || '_' || d, c.id, cast(:today as date) + d,
       case d % 2 when 0 then '[]'::jsonb else '[[660, 900]]'::jsonb end
from counsellors c, generate_series(5, 45, 10) d;

insert into packages (public_id, name, slug, exam_type, price, validity_days, max_sessions, session_minutes)
values ('pkg_bench', 'JEE Complete', 'jee-complete', 'jee', 1999900, 365, 1000, 30);

insert into enrolments (public_id, user_id, package_id, title, source, status, sessions_total, sessions_used,
                        session_minutes, enrolled_at, expires_at)
select 'enroll_' || u.id, u.id, p.id, p.name, 'grant', 'active', 1000, 0, 30, now() - interval '1 day',
       now() + interval '364 days'
from users u, packages p where u.role = 'student';
"""

# Counsellor c is busy at starts (7c + 3d + 3k) mod 20 of day d; nobody is in two places at once.
SESSIONS = """
insert into counselling_sessions (public_id, counsellor_id, student_id, enrolment_id, status, starts_at, ends_at,
                                  requested_at, confirmed_at, expires_at, meeting_mode, meeting_link)
select 'session_' || c || '_' || d || '_' || slot, co.id, st.id, e.id,
       case when at < now() then 'completed' when c % 5 = 0 and k = 0 then 'requested' else 'scheduled' end,
       at, at + interval '30 minutes', now() - interval '1 day', now() - interval '1 day',
       case when at >= now() and c % 5 = 0 and k = 0 then at - interval '3 hours' end, 'video',
       'https://meet.jit.si/bench'
from (select c, d, k, (7 * c + 3 * d + 3 * k) % 20 as slot from generate_series(1, :counsellors) c,
      generate_series(1, :days) d, generate_series(0, 4) k where k < 4 or d % 6 = 0) p
cross join lateral (select (cast(:today as date) + (d - :past) + time '10:00' + slot * interval '30 minutes')
                    at time zone 'Asia/Kolkata' as at) t
join counsellors co on co.public_id = 'counsellor_b' || c
join users st on st.public_id = 'user_s' || (1 + (c + :counsellors * slot + 37 * d) % :students)
join enrolments e on e.user_id = st.id;
"""


USED = """
update enrolments e set sessions_used = n.used
from (select enrolment_id, count(*) as used from counselling_sessions group by 1) n where n.enrolment_id = e.id
"""


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is. Students must be no fewer than counsellors, so that nobody is in two places."""

    counsellors: int = 200
    days: int = 60
    students: int = 2000

    @property
    def sessions(self) -> int:
        """How many sessions the seed writes."""
        return self.counsellors * (4 * self.days + self.days // 6)


def seed(size: Size, today: dt.date) -> int:
    """Write everything around ``today`` (a date in India); return the number of sessions."""
    values = {
        "students": size.students,
        "counsellors": size.counsellors,
        "days": size.days,
        "past": PAST_DAYS,
        "today": today,
    }
    with db.engine.begin() as connection:
        connection.execute(text(PATIENT))
        for statement in [*SQL.split(";\n"), SESSIONS.strip().rstrip(";")]:
            if statement.strip():
                connection.execute(text(statement), values)
        connection.execute(text(USED))
        written = connection.scalar(text("select count(*) from counselling_sessions")) or 0
    vacuum()
    return written


def vacuum() -> None:
    """Let the database look at what was written, as autovacuum would."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in ("set statement_timeout = 0", "vacuum analyze", "reset statement_timeout"):
            connection.execute(text(statement))


def add_counsellors(number: int, first: int) -> None:
    """Add counsellors with hours and without sessions, numbered from ``first``."""
    with db.engine.begin() as connection:
        connection.execute(text(PATIENT))
        for statement in MORE.split(";\n"):
            if statement.strip():
                connection.execute(text(statement), {"first": first, "last": first + number - 1})
    vacuum()


MORE = """
insert into counsellors (public_id, name, title, email, display_order)
select 'counsellor_b' || n, 'Dr. Number' || n, 'JEE and JoSAA counsellor', 'c' || n || '@bench.test', n
from generate_series(cast(:first as int), :last) n;

insert into calendars (counsellor_id, zone, session_minutes, notice_hours, horizon_days, mode, version)
select id, 'Asia/Kolkata', 30, 2, 90, 'instant', 1 from counsellors where display_order between :first and :last;

insert into availability_windows (counsellor_id, weekday, start_minute, end_minute)
select c.id, d, s, s + 300 from counsellors c, generate_series(0, 6) d, (values (600), (900)) w(s)
where c.display_order between :first and :last;
"""
