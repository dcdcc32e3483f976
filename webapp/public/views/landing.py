"""The landing page: promise, exams, packages, who is free soonest, what students say, a question to us."""

from __future__ import annotations

from flask import Response, g, url_for

from webapp.bookings.queries import house_deadline_hours, soonest_free
from webapp.core.access import allow
from webapp.core.htmx import render
from webapp.core.replicas import may_lag
from webapp.counsellors.queries import count_by_exam, figures, list_counsellors
from webapp.counsellors.rules import CounsellorFilter
from webapp.inquiries.views.guidance import guidance_form
from webapp.packages.models import ExamType
from webapp.packages.queries import count_by_exam as count_packages
from webapp.packages.queries import list_packages
from webapp.public.presenters import Seo, soonest_first, tracks
from webapp.public.views.blueprint import blueprint, cards_of, counsellor_cards
from webapp.reviews.queries import published_for

PACKAGES, PEOPLE, REVIEWS = 3, 4, 3


@blueprint.get("/")
@allow("public")
@may_lag
def landing() -> Response:
    """Show the landing page."""
    ids = list_counsellors(CounsellorFilter())
    soonest = soonest_free(ids, now=g.now)
    people = counsellor_cards(soonest_first(ids, soonest)[:PEOPLE], soonest)
    exams = {exam: url_for("public.counsellors", exam=exam.value) for exam in ExamType}
    return render(
        "public/landing.html",
        layout="layouts/public.html",
        seo=Seo(
            "Counselling for JEE, NEET and WBJEE",
            "Sit down by video with a counsellor who knows JoSAA, MCC and state rounds. See real free times, "
            "prices, and what is not included.",
            url_for("public.landing"),
        ),
        tracks=tracks(count_by_exam(), exams),
        packages=cards_of(list_packages(limit=PACKAGES, featured_first=True)),
        package_count=sum(count_packages().values()),
        people=people,
        first=people[0] if people and people[0].soonest else None,
        figures=figures(),
        reviews=published_for(limit=REVIEWS, with_text=True),
        guidance=guidance_form(),
        deadline_hours=house_deadline_hours(),
    )
