from __future__ import annotations

from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

import pytest

from webapp.counsellors.queries import Facets
from webapp.counsellors.rules import CounsellorFilter, CounsellorSort
from webapp.packages.models import ExamType
from webapp.public.filters import CatalogueQuery, read_catalogue

FACETS = Facets(
    languages={"Hindi": ("Hindi", "hindi"), "English": ("English",)},
    specializations={"JoSAA choice list": ("JoSAA choice list",)},
)
PATH = "/counsellors"
FULL = {
    "exam": "jee",
    "language": "Hindi",
    "specialization": "JoSAA choice list",
    "rating": "4.5",
    "search": "drop year",
    "sort": "rating",
    "page": "2",
}


def read(**asked: str) -> CatalogueQuery:
    return read_catalogue(asked, FACETS, PATH)


def test_an_address_is_read_and_written_back_the_same() -> None:
    query = read(**FULL)
    assert dict(parse_qsl(urlsplit(query.url).query)) == FULL
    assert query.problems == ()
    assert query.narrowing(FACETS) == CounsellorFilter(
        exam="jee",
        languages=("Hindi", "hindi"),
        specializations=("JoSAA choice list",),
        min_rating=Decimal("4.5"),
        search="drop year",
    )


def test_everything_is_the_bare_address() -> None:
    query = read(exam="", language="", rating="", sort="soonest", page="1", search="  ")
    assert query.url == PATH
    assert (query.active, query.words, query.problems) == ([], "", ())


def test_case_does_not_matter() -> None:
    query = read(exam="JEE", language="HINDI", sort="Name")
    assert (query.exam, query.language, query.sort) == (ExamType.JEE, "Hindi", CounsellorSort.NAME)


def test_every_filter_can_be_taken_off_alone() -> None:
    query = read(**FULL)
    assert [one.label for one in query.active] == ["JEE", "Hindi", "JoSAA choice list", "4.5 and up", "“drop year”"]
    without = dict(parse_qsl(urlsplit(query.active[1].url).query))
    assert without == {name: value for name, value in FULL.items() if name not in {"language", "page"}}
    assert query.all_url == f"{PATH}?sort=rating"
    assert query.folded == 4


def test_the_list_says_what_it_is_of() -> None:
    assert read(exam="neet", language="english").words == "for NEET UG, who speak English"
    assert read(rating="4", search="fees").words == "rated 4 and up, matching “fees”"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("exam", "<script>", "is not an exam"),
        ("exam", "gate", "is not an exam"),
        ("language", "Klingon", "Nobody here speaks"),
        ("specialization", "' or 1=1", "specialisation"),
        ("rating", "99", "is not a rating"),
        ("rating", "nan", "is not a rating"),
        ("sort", "password", "cannot sort by"),
        ("search", "x" * 4000, "first 80 characters"),
    ],
)
def test_what_is_not_known_is_named_and_left_out(name: str, value: str, says: str) -> None:
    query = read(**{name: value})
    assert len(query.problems) == 1
    assert says in query.problems[0]
    assert len(query.problems[0]) < 130
    assert name == "search" or query.url == PATH


@pytest.mark.parametrize("page", ["abc", "0", "-1", "", "1e9", "99999999999999", "٣", "2\x00"])
def test_an_unreadable_page_is_the_first(page: str) -> None:
    assert read(page=page).page == 1
