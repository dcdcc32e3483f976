"""The packages of the demo, and the single sessions its counsellors sell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.counsellors.models import Counsellor, Service
from webapp.demo.seed.profiles import PROFILES
from webapp.packages.models import ExamType, Package, PackageFeature

TERMS = (
    "Cancel or move a session free of charge until 24 hours before it starts. Full refund within 7 days if no "
    "session has been used; after that the unused part less 10 %. The price includes GST."
)
JEE_TEAM = ("meera", "harpreet", "kavita", "imran", "lakshmi", "sourav")
NEET_TEAM = ("arvind", "farhana", "ritu", "anil")


@dataclass(frozen=True, slots=True)
class Offer:
    """A package: price and discounted price in rupees, features as (title, explanation); ``without`` is not in it."""

    slug: str
    name: str
    exam: ExamType
    short: str
    text: str
    price: int
    discounted: int | None
    days: int
    sessions: int
    minutes: int
    team: tuple[str, ...]
    highlights: tuple[str, ...]
    within: tuple[tuple[str, str], ...]
    without: tuple[tuple[str, str], ...]
    badge: tuple[str, str] | None = None
    featured: bool = False


OFFERS = (
    Offer(
        "jee-complete",
        "JEE Complete",
        ExamType.JEE,
        "From your January attempt to the last CSAB round.",
        "Six sessions with counsellors you choose, a prediction report, and a choice list that two people have "
        "checked. You bring your percentile and your worries; you leave with a list in writing.",
        19999,
        14999,
        240,
        6,
        45,
        JEE_TEAM,
        ("Choice list of up to 120 entries", "Live support on round days", "Parent joins any session"),
        (
            ("6 sessions of 45 minutes", "By video or phone, at times you pick"),
            ("Rank and college prediction report", "After each attempt, by category and home state"),
            ("Choice list of up to 120 entries", "Built together, reviewed by a second counsellor"),
            ("Live support on round days", "Chat on JoSAA rounds 1 to 6 and CSAB, 9 AM to 9 PM IST"),
            ("Parent joins any session", "No extra cost, separate link"),
            ("Notes and next steps in writing", "After every session, on your page"),
        ),
        (
            ("Private university applications", "BITSAT, VITEEE and others: see Private Engineering"),
            ("WBJEE choice list", "Add WBJEE Focus"),
        ),
        ("Most chosen", "#e8960c"),
        featured=True,
    ),
    Offer(
        "neet-all-india-state",
        "NEET All India + State",
        ExamType.NEET,
        "MCC and one home-state counselling, in step.",
        "All India and state rounds side by side, so that a seat in one does not cost you a better one in the other. "
        "Fees, bond and stipend are compared before any choice is filled.",
        21999,
        17499,
        270,
        7,
        45,
        NEET_TEAM,
        ("AIQ and state choice lists", "Fee, bond and stipend comparison", "Document check before reporting"),
        (
            ("7 sessions of 45 minutes", "By video or phone, at times you pick"),
            ("AIQ and state choice lists", "One order that works in both counsellings"),
            ("Fee, bond and stipend comparison", "For every college on your list"),
            ("Document check before reporting", "Category, domicile and gap certificates"),
            ("Notes and next steps in writing", "After every session, on your page"),
        ),
        (("Deemed universities", "See NEET Deemed and Abroad"), ("Admission abroad", "See NEET Deemed and Abroad")),
        ("New for 2027", "#3f3aa8"),
        featured=True,
    ),
    Offer(
        "wbjee-focus",
        "WBJEE Focus",
        ExamType.WBJEE,
        "State engineering seats without the guesswork.",
        "Jadavpur, Calcutta, KGEC and the private seats with four years of closing ranks. Papers are checked early, "
        "and after each round you know whether to upgrade or to lock.",
        7499,
        5999,
        180,
        3,
        45,
        ("sourav", "kavita"),
        ("Closing ranks of 4 years", "Domicile and TFW papers checked"),
        (
            ("3 sessions of 45 minutes", "By video or phone, at times you pick"),
            ("Closing ranks of 4 years", "By branch, category and home state"),
            ("Domicile and TFW papers checked", "Before the reporting centre does"),
            ("Upgrade or lock advice after each round", "Within a day"),
        ),
        (
            ("JoSAA choice list", "See WBJEE and JoSAA Together"),
            ("Live support on round days", "See WBJEE and JoSAA Together"),
        ),
        featured=True,
    ),
    Offer(
        "jee-private-engineering",
        "Private Engineering",
        ExamType.JEE,
        "BITSAT, VITEEE and the better private universities.",
        "Applications, slots and deposits of eight private universities on one page, with what each of them refunds.",
        11999,
        9999,
        200,
        4,
        45,
        ("harpreet", "lakshmi", "anil"),
        ("Eight universities compared", "Deposit and refund calendar"),
        (
            ("4 sessions of 45 minutes", "By video or phone, at times you pick"),
            ("Eight universities compared", "Fees, placements, refund rules"),
            ("Deposit and refund calendar", "So that no deadline is lost"),
        ),
        (
            ("JoSAA choice list", "See JEE Complete"),
            ("Hostel and travel booking", "We advise, the booking is yours"),
        ),
    ),
    Offer(
        "one-hour-of-clarity",
        "One hour of clarity",
        ExamType.JEE,
        "One long session when you do not know where to begin.",
        "An hour with one counsellor: where your percentile leads, what an improvement would change, and what to do "
        "in the next four weeks.",
        2499,
        None,
        60,
        1,
        60,
        (),
        ("One session of 60 minutes", "A plan for four weeks in writing"),
        (
            ("1 session of 60 minutes", "By video or phone"),
            ("A plan for four weeks in writing", "On your page after the session"),
        ),
        (("Choice list", "See JEE Complete"), ("Live support on round days", "See JEE Complete")),
    ),
    Offer(
        "neet-deemed-abroad",
        "NEET Deemed and Abroad",
        ExamType.NEET,
        "The whole cost of a deemed seat or a seat abroad, before you pay.",
        "Deemed and management seats, NRI quota, and six countries abroad: total cost, patients, licence exam.",
        24999,
        19999,
        300,
        6,
        45,
        ("farhana", "anil"),
        ("Total cost over five and a half years", "Licence exam results by country"),
        (
            ("6 sessions of 45 minutes", "By video or phone, at times you pick"),
            ("Total cost compared", "Tuition, hostel, exam and visa, year by year"),
            ("Sponsor and NRI papers checked", "With a list of what is missing"),
        ),
        (
            ("Payments to universities", "You pay them directly, never through us"),
            ("State quota rounds", "See NEET All India + State"),
        ),
        ("Parents ask for it", "#0f766e"),
    ),
    Offer(
        "neet-documents",
        "NEET Document Desk",
        ExamType.NEET,
        "Every certificate checked against the rule of your state.",
        "Two short sessions, one before registration and one before reporting.",
        2999,
        2499,
        150,
        2,
        30,
        ("ritu", "arvind"),
        ("Category, domicile and gap papers",),
        (
            ("2 sessions of 30 minutes", "By video or phone"),
            ("A list of what is missing", "With where to get it and how long it takes"),
        ),
        (("Choice list", "See NEET All India + State"),),
    ),
    Offer(
        "wbjee-josaa-together",
        "WBJEE and JoSAA Together",
        ExamType.WBJEE,
        "Two counsellings, one order of preference.",
        "For students with both ranks: when to hold the state seat, when to let it go, with the dates of both sides.",
        16999,
        12999,
        240,
        6,
        45,
        ("sourav", "meera", "kavita"),
        ("Both choice lists", "Live support on round days"),
        (
            ("6 sessions of 45 minutes", "By video or phone, at times you pick"),
            ("Both choice lists", "Kept in one order of preference"),
            ("Domicile and TFW papers checked", "Before the reporting centre does"),
            ("Live support on round days", "Chat, 9 AM to 9 PM IST"),
        ),
        (("Private university applications", "See Private Engineering"),),
    ),
)


def make_services(session: Session, counsellors: Mapping[str, Counsellor]) -> None:
    """Add the single sessions of the given new counsellors."""
    for profile in PROFILES:
        if profile.key not in counsellors:
            continue
        for position, single in enumerate(profile.services):
            session.add(
                Service(
                    counsellor_id=counsellors[profile.key].id,
                    title=single.title,
                    description=single.text,
                    duration=single.minutes,
                    price=single.price,
                    position=position,
                )
            )


def make_packages(session: Session, counsellors: Mapping[str, Counsellor]) -> dict[str, Package]:
    """Add the packages that are missing; return those of the demo that exist, by slug."""
    packages = {row.slug: row for row in session.scalars(select(Package).where(Package.slug.in_(_slugs())))}
    for order, offer in enumerate(OFFERS):
        if offer.slug not in packages:
            packages[offer.slug] = _package(offer, order, counsellors)
            session.add(packages[offer.slug])
    session.flush()  # enrolments need their ids
    return packages


def _slugs() -> list[str]:
    return [offer.slug for offer in OFFERS]


def _package(offer: Offer, order: int, counsellors: Mapping[str, Counsellor]) -> Package:
    badge, colour = offer.badge or (None, None)
    lines = [(title, text, True) for title, text in offer.within]
    lines += [(title, text, False) for title, text in offer.without]
    return Package(
        slug=offer.slug,
        name=offer.name,
        exam_type=offer.exam,
        short_description=offer.short,
        description=offer.text,
        price=offer.price * 100,
        discount_price=offer.discounted * 100 if offer.discounted is not None else None,
        validity_days=offer.days,
        max_sessions=offer.sessions,
        session_minutes=offer.minutes,
        highlights=list(offer.highlights),
        badge=badge,
        badge_color=colour,
        terms=TERMS,
        is_featured=offer.featured,
        display_order=order,
        counsellors=[counsellors[key] for key in offer.team if key in counsellors],
        features=[
            PackageFeature(title=title, description=text, included=included, position=position)
            for position, (title, text, included) in enumerate(lines)
        ],
    )
