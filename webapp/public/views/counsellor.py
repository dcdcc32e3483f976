"""One counsellor: profile, calendar, single sessions, reviews. Mail and phone are never shown."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, g, request, url_for

from webapp.accounts.viewer import viewer_zone
from webapp.bookings.picker_url import read_query
from webapp.core.access import allow
from webapp.core.htmx import render
from webapp.core.pagination import read_page
from webapp.core.replicas import may_lag
from webapp.counsellors.models import Counsellor
from webapp.counsellors.queries import get_profile, get_public
from webapp.enrolments.models import Enrolment
from webapp.enrolments.queries import bookable_with, usable_enrolments
from webapp.packages.queries import packages_with
from webapp.packages.rules import EXAM_LABELS, exam_label, read_exam, sessions_words
from webapp.public.calendar import CounsellorCalendar, build_calendar
from webapp.public.presenters import Seo, description, guided_words, paragraphs, tone_of, years_words
from webapp.public.reviews import ReviewList, reviews_of_counsellor
from webapp.public.views.blueprint import blueprint, known_url, part_wanted, shell, student

PACKAGES = 4
ASKED = ("month", "date", "zone")


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A single session on sale, price in paise; ``url`` None: it cannot be bought here yet."""

    title: str
    text: str
    minutes: int
    price: int
    url: str | None


@dataclass(frozen=True, slots=True)
class PackageRow:
    """A package this counsellor counsels in, prices in paise."""

    name: str
    url: str
    words: str
    price: int
    original: int


@blueprint.get("/counsellors/<public_id>")
@allow("public")
@may_lag
def counsellor(public_id: str) -> Response:
    """Show a counsellor's page, another day of the calendar, or another page of the reviews."""
    part = part_wanted("picker", "reviews")
    if part == "reviews":
        return render("public/counsellor.html", "public/_reviews.html", reviews=_reviews(get_public(public_id)))
    if part == "picker":
        page = _calendar(get_public(public_id))
        return render("public/counsellor.html", "public/_calendar.html", page=page)
    who = get_profile(public_id)
    return render(
        "public/counsellor.html",
        layout=shell(),
        seo=Seo(
            f"{who.name}, {who.title}",
            description(who.short_bio, who.bio),
            url_for("public.counsellor", public_id=who.public_id),
        ),
        who=who,
        tone=tone_of(who),
        page=_calendar(who),
        about=paragraphs(who.bio),
        years=years_words(who.experience),
        guided=guided_words(who),
        exams=[_exam_link(value) for value in who.exam_types],
        topics=[(word, url_for("public.counsellors", specialization=word)) for word in who.specializations],
        links=_links(who),
        services=_services(who),
        packages=_packages(who),
        reviews=_reviews(who),
    )


def _calendar(who: Counsellor) -> CounsellorCalendar:
    user = student()
    mine = usable_enrolments(user.id, g.now) if user else []
    fitting: list[Enrolment] = bookable_with(mine, who.id)
    asked = {name: request.args.get(name, "") for name in ASKED}
    return build_calendar(
        who,
        read_query(asked, own_zone=viewer_zone()),
        path=url_for("public.counsellor", public_id=who.public_id),
        picker_path=url_for("bookings.pick", public_id=who.public_id),
        student_id=user.id if user else None,
        enrolment=fitting[0] if fitting else None,
        now=g.now,
    )


def _exam_link(value: str) -> tuple[str, str]:
    exam = read_exam(value)
    return exam_label(value), url_for("public.counsellors", exam=exam.value) if exam else ""


def _links(who: Counsellor) -> list[tuple[str, str]]:
    """Return (name, address) of profiles elsewhere; only https addresses become links."""
    names = {"linkedin": "LinkedIn", "twitter": "X"}
    return [
        (label, url)
        for key, label in names.items()
        if isinstance(url := who.social_links.get(key), str) and url.startswith("https://")
    ]


def _services(who: Counsellor) -> list[ServiceRow]:
    return [
        ServiceRow(
            one.title,
            one.description,
            one.duration,
            one.price,
            known_url("payments.service_checkout", service=one.public_id),
        )
        for one in who.services
        if one.is_active
    ]


def _packages(who: Counsellor) -> list[PackageRow]:
    return [
        PackageRow(
            one.name,
            url_for("public.package", slug=one.slug),
            f"{EXAM_LABELS[one.exam_type]} · {sessions_words(one.max_sessions, one.session_minutes)}",
            one.selling_price,
            one.price,
        )
        for one in packages_with(who.id)[:PACKAGES]
    ]


def _reviews(who: Counsellor) -> ReviewList:
    url = url_for("public.counsellor", public_id=who.public_id)
    return reviews_of_counsellor(who, read_page(request.args.get("page")), url)
