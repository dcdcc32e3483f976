"""The landing page: promise, exams, packages, who is free soon, what students say, a question to us."""

from __future__ import annotations

from flask import Response, g, render_template, url_for
from markupsafe import Markup

from webapp.accounts.viewer import viewer_zone
from webapp.bookings.queries import house_deadline_hours
from webapp.core.access import allow
from webapp.core.htmx import render
from webapp.core.pieces import kept
from webapp.core.replicas import may_lag
from webapp.inquiries.views.guidance import guidance_form
from webapp.public.landing import ROWS, House, people_of, the_house
from webapp.public.presenters import CounsellorCard, Seo
from webapp.public.views.blueprint import blueprint


@blueprint.get("/")
@allow("public")
@may_lag
def landing() -> Response:
    """Show the landing page: what everybody is shown alike, and the form for a question."""
    house = the_house(g.now)
    return render(
        "public/landing.html",
        layout="layouts/public.html",
        seo=Seo(
            "Counselling for JEE, NEET and WBJEE",
            "Sit down by video with a counsellor who knows JoSAA, MCC and state rounds. See real free times, "
            "prices, and what is not included.",
            url_for("public.landing"),
        ),
        shown=_shown(house),
        reviews=house.reviews,
        guidance=guidance_form(),
    )


def _shown(house: House) -> Markup:
    """Return all but the form, as it stands for everybody in this zone."""
    people, zone = people_of(house, g.now), viewer_zone()
    times = tuple((card.url, card.soonest) for card in people)
    return kept("landing", (zone, times), ROWS, lambda: _draw(house, people, zone), now=g.now)


def _draw(house: House, people: list[CounsellorCard], zone: str) -> Markup:
    hours = house_deadline_hours()
    drawn = render_template("public/_landing.html", house=house, people=people, zone=zone, deadline_hours=hours)
    return Markup(drawn)  # noqa: S704  our own template has escaped what is not ours
