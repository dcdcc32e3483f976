"""The list of counsellors: filters, orders, pages; every state is an address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from flask import Response, g, request, url_for

from webapp.bookings.queries.kept import kept_soonest
from webapp.core.access import allow
from webapp.core.htmx import is_htmx, render
from webapp.core.pagination import Page
from webapp.core.pieces import kept, table_key
from webapp.core.replicas import may_lag
from webapp.counsellors.models import Counsellor
from webapp.counsellors.queries import facets, list_counsellors
from webapp.counsellors.rules import CounsellorSort
from webapp.packages.rules import EXAM_LABELS
from webapp.public.filters import RATINGS, SORTS, CatalogueQuery, read_catalogue
from webapp.public.presenters import CounsellorCard, Seo, counsellors_words, soonest_first
from webapp.public.views.blueprint import blueprint, counsellor_cards, shell

PER_PAGE = 12
PROFILES = [table_key(Counsellor)]


@blueprint.get("/counsellors")
@allow("public")
@may_lag
def counsellors() -> Response:
    """Show the counsellors who fit the filters, one page of them."""
    known = kept("facets", (), PROFILES, facets, now=g.now)
    query = read_catalogue(request.args, known, url_for("public.counsellors"))
    filters = query.narrowing(known)
    ids = kept("listed", (filters, query.sort), PROFILES, lambda: list_counsellors(filters, query.sort), now=g.now)
    query = replace(query, page=min(query.page, max(1, -(-len(ids) // PER_PAGE))))
    cards = _cards(ids, query)
    answer = render(
        "public/counsellors.html",
        "public/_counsellor_answer.html",
        layout=shell(),
        seo=_seo(query),
        query=query,
        found=Page(items=cards, total=len(ids), page=query.page, limit=PER_PAGE),
        heading=counsellors_words(len(ids)),
        languages=_choices(known.languages),
        topics=_choices(known.specializations),
        exams=[(exam.value, label) for exam, label in EXAM_LABELS.items()],
        ratings=RATINGS,
        sorts=[(sort.value, label) for sort, label in SORTS.items()],
    )
    if is_htmx():
        answer.headers["HX-Push-Url"] = query.url  # a form's own address would carry its empty fields
    return answer


def _choices(words: Iterable[str]) -> list[tuple[str, str]]:
    return [(word, word) for word in sorted(words, key=str.casefold)]


def _cards(ids: list[int], query: CatalogueQuery) -> list[CounsellorCard]:
    """Return the cards of the asked page; free times are read for the whole list only where they order it."""
    first, last = (query.page - 1) * PER_PAGE, query.page * PER_PAGE
    if query.sort is CounsellorSort.SOONEST:
        soonest = kept_soonest(ids, now=g.now)
        shown = soonest_first(ids, soonest)[first:last]
    else:
        shown = ids[first:last]
        soonest = kept_soonest(shown, now=g.now)
    at = {one: soonest[one] for one in shown if one in soonest}
    return kept("cards", (tuple(shown), tuple(at.items())), PROFILES, lambda: counsellor_cards(shown, at), now=g.now)


def _seo(query: CatalogueQuery) -> Seo:
    label = EXAM_LABELS[query.exam] if query.exam else "JEE, NEET and WBJEE"
    true_one = CatalogueQuery(query.path, exam=query.exam, page=query.page)
    return Seo(
        f"{label} counsellors",
        "People who do admissions counselling all year, with ratings, languages and the soonest free time of each.",
        true_one.url,
    )
