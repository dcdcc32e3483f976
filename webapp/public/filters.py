"""The address of the list of counsellors, read and written: what is filtered, how it is sorted, which page.

What cannot be read is left out and named in ``problems``: an old or mistyped link still shows counsellors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from urllib.parse import urlencode

from webapp.core.pagination import read_page
from webapp.counsellors.queries import Facets
from webapp.counsellors.rules import SEARCH_LIMIT, CounsellorFilter, CounsellorSort, clean_search
from webapp.packages.models import ExamType
from webapp.packages.rules import EXAM_LABELS, read_exam

RATINGS = {"4.5": "4.5 and up", "4": "4 and up", "3.5": "3.5 and up"}
SORTS = {
    CounsellorSort.SOONEST: "Soonest free",
    CounsellorSort.RATING: "Rating",
    CounsellorSort.EXPERIENCE: "Experience",
    CounsellorSort.NAME: "Name",
}
SHOWN = 40


@dataclass(frozen=True, slots=True)
class ActiveFilter:
    """A filter that is on, and the address without it."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class CatalogueQuery:
    """What an address of the list asks for; "" and None ask for everything."""

    path: str
    exam: ExamType | None = None
    language: str = ""
    specialization: str = ""
    rating: str = ""
    search: str = ""
    sort: CounsellorSort = CounsellorSort.SOONEST
    page: int = 1
    problems: tuple[str, ...] = ()

    def narrowing(self, facets: Facets) -> CounsellorFilter:
        """Return the filter the query of counsellors takes."""
        return CounsellorFilter(
            exam=self.exam.value if self.exam else "",
            languages=facets.languages.get(self.language, ()),
            specializations=facets.specializations.get(self.specialization, ()),
            min_rating=Decimal(self.rating) if self.rating else None,
            search=self.search,
        )

    @property
    def url(self) -> str:
        """The shortest address that shows this."""
        parts = {
            "exam": self.exam.value if self.exam else "",
            "language": self.language,
            "specialization": self.specialization,
            "rating": self.rating,
            "search": self.search,
            "sort": "" if self.sort is CounsellorSort.SOONEST else self.sort.value,
            "page": str(self.page) if self.page > 1 else "",
        }
        asked = urlencode({name: value for name, value in parts.items() if value})
        return f"{self.path}?{asked}" if asked else self.path

    def page_url(self, page: int) -> str:
        """The address of another page of the same list."""
        return replace(self, page=page).url

    @property
    def all_url(self) -> str:
        """The address without any filter, in the same order."""
        return CatalogueQuery(self.path, sort=self.sort).url

    @property
    def active(self) -> list[ActiveFilter]:
        """The filters that are on, each with the way to take it off."""
        first = replace(self, page=1)
        found = [
            (EXAM_LABELS[self.exam] if self.exam else "", replace(first, exam=None)),
            (self.language, replace(first, language="")),
            (self.specialization, replace(first, specialization="")),
            (RATINGS.get(self.rating, ""), replace(first, rating="")),
            (f"“{self.search}”" if self.search else "", replace(first, search="")),
        ]
        return [ActiveFilter(label, without.url) for label, without in found if label]

    @property
    def folded(self) -> int:
        """How many of the filters are on that fold away on a phone (the exam does not)."""
        return len(self.active) - (self.exam is not None)

    @property
    def words(self) -> str:
        """What the list is of: "for JEE, who speak Hindi"; "" for everybody."""
        parts = [
            f"for {EXAM_LABELS[self.exam]}" if self.exam else "",
            f"who speak {self.language}" if self.language else "",
            f"with {self.specialization}" if self.specialization else "",
            f"rated {RATINGS[self.rating]}" if self.rating else "",
            f"matching “{self.search}”" if self.search else "",
        ]
        return ", ".join(part for part in parts if part)


def read_catalogue(args: Mapping[str, str], facets: Facets, path: str) -> CatalogueQuery:
    """Read the query string of the list of counsellors."""
    asked = {
        name: clean_search(args.get(name, "")) for name in ("exam", "language", "specialization", "rating", "sort")
    }
    typed = " ".join(args.get("search", "").split())
    query = CatalogueQuery(
        path=path,
        exam=read_exam(asked["exam"]),
        language=_known(asked["language"], facets.languages),
        specialization=_known(asked["specialization"], facets.specializations),
        rating=asked["rating"] if asked["rating"] in RATINGS else "",
        search=clean_search(typed),
        sort=_sort(asked["sort"]) or CounsellorSort.SOONEST,
        page=read_page(args.get("page")),
    )
    problems = {
        f"“{asked['exam'][:SHOWN]}” is not an exam we counsel for. All exams are shown.": asked["exam"]
        and query.exam is None,
        f"Nobody here speaks “{asked['language'][:SHOWN]}” yet. All languages are shown.": asked["language"]
        and not query.language,
        f"We do not know the specialisation “{asked['specialization'][:SHOWN]}”. All are shown.": asked[
            "specialization"
        ]
        and not query.specialization,
        f"“{asked['rating'][:SHOWN]}” is not a rating to choose. All ratings are shown.": asked["rating"]
        and not query.rating,
        f"We cannot sort by “{asked['sort'][:SHOWN]}”. The soonest free come first.": asked["sort"]
        and _sort(asked["sort"]) is None,
        f"We searched for the first {SEARCH_LIMIT} characters.": len(typed) > SEARCH_LIMIT,
    }
    return replace(query, problems=tuple(words for words, wrong in problems.items() if wrong))


def _known(asked: str, spellings: Mapping[str, tuple[str, ...]]) -> str:
    """Return the spelling that is shown of a word, "" for a word nobody uses."""
    wanted = asked.casefold()
    return next((shown for shown in spellings if shown.casefold() == wanted), "") if wanted else ""


def _sort(asked: str) -> CounsellorSort | None:
    try:
        return CounsellorSort(asked.lower())
    except ValueError:
        return None
