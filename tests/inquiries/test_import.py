"""Import of leads: preview, problems, duplicates; all of it or nothing."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests import factories as make
from tests.pages import Browser
from webapp.accounts.models import Role, User
from webapp.audit.models import AuditEntry
from webapp.core import clock
from webapp.core.db import transaction
from webapp.core.jobs import FILES_QUEUE, get_redis, queue
from webapp.inquiries.importing import jobs, services
from webapp.inquiries.importing.jobs import resume_stalled, run_import
from webapp.inquiries.importing.progress import read_progress
from webapp.inquiries.models import ImportStatus, Inquiry, LeadImport
from webapp.inquiries.services import InquiryInput, submit_inquiry, submitting_many
from webapp.notifications.models import Notification, OutboxMail

NOW = make.NOW
PAGE = "/admin/leads/import"
HEAD = "Name,E-mail,Mobile,Exam,Rank,Category,State,Message,Source,Shoe size\n"
GOOD = (
    'Ananya Chatterjee,ananya@example.com,98300 12345,JEE Mains,"18,452",General,West Bengal,Which NITs?,fair,7\n'
    "Rohit Sen,rohit@example.com,98300 12346,,,,,,,\n"
)
BAD = (
    ",nameless@example.com,98300 12347,NEET,,,,,,\n"
    "No Mail,not-a-mail,98300 12348,NEET,,,,,,\n"
    "Short Phone,short@example.com,9.83E+09,NEET,,,,,,\n"
    "Two Wrong,also wrong,12,PhD,first,,,,,\n"
)


@pytest.fixture(autouse=True)
def nine_thirty(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(submitting_many, "CHUNK", 1)  # so that there is something between the rows
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


def upload(browser: Browser, content: bytes | str, name: str = "fair.csv") -> TestResponse:
    """Send a file as a browser does; the body is made here, as werkzeug's own leaves a file open for a large one."""
    data = content.encode() if isinstance(content, str) else content
    parts = (
        b'--cut\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n' + browser.token(PAGE).encode(),
        f'--cut\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode() + data,
        b"--cut--\r\n",
    )
    return browser.client.post(PAGE, data=b"\r\n".join(parts), content_type="multipart/form-data; boundary=cut")


def brought(browser: Browser, content: bytes | str) -> str:
    answer = upload(browser, content)
    assert answer.status_code == 303, answer.get_data(as_text=True)[-3000:]
    return answer.headers["Location"].rpartition("/")[2]


def start(browser: Browser, import_id: str, **data: str) -> TestResponse:
    return browser.submit(f"{PAGE}/{import_id}/start", data, page=PAGE)


def row_of(session: Session, import_id: str) -> LeadImport:
    session.expire_all()
    return session.scalars(select(LeadImport).where(LeadImport.public_id == import_id)).one()


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Inquiry)) or 0


def words(answer: TestResponse) -> str:
    return " ".join(answer.get_data(as_text=True).split())


def test_a_file_is_shown_before_anything_is_stored(browser: Browser, db_session: Session) -> None:
    import_id = brought(browser, HEAD + GOOD + BAD)
    row = row_of(db_session, import_id)
    assert (row.status, row.total, row.good, row.duplicates) == (ImportStatus.PREVIEWED, 6, 2, 0)
    found = {(one["line"], one["field"]): one["message"] for one in row.problems}
    assert set(found) == {
        (4, "name"), (5, "email"), (6, "phone"), (7, "email"), (7, "phone"), (7, "exam"), (7, "rank"),
    }  # fmt: skip
    assert "shortened" in found[(6, "phone")]
    page = words(browser.get(f"{PAGE}/{import_id}"))
    assert "Import 2 leads" in page
    assert "4 rows with problems" in page
    assert "Left alone: Shoe size" in page
    assert "Ananya Chatterjee" in page
    assert count(db_session) == 0
    assert "fair.csv" in words(browser.get(PAGE))


def test_problems_as_a_file(browser: Browser, db_session: Session) -> None:
    import_id = brought(browser, HEAD + BAD * 200)
    assert len(row_of(db_session, import_id).problems) == services.MOST_PROBLEMS
    text = browser.get(f"{PAGE}/{import_id}/problems.csv").get_data(as_text=True).removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 200 * 7
    assert rows[0] == {"Line": "2", "Column": "Name", "Problem": rows[0]["Problem"]}
    page = words(browser.get(f"{PAGE}/{import_id}"))
    assert "No row can come in." in page
    assert "The file has all of them." in page
    assert start(browser, import_id).status_code == 409


def test_the_template_can_be_imported(browser: Browser, db_session: Session) -> None:
    content = browser.get(f"{PAGE}/template.csv").get_data()
    row = row_of(db_session, brought(browser, content))
    assert (row.total, row.good) == (1, 1)


