from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.factories import make_counsellor, make_service, make_user
from tests.queries import count_queries
from webapp.accounts.models import Role
from webapp.core.errors import NotFound
from webapp.counsellors.queries import (
    counsellor_of,
    count_by_exam,
    facets,
    figures,
    get_profile,
    get_public,
    in_order,
    list_counsellors,
    listed,
)
from webapp.counsellors.rules import CounsellorFilter, CounsellorSort


def named(filters: CounsellorFilter | None = None, sort: CounsellorSort = CounsellorSort.SOONEST) -> list[str]:
    return [one.name for one in in_order(list_counsellors(filters or CounsellorFilter(), sort))]


def person(name: str, **columns: Any) -> None:
    make_counsellor(name=name, calendar=False, **columns)


def test_an_inactive_profile_is_nowhere(db_session: Session) -> None:
    gone = make_counsellor(name="Gone", is_active=False, languages=["Latin"], exam_types=["wbjee"])
    assert named() == []
    assert listed() == []
    assert count_by_exam() == {}
    assert facets().languages == {}
    assert figures().counsellors == 0
    assert figures().rating is None
    for look_up in (get_public, get_profile):
        with pytest.raises(NotFound):
            look_up(gone.public_id)


@pytest.mark.parametrize("public_id", ["", "counsellor_", "counsellor_nobody", "counsellor_\x00", "x" * 4000, "1"])
def test_an_unknown_id_is_not_found(db_session: Session, public_id: str) -> None:
    with pytest.raises(NotFound):
        get_public(public_id)


def test_a_profile_comes_with_its_services_in_two_statements(db_session: Session) -> None:
    counsellor = make_counsellor()
    for position in (2, 1):
        make_service(counsellor, title=f"Service {position}", position=position)
    public_id = counsellor.public_id
    db_session.expire_all()
    with count_queries() as seen:
        found = get_profile(public_id)
        titles = [service.title for service in found.services]
    assert titles == ["Service 1", "Service 2"]
    assert len(seen) == 2


def test_the_own_profile_is_found_even_while_inactive(db_session: Session) -> None:
    counsellor = make_counsellor(is_active=False)
    assert counsellor.user is not None
    assert counsellor_of(counsellor.user) is counsellor
    with pytest.raises(NotFound):
        counsellor_of(make_user(role=Role.STUDENT))


def test_filters_narrow(db_session: Session) -> None:
    person("A", exam_types=["jee"], languages=["Hindi"], specializations=["CSAB"], rating=Decimal("4.9"))
    person("B", exam_types=["jee", "wbjee"], languages=["bengali"], specializations=["TFW"], rating=Decimal("4.4"))
    person("C", exam_types=["neet"], languages=["Bengali"], specializations=["AYUSH"], rating=Decimal("4.5"))
    assert named(CounsellorFilter(exam="jee")) == ["A", "B"]
    assert named(CounsellorFilter(languages=("Bengali", "bengali"))) == ["B", "C"]
    assert named(CounsellorFilter(specializations=("AYUSH",))) == ["C"]
    assert named(CounsellorFilter(min_rating=Decimal("4.5"))) == ["A", "C"]
    assert named(CounsellorFilter(exam="jee", languages=("Bengali", "bengali"))) == ["B"]
    assert named(CounsellorFilter(exam="neet", min_rating=Decimal(5))) == []


def test_search_finds_every_word_in_name_title_bio_or_specialisation(db_session: Session) -> None:
    person("Meera Krishnan", title="JoSAA choice lists", bio="IIT Madras", specializations=["Drop year"])
    person("Sourav Banerjee", title="State seats", short_bio="100% TFW papers", specializations=[])
    assert named(CounsellorFilter(search="meera")) == ["Meera Krishnan"]
    assert named(CounsellorFilter(search="DROP madras josaa")) == ["Meera Krishnan"]
    assert named(CounsellorFilter(search="meera tfw")) == []
    assert named(CounsellorFilter(search="100%")) == ["Sourav Banerjee"]
    assert named(CounsellorFilter(search="%")) == ["Sourav Banerjee"]
    assert named(CounsellorFilter(search="_")) == []
    assert named(CounsellorFilter(search="\\")) == []
    assert named(CounsellorFilter(search="'; drop table users; --")) == []


def test_mail_and_phone_are_not_searched(db_session: Session) -> None:
    person("Meera", email="secret@example.com", phone="+919830012345")
    assert named(CounsellorFilter(search="secret")) == []
    assert named(CounsellorFilter(search="98300")) == []


def test_orders(db_session: Session) -> None:
    person("beta", rating=Decimal("4.1"), experience=9, display_order=1)
    person("Alpha", rating=Decimal("4.8"), experience=2, display_order=2)
    person("Gamma", rating=Decimal("4.8"), review_count=7, experience=9, display_order=3)
    assert named(sort=CounsellorSort.SOONEST) == ["beta", "Alpha", "Gamma"]
    assert named(sort=CounsellorSort.RATING) == ["Gamma", "Alpha", "beta"]
    assert named(sort=CounsellorSort.EXPERIENCE) == ["Gamma", "beta", "Alpha"]
    assert named(sort=CounsellorSort.NAME) == ["Alpha", "beta", "Gamma"]


def test_facets_gather_spellings_and_count(db_session: Session) -> None:
    person("A", languages=["Hindi", "English"], exam_types=["jee", "jee"])
    person("B", languages=["Hindi", "english "], exam_types=["jee", "neet"])
    person("C", languages=["", "English"], exam_types=[])
    found = facets()
    assert list(found.languages) == ["English", "Hindi"]
    assert set(found.languages["English"]) == {"English", "english "}
    assert count_by_exam() == {"jee": 2, "neet": 1}


def test_figures_weigh_ratings_by_reviews(db_session: Session) -> None:
    person("A", rating=Decimal(5), review_count=3, students_guided=100)
    person("B", rating=Decimal(3), review_count=1, students_guided=50)
    person("C", rating=Decimal(1), review_count=0)
    found = figures()
    assert (found.counsellors, found.students_guided, found.rating) == (3, 150, Decimal("4.5"))


def test_the_list_is_two_statements_whatever_its_length(db_session: Session) -> None:
    for number in range(15):
        person(f"Person {number}")
    db_session.expire_all()
    with count_queries() as seen:
        assert len(named()) == 15
    assert len(seen) == 2
    assert in_order([]) == []
