"""The desk's page of leads with 1,000 and with 100,000 leads: it should hardly matter."""

from __future__ import annotations

from sqlalchemy import select, text

from bench.ground import Ground
from bench.load import Answers, Question, ask, told
from bench.logins import cookie_of
from bench.report import Report
from bench.seed import PATIENT
from bench.server import Served, shared
from webapp.accounts.models import User
from webapp.core.db import db

FEW, MANY = 1_000, 100_000
CLIENTS = 4
PAGES = {
    "page": "/admin/leads",
    "any status, page 2": "/admin/leads?status=all&after=inquiry_b{middle}",
    "filtered page": "/admin/leads?status=all&exam=neet&source=instagram",
    "text search": "/admin/leads?status=all&q=priyanka",
    "search by phone": "/admin/leads?status=all&q=98310+00042",
    "board": "/admin/leads/board",
}

ADMIN = """
insert into users (public_id, email, name, password_hash, role, zone, email_verified_at)
select 'user_desk' || n, 'desk' || n || '@bench.test', 'Desk Number' || n, 'unusable', 'admin', 'Asia/Kolkata', now()
from generate_series(1, 4) n on conflict do nothing
"""

# The newest twentieth is open, the rest converted or closed; 700 days, 600 names, one person in ten asks twice.
LEADS = """
with people as (
    insert into lead_people (public_id, created_at)
    select 'person_b' || n, now() from generate_series(1, cast(:number as integer)) n returning id, public_id
)
insert into inquiries (public_id, ticket_number, person_id, name, email, phone, email_key, phone_key, exam, rank,
                       category, state, message, source, status, position, assignee_id, follow_up_on, asked_at,
                       answer_due_at, answered_at, converted_at, closed_at)
select 'inquiry_b' || n, 'INQ-' || 2026 + n / 99999 || '-' || lpad((n % 99999 + 1)::text, 5, '0'), p.id,
       f.names[1 + n % 30] || ' ' || l.names[1 + (n / 30) % 20], 'lead' || n || '@bench.test',
       '+9198310' || lpad((n % 100000)::text, 5, '0'), 'lead' || n || '@bench.test',
       '+9198310' || lpad((n % 100000)::text, 5, '0'),
       (array['jee-main', 'neet', 'wbjee', 'jee-advanced', 'other'])[1 + n % 5], 1 + n * 37 % 900000, 'General',
       'West Bengal', 'Which colleges can I hope for with my rank? My parents would like one near home.',
       (array['google', 'instagram', 'school', 'whatsapp', 'website'])[1 + (n / 5) % 5], s.status, -n,
       case n % 3 when 0 then null else a.id end,
       case when s.status = 'contacted' then current_date + (n % 9)::int - 3 end, t.at, t.at + interval '24 hours',
       case when s.status <> 'new' then t.at + interval '3 hours' end,
       case when s.status = 'converted' then t.at + interval '2 days' end,
       case when s.status = 'closed' then t.at + interval '3 days' end
from generate_series(1, cast(:number as integer)) n
join people p on p.public_id = 'person_b' || (n - case when n % 10 = 0 and n > 1 then 1 else 0 end)
join users a on a.public_id = 'user_desk' || (1 + n % 4)
cross join (select array['Priyanka','Rakesh','Sana','Vikram','Aishwarya','Subham','Gurleen','Mohit','Deepa','Arnav',
    'Meher','Tushar','Ankita','Ishaan','Kavya','Rohan','Nandini','Aditya','Sneha','Farhan','Pooja','Harsh','Ritika',
    'Siddharth','Tanvi','Yash','Zoya','Manish','Lavanya','Omkar'] as names) f
cross join (select array['Ghosh','Iyer','Parveen','Choudhary','Pillai','Mahato','Kaur','Agarwal','Hegde','Gupta',
    'Bano','Jain','Roy','Das','Nair','Sharma','Sen','Reddy','Khan','Patil'] as names) l
cross join lateral (select now() - (cast(:number as integer) - n + 1) * interval '700 days' / :number as at) t
cross join lateral (select case when n > 0.95 * cast(:number as integer) then (array['new', 'contacted'])[1 + n % 2]
                                when n % 3 = 0 then 'converted' else 'closed' end as status) s
"""


def measure(
    ground: Ground,
    report: Report,
    *,
    seconds: float = 2.0,
    sizes: tuple[int, int] = (FEW, MANY),
    server: Served | None = None,
) -> None:
    """Ask every page with few leads, then with many, and compare; no lead is there before or afterwards."""
    few, many = sizes
    found: dict[int, dict[str, Answers]] = {}
    with shared(server, "wsgi:app", ground.environ) as served:
        for number in sizes:
            fill(number)
            found[number] = _ask_all(ground, served, number, seconds)
            empty()
    for name in PAGES:
        small, large = found[few][name], found[many][name]
        for number, answers in ((few, small), (many, large)):
            report.add(f"{name}, {number:,} leads: p95", answers.ms(0.95), "ms", told(answers))
        report.add(f"{name}: p95 of many ÷ few", large.ms(0.95) / small.ms(0.95), "×", "at most 2 is wanted")
        report.add(f"{name}: p50 of many ÷ few", large.ms(0.5) / small.ms(0.5), "×", "")


def _ask_all(ground: Ground, server: Served, number: int, seconds: float) -> dict[str, Answers]:
    cookie = admin_cookie(ground)
    found = {}
    for name, path in PAGES.items():
        question = Question(server, path.format(middle=number // 2), cookie)
        ask(question, clients=CLIENTS, seconds=seconds / 4)  # templates compiled, pages of the database read
        found[name] = ask(question, clients=CLIENTS, seconds=seconds)[0]
        assert set(found[name].statuses) == {200}, (name, found[name].statuses)
    return found


def fill(number: int) -> None:
    """Write so many leads, and let the database look at them as autovacuum would."""
    db.session.execute(text(PATIENT))
    db.session.execute(text(ADMIN))
    db.session.execute(text(LEADS), {"number": number})
    db.session.commit()
    _vacuum()


def empty() -> None:
    """Take all leads away."""
    db.session.execute(text("truncate inquiries, lead_people cascade"))
    db.session.commit()


def _vacuum() -> None:
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze inquiries"))
        connection.execute(text("vacuum analyze lead_people"))
        connection.execute(text("checkpoint"))  # what filling left to be written is not the page's to wait for


def admin_cookie(ground: Ground) -> str:
    """The cookie of a signed-in admin."""
    user = db.session.scalars(select(User).where(User.public_id == "user_desk1")).one()
    return cookie_of(ground, user)