def test_all_good_rows_come_in_at_once(browser: Browser, db_session: Session, admin: User) -> None:
    import_id = brought(browser, HEAD + GOOD + BAD)
    assert start(browser, import_id).status_code == 303
    assert queue(FILES_QUEUE).count == 1
    page = words(browser.get(f"{PAGE}/{import_id}"))
    assert "Waiting for its turn" in page
    assert 'hx-trigger="every 1s"' in page
    run_import(import_id)
    first, second = db_session.scalars(select(Inquiry).order_by(Inquiry.id))
    assert (first.name, first.email, first.phone) == ("Ananya Chatterjee", "ananya@example.com", "+919830012345")
    assert (first.exam, first.rank, first.source, first.consent_at) == ("jee-main", 18452, "fair", None)
    assert (second.exam, second.source, second.rank) == ("other", "import", None)
    row = row_of(db_session, import_id)
    assert first.import_id == second.import_id == row.id
    assert (row.status, row.content, row.finished_at) == (ImportStatus.DONE, None, NOW)
    assert db_session.scalars(select(OutboxMail)).all() == []
    note = db_session.scalars(select(Notification)).one()
    assert (note.title, note.url) == ("2 leads imported", f"{PAGE}/{import_id}")
    assert "2 leads imported." in words(browser.get(f"{PAGE}/{import_id}"))
    actions = list(db_session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
    assert actions == ["lead_import.created", "lead_import.running", "lead_import.done"]
    run_import(import_id)  # a second job of the same import
    assert count(db_session) == 2
    db_session.commit()  # what is refused rolls back
    assert start(browser, import_id).status_code == 409
    assert browser.submit(f"{PAGE}/{import_id}/discard", page=PAGE).status_code == 409
    assert count(db_session) == 2


def test_who_is_known_is_counted_and_may_stay_out(browser: Browser, db_session: Session, admin: User) -> None:
    with transaction():
        earlier = submit_inquiry(
            entry=InquiryInput("Old", "an.anya+x@gmail.com", "9830099999", "neet"), now=NOW, notify_people=False
        ).ticket_number
    text = (
        "Name,Mail,Phone\nA,ananya@gmail.com,9830011111\nB,b@example.com,09830022222\nC,c@example.com,+919830022222\n"
    )
    import_id = brought(browser, text)
    row = row_of(db_session, import_id)
    assert (row.good, row.duplicates) == (3, 2)
    checked = services.check_content(text.encode())
    assert [one.known for one in checked.rows] == [f"known as {earlier}", "", "as in line 3"]
    assert "Leave out the 2 known already" in words(browser.get(f"{PAGE}/{import_id}"))
    assert start(browser, import_id, leave_out_known="1").status_code == 303
    run_import(import_id)
    assert list(db_session.scalars(select(Inquiry.name).order_by(Inquiry.id))) == ["Old", "B"]


def test_the_same_file_twice_warns(browser: Browser, db_session: Session) -> None:
    first = brought(browser, HEAD + GOOD)
    assert "brought before" not in words(browser.get(f"{PAGE}/{first}"))
    start(browser, first)
    again = brought(browser, HEAD + GOOD)
    assert "It is being imported now" in words(browser.get(f"{PAGE}/{again}"))
    run_import(first)
    db_session.expire_all()
    page = words(browser.get(f"{PAGE}/{again}"))
    assert "It was imported" in page
    assert row_of(db_session, again).duplicates == 0  # as it was when it came; the job looks again
    start(browser, again, leave_out_known="1")
    run_import(again)
    assert count(db_session) == 2


def test_discarding_keeps_nothing(browser: Browser, db_session: Session) -> None:
    import_id = brought(browser, HEAD + GOOD + BAD)
    assert browser.submit(f"{PAGE}/{import_id}/discard", page=PAGE).status_code == 303
    row = row_of(db_session, import_id)
    assert (row.status, row.content, row.problems) == (ImportStatus.DISCARDED, None, [])
    assert browser.get(f"{PAGE}/{import_id}").status_code == 404
    assert start(browser, import_id).status_code == 404
    run_import(import_id)
    assert count(db_session) == 0


def test_a_file_nobody_imports_is_thrown_away(browser: Browser, db_session: Session) -> None:
    import_id = brought(browser, HEAD + GOOD)
    brought_at = row_of(db_session, import_id).updated_at  # by the database's clock
    assert jobs.forget_left(brought_at + dt.timedelta(days=6)) == 0
    assert jobs.forget_left(brought_at + dt.timedelta(days=8)) == 1
    row = row_of(db_session, import_id)
    assert (row.status, row.content) == (ImportStatus.DISCARDED, None)


class Killed(BaseException):
    """As a kill: nothing may catch it."""


@pytest.mark.parametrize("place", ["import.row.1", "import.row.2", "import.stored"])
def test_killed_anywhere_stores_nothing_and_the_next_worker_all(
    browser: Browser, db_session: Session, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    import_id = brought(browser, HEAD + GOOD)
    start(browser, import_id)

    def die(name: str) -> None:
        if name == place:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "crash_point", die)
        with pytest.raises(Killed):
            run_import(import_id)
    assert count(db_session) == 0
    assert row_of(db_session, import_id).status is ImportStatus.RUNNING
    get_redis().flushdb()
    assert resume_stalled(NOW + dt.timedelta(minutes=1)) == 0
    later = NOW + dt.timedelta(minutes=3)
    assert resume_stalled(later) == 1
    assert queue(FILES_QUEUE).count == 1
    with clock.frozen(later):
        run_import(import_id)
    assert count(db_session) == 2
    assert row_of(db_session, import_id).status is ImportStatus.DONE
    tickets = list(db_session.scalars(select(Inquiry.ticket_number).order_by(Inquiry.id)))
    assert tickets == ["INQ-2026-00001", "INQ-2026-00002"]


def test_an_error_in_the_middle_stores_nothing(
    browser: Browser, db_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_id = brought(browser, HEAD + GOOD)
    start(browser, import_id)

    def break_down(name: str) -> None:
        if name == "import.row.2":
            raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "crash_point", break_down)
        run_import(import_id)
    assert count(db_session) == 0
    row = row_of(db_session, import_id)
    assert (row.status, row.error) == (ImportStatus.FAILED, jobs.BROKEN)
    assert "Nothing of the file was stored" in words(browser.get(f"{PAGE}/{import_id}"))
    assert start(browser, import_id).status_code == 303
    run_import(import_id)
    assert count(db_session) == 2


def test_a_worker_that_was_replaced_rolls_back(browser: Browser, db_session: Session) -> None:
    import_id = brought(browser, HEAD + GOOD)
    start(browser, import_id)
    with transaction():
        slow = services.claim_import(import_id, NOW)
        assert slow is not None
        work = jobs.Work(import_id, slow.id, NOW)
    later = NOW + dt.timedelta(minutes=3)
    with clock.frozen(later):
        run_import(import_id)
    with pytest.raises(jobs.ClaimLost):
        work.sign()
    assert services.end_import(import_id, claimed_at=NOW, now=later) is None
    assert count(db_session) == 2


def test_progress_and_signs_of_life(browser: Browser, db_session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "NOTE_EVERY", -1)
    monkeypatch.setattr(jobs, "SIGN_EVERY", -1)
    import_id = brought(browser, HEAD + GOOD)
    start(browser, import_id)
    run_import(import_id)
    assert read_progress(import_id) == 2
    assert row_of(db_session, import_id).status is ImportStatus.DONE


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The file is empty."),
        (b"PK\x03\x04" + b"x" * 100, "an Excel or zip file"),
        ("Name,Mail\nИван,a@b.co\n".encode("cp1251"), "We can’t tell how the letters"),
        (b'Name,Mail,Phone\n"A,b,c\n', "never closed"),
        (b"x" * (10 * 1024 * 1024 + 1), "larger than 10 MB"),
        (b"x" * (11 * 1024 * 1024 + 5000), "larger than 10 MB"),
    ],
)
def test_bad_files_are_said_at_the_field(browser: Browser, db_session: Session, content: bytes, message: str) -> None:
    answer = upload(browser, content)
    page = words(answer)
    assert answer.status_code == 422
    assert message in page
    assert 'aria-describedby="file-hint file-error"' in page
    assert db_session.scalar(select(func.count()).select_from(LeadImport)) == 0


