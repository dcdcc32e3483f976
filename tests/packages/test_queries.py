from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests.factories import make_counsellor, make_package
from tests.queries import count_queries
from webapp.core.errors import NotFound
from webapp.packages.models import ExamType
from webapp.packages.queries import (
    counsellors_of,
    count_by_exam,
    get_by_slug,
    list_packages,
    packages_with,
    slugs_on_sale,
)


def test_only_what_is_on_sale_is_seen(db_session: Session) -> None:
    counsellor = make_counsellor(calendar=False)
    for hidden in (make_package(is_active=False), make_package(is_archived=True)):
        with pytest.raises(NotFound):
            get_by_slug(hidden.slug)
    assert list_packages() == []
    assert count_by_exam() == {}
    assert packages_with(counsellor.id) == []
    assert slugs_on_sale() == []


@pytest.mark.parametrize("slug", ["", "no-such-plan", "a\x00b", "UPPER", "x" * 4000, "../etc/passwd", "-a"])
def test_an_unknown_slug_is_not_found(db_session: Session, slug: str) -> None:
    with pytest.raises(NotFound):
        get_by_slug(slug)


def test_packages_by_exam_in_the_houses_order(db_session: Session) -> None:
    second = make_package(display_order=2)
    first = make_package(display_order=1)
    featured = make_package(display_order=3, is_featured=True)
    neet = make_package(exam_type=ExamType.NEET, display_order=0)
    assert list_packages() == [neet, first, second, featured]
    assert list_packages(ExamType.JEE) == [first, second, featured]
    assert list_packages(limit=2, featured_first=True) == [featured, neet]
    assert count_by_exam() == {ExamType.JEE: 3, ExamType.NEET: 1}


def test_who_counsels(db_session: Session) -> None:
    one, two = make_counsellor(calendar=False), make_counsellor(calendar=False)
    away = make_counsellor(calendar=False, is_active=False)
    listing, open_to_all, orphaned = (
        make_package(counsellors=[two, away]),
        make_package(),
        make_package(counsellors=[away]),
    )
    assert counsellors_of(listing) == [two]
    assert counsellors_of(open_to_all) == [one, two]
    assert counsellors_of(orphaned) == []
    assert packages_with(one.id) == [open_to_all]
    assert packages_with(two.id) == [listing, open_to_all]


def test_features_do_not_cost_a_statement_each(db_session: Session) -> None:
    for _ in range(8):
        make_package()
    db_session.expire_all()
    with count_queries() as seen:
        assert all(package.features for package in list_packages())
    assert len(seen) == 2
