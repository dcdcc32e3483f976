"""The system page: what it says, when Redis is away, failed jobs tried again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from flask import Flask
from redis.exceptions import ConnectionError as RedisAway
from rq import SimpleWorker
from rq.registry import FailedJobRegistry
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories as make
from tests.pages import Browser
from tests.queries import count_queries
from webapp.accounts.models import Role, User
from webapp.audit.models import AuditEntry
from webapp.core import clock
from webapp.core.due import register_due_work
from webapp.core.jobs import QUEUES, enqueue, get_redis, queue
from webapp.core.sweeps import LastSweep, last_sweep, note_sweep
from webapp.core.work import sweep
from webapp.dashboards.system import queues as rq_queues
from webapp.notifications.models import DeliveryStatus, OutboxMail

NOW = make.NOW
PAGE = "/admin/system"


@pytest.fixture(autouse=True)
def nine_thirty() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def admin(db_session: Session) -> User:
    user = make.make_user(role=Role.ADMIN)
    db_session.commit()
    return user


@pytest.fixture
def browser(app: Flask, admin: User) -> Browser:
    return Browser(app, admin)


def shown(browser: Browser, *, htmx: bool = False) -> str:
    answer = browser.get(PAGE, htmx=htmx)
    assert answer.status_code == 200
    return " ".join(answer.get_data(as_text=True).split())


def work(name: str = "default") -> None:
    SimpleWorker([queue(name)], connection=get_redis()).work(burst=True, logging_level="CRITICAL")


def fail(argument: str = "mail_123", name: str = "default") -> str:
    assert enqueue("tests.dashboards.system.test_system.break_down", argument, queue_name=name)
    work(name)
    found: list[str] = FailedJobRegistry(queue=queue(name)).get_job_ids()
    return found[-1]


def break_down(argument: str) -> None:
    raise ZeroDivisionError(f"nothing can be divided by <b>{argument}</b>")


def test_quiet_and_empty(browser: Browser) -> None:
    page = shown(browser)
    assert "No worker runs." in page
    assert "Due work is not looked for." in page
    assert "No job has failed" in page
    assert 'hx-trigger="every 10s"' in page
    assert "Postgres" in page
    assert "Not named (RELEASE)" in page
    part = shown(browser, htmx=True)
    assert part.startswith('<div id="system"')


def test_a_worker_at_work(browser: Browser) -> None:
    worker = SimpleWorker([queue("default")], connection=get_redis(), name="worker-of-the-test")
    worker.register_birth()  # type: ignore[no-untyped-call]
    note_sweep(LastSweep(NOW - dt.timedelta(seconds=5), 0.25, {"expired_holds": 3}))
    try:
        page = shown(browser)
    finally:
        worker.register_death()  # type: ignore[no-untyped-call]
    assert "worker-of-th" in page
    assert "No worker runs." not in page
    assert "Due work is not looked for." not in page
    assert "5 s ago" in page
    assert "expired holds 3" in page


def test_what_waits_is_counted(browser: Browser, db_session: Session) -> None:
    for number in range(3):
        enqueue(break_down, str(number), queue_name="files")
    for number, status in enumerate((DeliveryStatus.PENDING, DeliveryStatus.PENDING, DeliveryStatus.FAILED)):
        db_session.add(
            OutboxMail(
                dedupe_key=f"m{number}",
                recipient="a@example.com",
                template="verify",
                context={},
                status=status,
                due_at=NOW - dt.timedelta(minutes=20),
                created_at=NOW,
            )
        )
    db_session.commit()
    page = shown(browser)
    assert "<dt>Jobs waiting</dt><dd>3" in page
    assert "<dt>Mails to send</dt><dd>2" in page
    assert "oldest due 20 min ago" in page
    assert '<dt>Mails given up</dt><dd class="num any-break bad strong">1' in page


def test_a_failed_job_says_why_and_is_tried_again(browser: Browser, db_session: Session) -> None:
    job_id = fail()
    page = shown(browser)
    assert "test_system.break_down" in page
    assert "mail_123" in page
    assert "ZeroDivisionError: nothing can be divided by &lt;b&gt;mail_123&lt;/b&gt;" in page
    answer = browser.submit(f"{PAGE}/jobs/default/{job_id}/retry", page=PAGE)
    assert answer.status_code == 303
    assert queue("default").get_job_ids() == [job_id]
    assert "No job has failed" in shown(browser)
    entry = db_session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.entity_id, entry.entity_label) == ("job.retried", job_id, "test_system.break_down")
    assert browser.submit(f"{PAGE}/jobs/default/{job_id}/retry", page=PAGE).status_code == 404


def test_all_are_tried_again_and_one_is_removed(browser: Browser) -> None:
    first, second = fail("one"), fail("two", "mail")
    gone = fail("three", "files")
    assert browser.submit(f"{PAGE}/jobs/files/{gone}/delete", page=PAGE).status_code == 303
    assert browser.submit(f"{PAGE}/jobs/retry-all", page=PAGE).status_code == 303
    assert queue("default").get_job_ids() == [first]
    assert queue("mail").get_job_ids() == [second]
    assert queue("files").get_job_ids() == []
    assert "2 jobs are tried again." in shown(browser)


@pytest.mark.parametrize("path", ["default/nothing/retry", "nowhere/nothing/retry", "default/nothing/delete"])
def test_an_unknown_job(browser: Browser, path: str) -> None:
    assert browser.submit(f"{PAGE}/jobs/{path}", page=PAGE).status_code == 404


def test_a_job_that_does_not_fail_is_not_touched(browser: Browser) -> None:
    enqueue(break_down, "waits")
    (job_id,) = queue("default").get_job_ids()
    assert browser.submit(f"{PAGE}/jobs/default/{job_id}/delete", page=PAGE).status_code == 404
    assert queue("default").count == 1


def test_a_job_whose_code_is_gone_still_shows(browser: Browser) -> None:
    assert enqueue("tests.dashboards.system.test_system.gone_with_a_release", "x")
    work()
    assert "gone_with_a_release" in shown(browser)


def test_without_redis_the_page_says_so(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    token = browser.token(PAGE)

    def away() -> None:
        raise RedisAway("gone")

    for place in ("webapp.dashboards.system.queues", "webapp.dashboards.system.state", "webapp.core.sweeps"):
        monkeypatch.setattr(f"{place}.get_redis", away)
    monkeypatch.setattr(rq_queues, "queue", lambda _name: away())
    page = shown(browser)
    assert "Redis is not answering." in page
    assert "Postgres" in page
    answer = browser.client.post(f"{PAGE}/jobs/retry-all", data={"csrf_token": token})
    assert answer.status_code == 503
    assert "nothing was done" in answer.get_data(as_text=True)


def test_the_cost_does_not_grow(browser: Browser, db_session: Session) -> None:
    def cost() -> int:
        shown(browser)
        db_session.expire_all()
        with count_queries() as seen:
            shown(browser)
        return len(seen)

    empty = cost()
    for number in range(6):
        fail(str(number))
    assert cost() == empty


def test_a_sweep_is_noted_also_when_it_fails(db_session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.core.due._registered", {})
    register_due_work("good", lambda _now: 2)
    register_due_work("nothing", lambda _now: 0)
    sweep()
    assert last_sweep() is not None
    noted = last_sweep()
    assert noted is not None
    assert (noted.at, noted.counts, noted.problem) == (NOW, {"good": 2}, "")
    get_redis().delete("sweep:recent")
    register_due_work("bad", lambda _now: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        sweep()
    noted = last_sweep()
    assert noted is not None
    assert noted.problem == "ZeroDivisionError"


def test_only_admins(app: Flask, db_session: Session, browser: Browser) -> None:
    job_id = fail()
    people = [make.make_user(), make.make_user(role=Role.COUNSELLOR), None]
    db_session.commit()
    for user in people:
        other, status = Browser(app, user), 403 if user else 302
        assert other.get(PAGE).status_code == status
        for path in (f"default/{job_id}/retry", f"default/{job_id}/delete", "retry-all"):
            answer = other.submit(f"{PAGE}/jobs/{path}", page="/account" if user else "/login")
            assert answer.status_code == status
    assert all(queue(name).count == 0 for name in QUEUES)
    assert FailedJobRegistry(queue=queue("default")).get_job_ids() == [job_id]
