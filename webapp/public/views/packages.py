"""Packages by exam, and one package with everything a buyer asks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, g, request, url_for

from webapp.accounts.viewer import viewer_zone
from webapp.bookings.queries import house_deadline_hours
from webapp.bookings.queries.kept import kept_soonest
from webapp.core.access import allow
from webapp.core.htmx import render
from webapp.core.pagination import read_page
from webapp.core.replicas import may_lag
from webapp.core.times import format_day
from webapp.counsellors.models import Counsellor
from webapp.counsellors.rules import clean_search
from webapp.enrolments.models import Enrolment
from webapp.enrolments.queries import usable_enrolments
from webapp.packages.models import ExamType, Package
from webapp.packages.presenters import badge_of
from webapp.packages.queries import counsellors_of, count_by_exam, get_by_slug, list_packages
from webapp.packages.rules import EXAM_LABELS, EXAM_LONG, per_session, read_exam, validity_words
from webapp.public.presenters import (
    Segment,
    Seo,
    description,
    paragraphs,
    soonest_first,
    tone_of,
)
from webapp.public.reviews import ReviewList, reviews_of_package
from webapp.public.views.blueprint import blueprint, cards_of, known_url, part_wanted, shell, student

PEOPLE = 6


@blueprint.get("/packages")
@allow("public")
@may_lag
def packages() -> Response:
    """Show the packages on sale, all or of one exam."""
    asked = clean_search(request.args.get("exam", ""))
    exam = read_exam(asked)
    counts = count_by_exam()
    label = EXAM_LABELS[exam] if exam else ""
    return render(
        "public/packages.html",
        "public/_package_list.html",
        layout=shell(),
        seo=Seo(
            f"{label} counselling packages" if exam else "Counselling packages for JEE, NEET and WBJEE",
            "Compare sessions, validity and price, and see what each package includes and what it does not.",
            url_for("public.packages", exam=exam.value if exam else None),
        ),
        problem=f"“{asked[:40]}” is not an exam we counsel for. All packages are shown." if asked and not exam else "",
        label=label,
        people_url=url_for("public.counsellors", exam=exam.value) if exam else "",
        segments=_segments(exam, counts),
        cards=cards_of(list_packages(exam)),
    )


def _segments(current: ExamType | None, counts: Mapping[ExamType, int]) -> list[Segment]:
    everything = Segment("All", url_for("public.packages"), sum(counts.values()), current is None)
    return [
        everything,
        *(
            Segment(label, url_for("public.packages", exam=exam.value), counts.get(exam, 0), current is exam)
            for exam, label in EXAM_LABELS.items()
        ),
    ]


@dataclass(frozen=True, slots=True)
class Person:
    """A counsellor of a package: their page, their times, the soonest free one."""

    name: str
    title: str
    tone: int
    photo: str | None
    url: str
    times_url: str
    soonest: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Buying:
    """What the viewer can do with a package now; an address that is None is not offered."""

    enrolment: Enrolment | None
    book_url: str | None
    pick_url: str | None
    buy_url: str | None


@blueprint.get("/packages/<slug>")
@allow("public")
@may_lag
def package(slug: str) -> Response:
    """Show one package, or another page of its reviews."""
    found = get_by_slug(slug)
    if part_wanted("reviews"):
        return render("public/package.html", "public/_reviews.html", reviews=_reviews(found))
    return render("public/package.html", layout=shell(), **package_page(found, counsellors_of(found)))


def package_page(found: Package, counsellors: Sequence[Counsellor]) -> dict[str, Any]:
    """Return what the page of a package shows; the desk's preview gives one that is not saved."""
    people = _people(found, counsellors)
    return {
        "seo": Seo(
            f"{found.name}: {EXAM_LABELS[found.exam_type]} counselling",
            description(found.short_description, found.description),
            url_for("public.package", slug=found.slug),
        ),
        "package": found,
        "badge": badge_of(found),
        "exam": EXAM_LONG[found.exam_type],
        "exam_url": url_for("public.packages", exam=found.exam_type.value),
        "lead": paragraphs(found.description) or [found.short_description],
        "terms": paragraphs(found.terms),
        "each": per_session(found.selling_price, found.max_sessions) if found.max_sessions > 1 else 0,
        "validity": validity_words(found.validity_days),
        "until": format_day(g.now + dt.timedelta(days=found.validity_days), viewer_zone()),
        "deadline_hours": house_deadline_hours(),
        "people": people,
        "people_count": len(counsellors),
        "people_url": url_for("public.counsellors", exam=found.exam_type.value),
        "buying": _buying(found, people),
        "reviews": _reviews(found),
    }


def _people(found: Package, counsellors: Sequence[Counsellor]) -> list[Person]:
    """Return those of a package's counsellors who are free soonest; two statements, if any."""
    rows = {row.id: row for row in counsellors}
    soonest = kept_soonest(list(rows), now=g.now, duration=found.session_minutes)
    first = soonest_first(rows, soonest)[:PEOPLE]
    return [_person(rows[one], soonest.get(one), found.slug) for one in first]


def _person(row: Counsellor, soonest: dt.datetime | None, slug: str) -> Person:
    return Person(
        name=row.name,
        title=row.title,
        tone=tone_of(row),
        photo=row.photo,
        url=url_for("public.counsellor", public_id=row.public_id),
        times_url=url_for("bookings.pick", public_id=row.public_id, package=slug),
        soonest=soonest,
    )


def _buying(found: Package, people: list[Person]) -> Buying:
    user = student()
    mine = [one for one in usable_enrolments(user.id, g.now) if one.package_id == found.id] if user else []
    enrolment = mine[0] if mine else None
    return Buying(
        enrolment=enrolment,
        book_url=url_for("bookings.choose", enrolment=enrolment.public_id) if enrolment else None,
        pick_url=people[0].times_url if people else None,
        buy_url=known_url("payments.checkout", slug=found.slug),
    )


def _reviews(found: Package) -> ReviewList:
    url = url_for("public.package", slug=found.slug)
    return reviews_of_package(found, read_page(request.args.get("page")), url)
