from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from tests.factories import NOW, make_counsellor, make_enrolment, make_package, make_review, make_session, make_user
from tests.queries import count_queries
from webapp.counsellors.models import Counsellor
from webapp.packages.models import Package
from webapp.reviews.models import Review
from webapp.reviews.queries import distribution, published_for, tally_of
from webapp.reviews.rules import shorten_name

HOUR = dt.timedelta(hours=1)


def review(
    counsellor: Counsellor, *, rating: int = 5, name: str = "Amit Kumar", package: Package | None = None,
    published: bool = True, hours: int = 0, text: str = "Clear and kind.",
) -> Review:  # fmt: skip
    enrolment = make_enrolment(make_user(name=name), package)
    session = make_session(enrolment, counsellor, NOW, status="cancelled")
    made = make_review(session, rating=rating, published=published, text=text)
    if published:
        made.published_at = NOW + hours * HOUR
    return made


def test_names_are_shortened() -> None:
    assert shorten_name("Amit Kumar") == "Amit K."
    assert shorten_name("Ananya van der berg") == "Ananya B."
    assert shorten_name("Cher") == "Cher"
    assert shorten_name("  ") == "A student"


def test_only_published_reviews_are_seen_the_newest_first(db_session: Session) -> None:
    counsellor, package = make_counsellor(name="Meera", calendar=False), make_package(name="JEE Complete")
    review(counsellor, rating=4, hours=1, package=package)
    review(counsellor, rating=5, hours=2, name="Rohan Mehta Das")
    review(counsellor, rating=1, published=False)
    found = published_for([counsellor.id])
    assert [(one.rating, one.author) for one in found] == [(5, "Rohan D."), (4, "Amit K.")]
    assert (found[1].counsellor, found[1].about) == ("Meera", "JEE Complete")
    assert published_for([counsellor.id], 1, offset=1) == found[1:]
    assert published_for([]) == []


def test_reviews_of_a_package_and_of_active_counsellors_only(db_session: Session) -> None:
    counsellor, package = make_counsellor(calendar=False), make_package()
    review(counsellor, package=package)
    review(counsellor, text="")
    review(make_counsellor(calendar=False, is_active=False), package=package)
    assert len(published_for(package_id=package.id)) == 1
    assert len(published_for()) == 2
    assert len(published_for(with_text=True)) == 1
    assert distribution(package_id=package.id).count == 1


def test_the_distribution_counts_published_reviews(db_session: Session) -> None:
    counsellor = make_counsellor(calendar=False)
    for rating in (5, 5, 2):
        review(counsellor, rating=rating)
    review(counsellor, rating=1, published=False)
    spread = distribution([counsellor.id])
    assert spread.by_stars == {5: 2, 4: 0, 3: 0, 2: 1, 1: 0}
    assert (spread.count, spread.average) == (3, 4.0)
    assert distribution([0]).average == 0.0
    assert (tally_of(counsellor.id).count, tally_of(counsellor.id).stars) == (3, 12)


def test_a_list_of_reviews_is_one_statement(db_session: Session) -> None:
    counsellor = make_counsellor(calendar=False)
    for _ in range(5):
        review(counsellor)
    whose = counsellor.id
    db_session.expire_all()
    with count_queries() as seen:
        assert len(published_for([whose])) == 5
    assert len(seen) == 1
