"""What must be true of the database after whatever happened: each rule is a question for what breaks it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import LiteralString

import psycopg

_OCCUPIES: LiteralString = "('held', 'requested', 'scheduled', 'completed', 'no_show')"
_USES: LiteralString = """(s.status in ('requested', 'scheduled', 'completed', 'no_show')
    or s.status = 'cancelled' and not s.credit_returned)"""


@dataclass(frozen=True, slots=True)
class Invariant:
    """A rule in words, and the SQL whose rows (one text column) break it."""

    name: str
    sql: LiteralString


@dataclass(frozen=True, slots=True)
class Checked:
    """One rule with what breaks it."""

    name: str
    broken: tuple[str, ...]


def _overlap(column: LiteralString) -> LiteralString:
    return f"""select a.public_id || ' and ' || b.public_id
    from counselling_sessions a join counselling_sessions b on a.{column} = b.{column} and a.id < b.id
    and tstzrange(a.starts_at, a.ends_at) && tstzrange(b.starts_at, b.ends_at)
    where a.status in {_OCCUPIES} and b.status in {_OCCUPIES}"""


INVARIANTS = (
    Invariant("no counsellor is in two sessions at once", _overlap("counsellor_id")),
    Invariant("no student is in two sessions at once", _overlap("student_id")),
    Invariant(
        "the constraints against double booking stand",
        """select name from unnest(array['ex_sessions_counsellor_time', 'ex_sessions_student_time']) name
        where not exists (select 1 from pg_constraint where conname = name and contype = 'x' and convalidated)""",
    ),
    Invariant(
        "credits used are the sessions that use one",
        f"""select e.public_id || ': ' || e.sessions_used || ' used, ' || count(s.id) || ' sessions'
        from enrolments e left join counselling_sessions s on s.enrolment_id = e.id and {_USES}
        group by e.id having e.sessions_used <> count(s.id)""",
    ),
    Invariant(
        "nobody uses more sessions than were bought",
        "select public_id from enrolments where sessions_used < 0 or sessions_used > sessions_total",
    ),
    Invariant(
        "every booking of the ledger sums to zero",
        """select t.reference from ledger_transactions t left join ledger_entries e on e.transaction_id = t.id
        group by t.id having coalesce(sum(e.amount), 0) <> 0""",
    ),
    Invariant(
        "captured money is in the ledger once, with its amount",
        """select p.public_id from payments p
        left join ledger_transactions t on t.reference = 'payment:' || p.id
        left join ledger_entries e on e.transaction_id = t.id and e.account = 'gateway'
        where p.captured_at is not null group by p.id
        having coalesce(sum(e.amount), 0) <> p.amount or count(e.id) > 1""",
    ),
    Invariant(
        "every paid order has one enrolment of its own, and one payment that paid it",
        """select o.public_id from orders o left join enrolments e on e.id = o.enrolment_id
        left join payments p on p.order_id = o.id and p.match = 'enrolled'
        where o.status = 'paid' and o.amount > 0 group by o.id
        having count(distinct e.id) <> 1 or count(distinct p.id) <> 1 or max(p.amount) <> o.amount""",
    ),
    Invariant(
        "every purchase comes from one paid order",
        """select e.public_id from enrolments e left join orders o on o.enrolment_id = e.id and o.status = 'paid'
        where e.source = 'purchase' group by e.id having count(o.id) <> 1""",
    ),
    Invariant(
        "every paid order has one receipt",
        """select o.public_id from orders o left join receipts r on r.order_id = o.id
        where o.status = 'paid' and o.amount > 0 group by o.id having count(r.id) <> 1""",
    ),
    Invariant(
        "receipt numbers have no gap",
        "select financial_year from receipts group by 1 having count(*) <> max(number) or min(number) <> 1",
    ),
    Invariant(
        "coupons count the uses they have",
        """select c.code from coupons c left join coupon_uses u on u.coupon_id = c.id and u.released_at is null
        group by c.id having c.used <> count(u.id)""",
    ),
    Invariant("every webhook was worked on", "select event_id from gateway_events where processed_at is null"),
    Invariant(
        "nothing that was due is left in the outbox",
        """select dedupe_key from outbox_mails
        where status in ('pending', 'sending') and due_at < now() - interval '1 minute'""",
    ),
    Invariant("no mail was given up", "select dedupe_key from outbox_mails where status = 'failed'"),
    Invariant(
        "of every session both people were told",
        """select s.public_id from counselling_sessions s
        left join outbox_mails m on m.dedupe_key like 'session:' || s.public_id || ':%'
        where s.agenda like 'proof-%' and s.status in ('requested', 'scheduled') group by s.id
        having count(distinct m.recipient) < 2""",
    ),
    Invariant(
        "no request is half done",
        "select key from idempotency_keys where status is null and claimed_at < now() - interval '2 minutes'",
    ),
)  # fmt: skip


def check(connection: psycopg.Connection) -> list[Checked]:
    """Ask every rule."""
    return [
        Checked(one.name, tuple(str(row[0]) for row in connection.execute(one.sql).fetchall())) for one in INVARIANTS
    ]


def check_mail(connection: psycopg.Connection, arrived: Mapping[str, int]) -> tuple[list[Checked], list[str]]:
    """Compare the outbox with what arrived (Message-ID → how often); return broken rules, and what came twice."""
    rows = connection.execute("select public_id, status from outbox_mails where channel = 'mail'").fetchall()
    by_name: Counter[str] = Counter()
    for message_id, count in arrived.items():  # "<mail_…@host>"
        by_name[message_id.strip("<>").partition("@")[0]] += count
    counts = {str(name): by_name[str(name)] for name, _ in rows}
    sent = {str(name) for name, status in rows if status == "sent"}
    known = sum(counts.values())
    strangers = (f"{sum(arrived.values()) - known} mails",) if sum(arrived.values()) != known else ()
    checks = [
        Checked("every mail that was sent arrived", tuple(sorted(name for name in sent if counts[name] == 0))),
        Checked("what was not sent did not arrive", tuple(sorted(n for n in counts if n not in sent and counts[n]))),
        Checked("nothing arrived that nobody wrote", strangers),
    ]
    return checks, sorted(name for name, count in counts.items() if count > 1)
