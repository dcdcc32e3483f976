"""``python -m proof.chaos``: everything is killed in turn under load; then the database and the mail are asked."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.seed import Size
from proof.agreement import Agreement, compare
from proof.client import Books
from proof.faults import FAULTS, Fault, alive
from proof.faults_report import report
from proof.house import House, running
from proof.invariants import Checked, check, check_mail
from proof.load import Pace, using
from proof.people import Town, settle
from proof.recovery import Probe, Recovery
from proof.sink import deliveries

OUT = Path(__file__).parent / "out"
SIZE = Size(counsellors=30, days=50, students=300)
PACE = Pace(students=6, visitors=2, programs=2, counsellors=1, pause=4.0, patience=30.0, hot=(1, 2))
REST_SECONDS = 11.0  # between two faults: a process that lived shorter counts as one that dies again and again
SETTLE_SECONDS = 330.0  # what a killed sender held is taken over after 2 minutes, what was refused is tried again


@dataclass(slots=True)
class Outcome:
    """What a run brought."""

    rounds: int
    recoveries: list[Recovery] = field(default_factory=list)
    books: Books = field(default_factory=Books)
    checks: list[Checked] = field(default_factory=list)
    agreement: Agreement = field(default_factory=Agreement)
    doubles: list[str] = field(default_factory=list)
    mails: int = 0
    settled_after: float = 0.0
    tally: dict[str, int] = field(default_factory=dict)  # rows of the tables that were asked
    failed_jobs: Counter[str] = field(default_factory=Counter)

    @property
    def strikes(self) -> int:
        """How many faults may each have sent one mail a second time."""
        may = {fault.name for fault in FAULTS if fault.doubles}
        return sum(recovery.fault in may for recovery in self.recoveries)

    @property
    def faults(self) -> list[str]:
        """What is wrong, in words; empty when everything holds."""
        found = [f"{one.name}: {', '.join(one.broken[:5])}" for one in self.checks if one.broken]
        slow = [one for one in self.recoveries if one.slowest > 10]
        found += [f"{one.fault}: back only after {one.slowest:.1f} s" for one in slow]
        found += ["more mails went twice than faults explain"] if len(self.doubles) > self.strikes else []
        return found + sorted(set(self.books.strange))[:20]


def storm(house: House, town: Town, rounds: int, faults: tuple[Fault, ...] = FAULTS) -> Outcome:
    """Strike again and again while people go on, then let everything settle and look."""
    outcome = Outcome(rounds)
    with using(house.base, town, outcome.books, PACE):
        probe = Probe(house, town, outcome.books)
        time.sleep(REST_SECONDS)
        for number in range(rounds):
            for fault in faults:
                with probe.measuring(fault.name, outcome.recoveries):
                    fault.strike(house)
                print(f"{number + 1}: {outcome.recoveries[-1]}", flush=True)
                if not alive(house):
                    raise RuntimeError(f"after “{fault.name}” the run ended:\n{house.log[-3000:]}")
                time.sleep(REST_SECONDS)
    outcome.settled_after = _settle(house)
    _look(house, outcome)
    return outcome


def _settle(house: House) -> float:
    """Wait until nothing is due any more, as in life; return the seconds it took."""
    begun = time.monotonic()
    open_work = """select (select count(*) from outbox_mails where status in ('pending', 'sending') and
    due_at < now() + interval '1 hour') + (select count(*) from gateway_events where processed_at is null)"""
    while time.monotonic() - begun < SETTLE_SECONDS:
        with house.database() as connection:
            row = connection.execute(open_work).fetchone()
        if row == (0,):
            break
        time.sleep(2)
    return time.monotonic() - begun


def _look(house: House, outcome: Outcome) -> None:
    arrived = Counter(one.message_id for one in deliveries(house.mail_file))
    with house.database() as connection:
        mail, outcome.doubles = check_mail(connection, arrived)
        outcome.agreement = compare(connection, outcome.books.attempts)
        outcome.checks = [*check(connection), *mail, *outcome.agreement.checked()]
        for table in (
            "counselling_sessions",
            "orders",
            "payments",
            "enrolments",
            "ledger_transactions",
            "outbox_mails",
        ):
            row = connection.execute(f"select count(*) from {table}".encode()).fetchone()
            outcome.tally[table] = int(row[0]) if row else 0
    outcome.mails = sum(arrived.values())


def main(argv: list[str]) -> int:
    """Strike, look and report; exit status 1 when something does not hold."""
    parser = argparse.ArgumentParser(prog="python -m proof.chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="each fault so many times")
    parser.add_argument("--only", default="", help="faults whose name contains this")
    parser.add_argument("--into", type=Path, default=OUT, help="where faults.md goes")
    asked = parser.parse_args(argv)
    chosen = tuple(fault for fault in FAULTS if asked.only in fault.name)
    with running("chaos", REQUIRE_ADMIN_TWO_STEP="false") as house:
        outcome = storm(house, settle(house.app(), SIZE), asked.rounds, chosen)
        OUT.mkdir(parents=True, exist_ok=True)
        (OUT / "chaos.log").write_text(house.log)
    asked.into.mkdir(parents=True, exist_ok=True)
    (asked.into / "faults.md").write_text(report(outcome))
    whole = {"recoveries": [asdict(one) for one in outcome.recoveries], "ends": outcome.agreement.ends}
    whole |= {"checks": [asdict(one) for one in outcome.checks], "faults": outcome.faults, "doubles": outcome.doubles}
    (OUT / "chaos.json").write_text(json.dumps(whole, indent=1, ensure_ascii=False))
    print(f"{asked.into / 'faults.md'} written; {'; '.join(outcome.faults) or 'everything holds'}")
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
