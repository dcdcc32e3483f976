from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import NOW, make_counsellor, make_enrolment, make_review, make_session, make_user
from tests.pages import Browser
from tests.queries import count_queries
from webapp.bookings.models import CounsellingSession
from webapp.reviews.models import Review


@pytest.fixture
def held(db_session: Session) -> CounsellingSession:
    """Give a completed session whose rows outlast a refused request."""
    session = make_session(
        make_enrolment(make_user()), make_counsellor(), NOW - dt.timedelta(days=2), status="completed"
    )
    db_session.commit()
    return session


def test_a_student_reviews_from_the_page(app: Flask, held: CounsellingSession, db_session: Session) -> None:
    browser, url = Browser(app, held.student), f"/sessions/{held.public_id}/review"
    answer = browser.submit(url, {"rating": "5", "text": "Clear", "tags": ["clear"], "expertise": "4"})
    assert answer.status_code == 303
    review = db_session.scalars(select(Review)).one()
    assert (review.rating, review.tags, review.aspects) == (5, ["clear"], {"expertise": 4})
    assert not review.would_recommend, "an unticked box says no"
    assert "Change review" in browser.get(url).text


def test_stars_are_needed_and_what_was_typed_stays(app: Flask, held: CounsellingSession, db_session: Session) -> None:
    browser, url = Browser(app, held.student), f"/sessions/{held.public_id}/review"
    for htmx in (False, True):
        answer = browser.submit(url, {"text": "Clear and kind", "rating": "7"}, htmx=htmx)
        assert answer.status_code == 422
        assert "Choose one to five stars." in answer.text
        assert "Clear and kind" in answer.text
    assert db_session.scalars(select(Review)).all() == []


def test_a_published_review_is_read_only(app: Flask, held: CounsellingSession) -> None:
    make_review(held, text="As it stands", response="Thank you")
    page = Browser(app, held.student).get(f"/sessions/{held.public_id}/review").text
    assert "As it stands" in page
    assert "Thank you" in page
    assert "Send review" not in page


def test_outsiders_find_nothing(app: Flask, held: CounsellingSession) -> None:
    url = f"/sessions/{held.public_id}/review"
    assert Browser(app, make_user()).get(url).status_code == 404
    assert Browser(app, make_user(role="admin")).get(url).status_code == 403
    assert Browser(app).get(url).status_code == 302


def test_the_counsellor_answers_in_place(app: Flask, held: CounsellingSession, db_session: Session) -> None:
    review = make_review(held)
    db_session.commit()
    browser = Browser(app, held.counsellor.user)
    url = f"/counsellor/reviews/{review.public_id}/respond"
    empty = browser.submit(url, {"response": " "}, page="/counsellor/reviews", htmx=True)
    assert empty.status_code == 422
    assert "Write your answer." in empty.text
    done = browser.submit(url, {"response": "Thank you"}, page="/counsellor/reviews", htmx=True)
    assert done.status_code == 200
    assert "Your answer" in done.text
    other = Browser(app, make_counsellor().user)
    db_session.commit()
    assert other.submit(url, {"response": "Mine"}, page="/counsellor/reviews").status_code == 404


def test_the_admin_publishes_and_takes_back(app: Flask, held: CounsellingSession, db_session: Session) -> None:
    review = make_review(held, published=False, text="Waiting words")
    browser = Browser(app, make_user(role="admin"))
    db_session.commit()
    assert "Waiting words" in browser.get("/admin/reviews").text
    done = browser.submit(
        f"/admin/reviews/{review.public_id}/publish", {"note": "ok"}, page="/admin/reviews", htmx=True
    )
    assert done.status_code == 200
    assert "Waiting words" not in done.text
    db_session.refresh(review)
    assert review.published_at is not None
    page = "/admin/reviews?show=published"
    assert browser.submit(f"/admin/reviews/{review.public_id}/unpublish", page=page).status_code == 303
    assert "Waiting words" not in browser.get("/admin/reviews").text
    assert "Waiting words" in browser.get("/admin/reviews?show=taken-back").text
    assert "Waiting words" not in browser.get(page).text


def test_the_admin_decides_not_to_publish(app: Flask, held: CounsellingSession, db_session: Session) -> None:
    review = make_review(held, published=False, text="Rude words")
    browser = Browser(app, make_user(role="admin"))
    db_session.commit()
    assert "Do not publish" in browser.get("/admin/reviews").text
    done = browser.submit(f"/admin/reviews/{review.public_id}/unpublish", page="/admin/reviews", htmx=True)
    assert done.status_code == 200
    assert "Rude words" not in done.text
    kept = browser.get("/admin/reviews?show=taken-back").text
    assert "Rude words" in kept
    assert "Do not publish" not in kept


def test_lists_cost_the_same_at_any_length(app: Flask, held: CounsellingSession, db_session: Session) -> None:
    admin, owner = make_user(role="admin"), held.counsellor.user
    make_review(held)
    counts = []
    for _ in range(2):
        for user, url in ((admin, "/admin/reviews?show=all"), (owner, "/counsellor/reviews")):
            browser = Browser(app, user)
            browser.get(url)
            db_session.expire_all()
            with count_queries() as seen:
                assert browser.get(url).status_code == 200
            counts.append(len(seen))
        for number in range(8):
            start = NOW - dt.timedelta(days=3 + number)
            make_review(make_session(make_enrolment(make_user()), held.counsellor, start, status="completed"))
    assert counts[:2] == counts[2:]