def test_no_file_at_all(browser: Browser) -> None:
    answer = browser.submit(PAGE, {})
    assert answer.status_code == 422
    assert "Choose a CSV file." in words(answer)


def test_html_and_formulas_stay_words(browser: Browser, db_session: Session) -> None:
    text = "Name,Mail,Phone,Message\n<script>alert(1)</script>,a@example.com,9830011111,=1+1\n"
    import_id = brought(browser, text)
    page = browser.get(f"{PAGE}/{import_id}").get_data(as_text=True)
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_name_of_4000_letters_is_a_problem_of_its_row(browser: Browser, db_session: Session) -> None:
    text = "Name,Mail,Phone\n" + "x" * 4000 + ",a@example.com,9830011111\nB,b@example.com,9830011112\n"
    row = row_of(db_session, brought(browser, text))
    assert (row.total, row.good) == (2, 1)
    assert row.problems[0]["field"] == "name"


def test_only_admins_import(app: Flask, db_session: Session, browser: Browser) -> None:
    import_id = brought(browser, HEAD + GOOD)
    people = [make.make_user(), make.make_user(role=Role.COUNSELLOR), None]
    db_session.commit()
    for user in people:
        other, status = Browser(app, user), 403 if user else 302
        for path in (PAGE, f"{PAGE}/template.csv", f"{PAGE}/{import_id}", f"{PAGE}/{import_id}/problems.csv"):
            assert other.get(path).status_code == status, path
        for path in (PAGE, f"{PAGE}/{import_id}/start", f"{PAGE}/{import_id}/discard"):
            assert other.submit(path, page="/account" if user else "/login").status_code == status, path
    assert row_of(db_session, import_id).status is ImportStatus.PREVIEWED
    assert browser.get(f"{PAGE}/import_nothing").status_code == 404
