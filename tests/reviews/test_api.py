"""`/api/v1/counselling-reviews`: written by students, published by admins, answered by counsellors."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy.orm import Session

from tests.factories import NOW, make_counsellor, make_enrolment, make_review, make_session, make_user
from tests.programs import Program, details
from tests.queries import count_queries
from webapp.accounts.models import Role, User
from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.core.db import db
from webapp.counsellors.models import Counsellor
from webapp.reviews.api import EXAMPLE

URL = "/counselling-reviews"
DAY = dt.timedelta(days=1)


@pytest.fixture
def counsellor(db_session: Session, redis: Redis) -> Counsellor:
    return make_counsellor(name="Dr. Meera Krishnan")


@pytest.fixture
def student(db_session: Session) -> User:
    return make_user(name="Amit Kumar")


@pytest.fixture
def session(counsellor: Counsellor, student: User) -> CounsellingSession:
    made = completed(counsellor, student)
    db.session.commit()
    return made


def completed(counsellor: Counsellor, student: User, days_ago: int = 2) -> CounsellingSession:
    return make_session(make_enrolment(student), counsellor, NOW - days_ago * DAY, status=SessionStatus.COMPLETED)


def said(session: CounsellingSession, **change: Any) -> dict[str, Any]:
    ids = {"sessionId": session.public_id, "counsellorId": session.counsellor.public_id}
    return {**EXAMPLE, **ids, **change}


class TestWriting:
    def test_it_waits_to_be_published(self, app: Flask, student: User, session: CounsellingSession) -> None:
        mine = Program(app, student)
        made = mine.post(URL, said(session), status=201)["data"]
        assert made["isPublished"] is False
        assert {name: made[name] for name in ("rating", "review", "wouldRecommend", "tags", "aspects")} == {
            name: EXAMPLE[name] for name in ("rating", "review", "wouldRecommend", "tags", "aspects")
        }
        assert (made["sessionId"], made["counsellorId"]) == (session.public_id, session.counsellor.public_id)
        again = mine.post(URL, said(session), status=409)
        assert again["error"]["code"] == "DUPLICATE_ENTRY"

    def test_wrong_fields_are_named(self, app: Flask, student: User, session: CounsellingSession) -> None:
        mine = Program(app, student)
        body = said(session, rating=6, tags=[""], aspects={"looks": 1, "expertise": 0}, review="x" * 2001)
        wrong = details(mine.post(URL, body, status=400))
        assert set(wrong) == {"rating", "tags.0", "aspects.looks", "aspects.expertise", "review"}
        other = make_counsellor()
        db.session.commit()
        wrong = details(mine.post(URL, said(session, counsellorId=other.public_id), status=400))
        assert list(wrong) == ["counsellorId"]
        assert mine.post(URL, said(session), status=201)

    def test_a_session_that_was_not_held(self, app: Flask, student: User, counsellor: Counsellor) -> None:
        ahead = make_session(make_enrolment(student), counsellor, NOW + DAY)
        refused = Program(app, student).post(URL, said(ahead), status=400)
        assert refused["error"]["code"] == "INVALID_STATE"

    def test_sessions_of_others_are_not_there(self, app: Flask, session: CounsellingSession) -> None:
        other = Program(app, make_user())
        assert other.post(URL, said(session), status=404)["error"]["code"] == "NOT_FOUND"
        for role in (Role.COUNSELLOR, Role.ADMIN):
            Program(app, make_user(role=role)).post(URL, said(session), status=403)
        Program(app).post(URL, {}, status=401)


class TestReading:
    @pytest.fixture
    def filled(self, counsellor: Counsellor, student: User) -> list[str]:
        made = [
            make_review(completed(counsellor, student, number + 2), rating=stars, text=f"No. {number}").public_id
            for number, stars in enumerate((5, 3, 4))
        ]
        make_review(completed(counsellor, student, 9), rating=1, published=False)
        db.session.commit()
        return made

    def test_anybody_reads_what_is_published(self, app: Flask, counsellor: Counsellor, filled: list[str]) -> None:
        nobody, url = Program(app), f"{URL}/counsellor/{counsellor.public_id}"
        answer = nobody.get(url)
        assert answer["data"]["stats"] == {
            "averageRating": 4.0,
            "totalReviews": 3,
            "ratingDistribution": {"5": 1, "4": 1, "3": 1, "2": 0, "1": 0},
        }
        assert [row["_id"] for row in answer["data"]["reviews"]] == filled[::-1]
        row = answer["data"]["reviews"][0]
        assert (row["studentName"], row["isPublished"], row["response"]) == ("Amit K.", True, None)
        assert "studentId" not in row
        assert answer["pagination"]["total"] == 3

        def stars(query: str) -> list[int]:
            return [row["rating"] for row in nobody.get(f"{url}?{query}")["data"]["reviews"]]

        assert stars("sort=highest") == [5, 4, 3]
        assert stars("sort=lowest") == [3, 4, 5]
        assert stars("sort=oldest&limit=2") == [5, 3]
        assert stars("rating=3") == [3]
        assert set(details(nobody.get(f"{url}?rating=6&sort=best&colour=1", status=400))) == {
            "rating",
            "sort",
            "colour",
        }

    def test_what_waits_is_for_admins(self, app: Flask, counsellor: Counsellor, filled: list[str]) -> None:
        url = f"{URL}/counsellor/{counsellor.public_id}"
        desk = Program(app, make_user(role=Role.ADMIN))
        assert [row["rating"] for row in desk.get(f"{url}?isPublished=false")["data"]["reviews"]] == [1]
        Program(app).get(f"{url}?isPublished=false", status=403)
        assert len(desk.get(URL)["data"]) == 4
        assert [row["rating"] for row in desk.get(f"{URL}?isPublished=false")["data"]] == [1]
        assert len(desk.get(f"{URL}?counsellorId={counsellor.public_id}&isPublished=true")["data"]) == 3
        desk.get(f"{URL}?counsellorId=counsellor_nobody", status=404)
        for role in (Role.STUDENT, Role.COUNSELLOR):
            Program(app, make_user(role=role)).get(URL, status=403)
        Program(app).get(URL, status=401)

    def test_who_left_is_not_shown(self, app: Flask, counsellor: Counsellor) -> None:
        counsellor.is_active = False
        db.session.commit()
        url = f"{URL}/counsellor/{counsellor.public_id}"
        Program(app).get(url, status=404)
        Program(app).get(f"{URL}/counsellor/counsellor_nobody", status=404)
        assert Program(app, make_user(role=Role.ADMIN)).get(url)

    def test_it_costs_the_same_at_any_size(self, app: Flask, counsellor: Counsellor) -> None:
        desk = Program(app, make_user(role=Role.ADMIN))

        def ask(path: str) -> int:
            db.session.commit()
            db.session.expire_all()
            with count_queries() as seen:
                desk.get(f"{path}?limit=100")
            return len(seen)

        one = f"{URL}/counsellor/{counsellor.public_id}"
        make_review(completed(counsellor, make_user()))
        few = ask(URL), ask(one)
        for number in range(15):
            make_review(completed(counsellor, make_user(), number + 3))
        assert (ask(URL), ask(one)) == few


class TestPublishing:
    def test_the_rating_follows(self, app: Flask, counsellor: Counsellor, session: CounsellingSession) -> None:
        review = make_review(session, published=False, rating=4)
        db.session.commit()
        desk, url = Program(app, make_user(role=Role.ADMIN)), f"{URL}/{review.public_id}/publish"
        assert desk.patch(url)["data"]["isPublished"] is True
        assert (float(counsellor.rating), counsellor.review_count) == (4.0, 1)
        assert desk.patch(url, {"isPublished": False, "note": "Names a person."})["data"]["isPublished"] is False
        assert counsellor.review_count == 0
        desk.patch(f"{URL}/review_nobody/publish", status=404)
        for role in (Role.STUDENT, Role.COUNSELLOR):
            Program(app, make_user(role=role)).patch(url, status=403)

    def test_the_counsellor_answers(self, app: Flask, counsellor: Counsellor, session: CounsellingSession) -> None:
        review = make_review(session)
        owner = counsellor.user
        assert owner is not None
        mine, url = Program(app, owner), f"{URL}/{review.public_id}/respond"
        body = {"response": "Thank you."}
        assert mine.post(url, body)["data"]["response"] == "Thank you."
        assert list(details(mine.post(url, {"response": " "}, status=400))) == ["response"]
        stranger = make_counsellor().user
        assert stranger is not None
        Program(app, stranger).post(url, body, status=404)
        for role in (Role.STUDENT, Role.ADMIN):
            Program(app, make_user(role=role)).post(url, body, status=403)
        shown = Program(app).get(f"{URL}/counsellor/{counsellor.public_id}")["data"]["reviews"][0]
        assert shown["response"] == "Thank you."
