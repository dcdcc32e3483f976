"""Long exports: the job, its progress, its file, and what is left when it is killed."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories as make
from tests.pages import Browser
from webapp.accounts.models import Role, User
from webapp.config import Settings
from webapp.core import clock
from webapp.core.errors import ValidationFailed
from webapp.core.jobs import FILES_QUEUE, get_redis, queue
from webapp.exports import jobs, services
from webapp.exports.folder import file_of, folder
from webapp.exports.jobs import make_file, remove_expired, resume_stalled
from webapp.exports.models import ExportFile, ExportStatus
from webapp.exports.registry import Params, register_export
from webapp.notifications.models import Notification

NOW = make.NOW
MANY = 1000


def number_rows(params: Params, zone: str) -> Iterator[tuple[str, int]]:
    for number in range(int(params.get("rows", "0"))):
        if params.get("fail") == str(number):
            raise ZeroDivisionError
        if params.get("refuse") == str(number):
            raise ValidationFailed("This filter means nothing any more.")
        yield f"=row in {zone}", number


@pytest.fixture(autouse=True)
def numbers(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    register_export(
        "numbers",
        title="Numbers",
        filename="numbers.csv",
        header=("Text", "Number"),
        count=lambda params: int(params.get("rows", "0")),
        rows=number_rows,
    )
    small: Settings = app.config["SETTINGS"].model_copy(update={"export_rows_at_once": 100})
    monkeypatch.setitem(app.config, "SETTINGS", small)
    with clock.frozen(NOW):
        yield


@pytest.fixture
def admin(db_session: Session) -> User:
    user = make.make_user(role=Role.ADMIN)
    db_session.commit()
    return user


def asked(app: Flask, admin: User, **params: str) -> str:
    answer = Browser(app, admin).export("numbers", **{"rows": str(MANY), **params})
    assert answer.status_code == 303
    return answer.headers["Location"].rpartition("/")[2]


def row_of(session: Session, public_id: str) -> ExportFile:
    session.expire_all()
    return session.scalars(select(ExportFile).where(ExportFile.public_id == public_id)).one()


def test_at_the_limit_it_is_the_answer_and_one_more_is_a_job(app: Flask, db_session: Session, admin: User) -> None:
    assert Browser(app, admin).export("numbers", rows="100").mimetype == "text/csv"
    assert queue(FILES_QUEUE).count == 0
    assert Browser(app, admin).export("numbers", rows="101").status_code == 303
    assert queue(FILES_QUEUE).count == 1


def test_the_job_writes_the_file_and_tells_its_owner(app: Flask, db_session: Session, admin: User) -> None:
    export_id = asked(app, admin)
    browser = Browser(app, admin)
    page = browser.get(f"/admin/exports/{export_id}").get_data(as_text=True)
    assert "Waits for its turn" in page
    assert 'hx-trigger="every 1s"' in page
    assert browser.get(f"/admin/exports/{export_id}/file").status_code == 303
    make_file(export_id)
    row = row_of(db_session, export_id)
    assert (row.status, row.done, row.total, row.error) == (ExportStatus.DONE, MANY, MANY, "")
    text = file_of(export_id).read_text(encoding="utf-8-sig").splitlines()
    assert len(text) == MANY + 1
    assert text[1] == "'=row in Asia/Kolkata,0"
    assert list(folder().glob("*.part")) == []
    answer = browser.get(f"/admin/exports/{export_id}/file")
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert "filename=numbers.csv" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.get_data(as_text=True).count("\n") == MANY + 1
    answer.close()
    note = db_session.scalars(select(Notification)).one()
    assert (note.user_id, note.kind, note.title) == (admin.id, "export_ready", "Numbers: the file is ready")
    assert note.url == f"/admin/exports/{export_id}"
    page = browser.get(note.url, htmx=True).get_data(as_text=True)
    assert "every 1s" not in page
    assert f"/admin/exports/{export_id}/file" in page


def test_only_the_owner_sees_and_fetches_it(app: Flask, db_session: Session, admin: User) -> None:
    export_id = asked(app, admin)
    make_file(export_id)
    other = make.make_user(role=Role.ADMIN)
    student, counsellor = make.make_user(), make.make_user(role=Role.COUNSELLOR)
    db_session.commit()
    pages = ("", "/file")
    for tail in pages:
        path = f"/admin/exports/{export_id}{tail}"
        assert Browser(app, other).get(path).status_code == 404
        assert Browser(app, student).get(path).status_code == 403
        assert Browser(app, counsellor).get(path).status_code == 403
        assert Browser(app).get(path).status_code == 302
    for act in ("retry", "delete"):
        path = f"/admin/exports/{export_id}/{act}"
        assert Browser(app, other).submit(path, page="/admin/exports").status_code == 404
        assert Browser(app, student).submit(path, page="/account").status_code == 403
        assert Browser(app).submit(path, page="/login").status_code == 302
    assert export_id not in Browser(app, other).get("/admin/exports").get_data(as_text=True)
    assert export_id in Browser(app, admin).get("/admin/exports").get_data(as_text=True)
    assert file_of(export_id).is_file()


def test_progress_is_seen_while_it_writes(
    app: Flask, db_session: Session, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "NOTE_EVERY", -1)
    seen: list[int] = []
    export_id = asked(app, admin)

    def watching(params: Params, zone: str) -> Iterator[tuple[str, int]]:
        for row in number_rows(params, zone):
            yield row
            with Session(db_session.get_bind(), join_transaction_mode="create_savepoint") as other:
                seen.append(other.scalars(select(ExportFile.done).where(ExportFile.public_id == export_id)).one())

    register_export(
        "numbers", title="N", filename="n.csv", header=("a", "b"), count=lambda _params: MANY, rows=watching
    )
    make_file(export_id)
    assert seen == sorted(seen)
    assert {0, 200, 400, 600, 800} <= set(seen)


@pytest.mark.parametrize(
    ("params", "words"),
    [({"fail": "450"}, "Something went wrong on our side"), ({"refuse": "450"}, "This filter means nothing any more.")],
)
def test_a_failure_leaves_no_file_and_can_be_tried_again(
    app: Flask, db_session: Session, admin: User, params: dict[str, str], words: str
) -> None:
    export_id = asked(app, admin, **params)
    make_file(export_id)
    row = row_of(db_session, export_id)
    assert row.status is ExportStatus.FAILED
    assert words in row.error
    assert list(folder().glob(f"{export_id}*")) == []
    browser = Browser(app, admin)
    assert words in browser.get(f"/admin/exports/{export_id}").get_data(as_text=True)
    assert browser.get(f"/admin/exports/{export_id}/file").status_code == 404
    answer = browser.submit(f"/admin/exports/{export_id}/retry", page=f"/admin/exports/{export_id}")
    assert answer.status_code == 303
    assert row_of(db_session, export_id).status is ExportStatus.QUEUED
    again = browser.submit(f"/admin/exports/{export_id}/retry", page=f"/admin/exports/{export_id}")
    assert again.status_code == 409


def test_a_full_disk_is_said(app: Flask, db_session: Session, admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    export_id = asked(app, admin)

    def full(_handle: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    make_file(export_id)
    row = row_of(db_session, export_id)
    assert (row.status, row.error) == (ExportStatus.FAILED, jobs.DISK)


def test_a_killed_writer_is_followed_by_another(app: Flask, db_session: Session, admin: User) -> None:
    export_id = asked(app, admin)
    claimed = services.claim_export(export_id, NOW)  # …and then the worker is gone
    assert claimed is not None
    left = folder() / f"{export_id}.123.part"
    folder().mkdir(exist_ok=True)
    left.write_text("half")
    db_session.commit()
    make_file(export_id)  # it is somebody's: nothing happens
    assert row_of(db_session, export_id).status is ExportStatus.RUNNING
    get_redis().flushdb()
    assert resume_stalled(NOW + dt.timedelta(minutes=1)) == 0
    later = NOW + dt.timedelta(minutes=3)
    assert resume_stalled(later) == 1
    assert queue(FILES_QUEUE).count == 1
    with clock.frozen(later):
        make_file(export_id)
    assert row_of(db_session, export_id).status is ExportStatus.DONE
    assert not left.exists()
    assert len(file_of(export_id).read_text(encoding="utf-8-sig").splitlines()) == MANY + 1


def test_two_writers_never_both_finish(app: Flask, db_session: Session, admin: User) -> None:
    export_id = asked(app, admin)
    slow = services.claim_export(export_id, NOW)
    assert slow is not None
    work = jobs.Work(slow)
    db_session.commit()
    later = NOW + dt.timedelta(minutes=3)
    with clock.frozen(later):
        make_file(export_id)
    with pytest.raises(jobs.ClaimLost):
        work.write()
    assert services.finish_export(export_id, claimed_at=NOW, rows=1, now=later) is None
    assert row_of(db_session, export_id).done == MANY


def test_an_export_nobody_could_queue_is_found(app: Flask, db_session: Session, admin: User) -> None:
    asked(app, admin)
    get_redis().flushdb()  # Redis lost it
    assert resume_stalled(NOW + dt.timedelta(seconds=10)) == 0
    assert resume_stalled(NOW + dt.timedelta(seconds=40)) == 1


def test_what_never_ends_is_given_up(app: Flask, db_session: Session, admin: User) -> None:
    export_id = asked(app, admin)
    assert resume_stalled(NOW + dt.timedelta(hours=7)) == 1
    row = row_of(db_session, export_id)
    assert row.status is ExportStatus.FAILED
    assert "never came to its end" in row.error


def test_files_go_after_seven_days(app: Flask, db_session: Session, admin: User) -> None:
    export_id = asked(app, admin)
    make_file(export_id)
    assert remove_expired(NOW + dt.timedelta(days=6)) == 0
    with clock.frozen(NOW + dt.timedelta(days=7)):  # due, not yet swept
        assert Browser(app, admin).get(f"/admin/exports/{export_id}/file").status_code == 404
    assert remove_expired(NOW + dt.timedelta(days=7)) == 1
    assert not file_of(export_id).exists()
    assert db_session.scalar(select(ExportFile.id)) is None
    gone = Browser(app, admin).get(f"/admin/exports/{export_id}")
    assert gone.status_code == 404
    assert "kept for 7 days" in gone.get_data(as_text=True)


def test_one_removes_ones_own_also_while_it_is_written(app: Flask, db_session: Session, admin: User) -> None:
    export_id = asked(app, admin)
    claimed = services.claim_export(export_id, NOW)
    assert claimed is not None
    work = jobs.Work(claimed)
    db_session.commit()
    answer = Browser(app, admin).submit(f"/admin/exports/{export_id}/delete", page="/admin/exports")
    assert answer.status_code == 303
    with pytest.raises(jobs.ClaimLost):
        work.write()
    assert not file_of(export_id).exists()


def test_the_list_costs_the_same_for_one_and_many(app: Flask, db_session: Session, admin: User) -> None:
    from tests.queries import count_queries

    def cost() -> int:
        Browser(app, admin).get("/admin/exports")
        db_session.expire_all()
        with count_queries() as seen:
            assert Browser(app, admin).get("/admin/exports").status_code == 200
        return len(seen)

    asked(app, admin)
    one = cost()
    for _ in range(15):
        asked(app, admin)
    assert cost() == one
