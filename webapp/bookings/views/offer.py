"""Who looks at a picker, and whether they may book here: with which enrolment, or what is missing first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import url_for
from flask_login import current_user

from webapp.accounts.models import Role, User
from webapp.bookings.panel import Action, PanelKind, short_name
from webapp.bookings.picker_url import PickerQuery
from webapp.bookings.queries.articles import comes_with, find_article
from webapp.bookings.queries.kept import kept_enrolments
from webapp.bookings.selling import Article
from webapp.core.money import format_rupees
from webapp.core.times import format_day
from webapp.core.urls import path_of
from webapp.counsellors.models import Counsellor
from webapp.enrolments.models import Enrolment
from webapp.enrolments.queries import bookable_with, get_enrolment_for, usable_enrolments
from webapp.packages.queries import packages_with

if TYPE_CHECKING:
    from webapp.bookings.views.moving import Moving

OFFERED = 3  # packages named to somebody who has none
Actions = Callable[[str], list[Action]]


def _none(_here: str) -> list[Action]:
    return []


@dataclass(frozen=True, slots=True)
class Offer:
    """What this viewer can do with this counsellor's picker.

    ``enrolment`` (what one books with) or ``article`` (what one buys) gives the length and end of sessions
    even where something else is still missing; both where one has the package that one is about to buy.
    ``actions`` takes the address to come back to.
    """

    counsellor: Counsellor
    kind: PanelKind
    student_id: int | None = None
    enrolment: Enrolment | None = None
    article: Article | None = None
    heading: str = ""
    words: str = ""
    actions: Actions = _none
    others_url: str = ""
    moving: Moving | None = None

    @property
    def minutes(self) -> int | None:
        """The length of the session, None: the counsellor's own."""
        if self.article is not None:
            return self.article.minutes
        return self.enrolment.session_minutes if self.enrolment else None

    def ends(self, now: dt.datetime) -> dt.datetime | None:
        """Until when a session may begin."""
        if self.article is not None:
            return self.article.ends(now)
        return self.enrolment.expires_at if self.enrolment else None


def find_offer(counsellor: Counsellor, query: PickerQuery, now: dt.datetime) -> Offer:
    """Return what the signed-in (or unknown) viewer can do here; at most four statements.

    Raises:
        NotFound: the named enrolment is not the viewer's, or what is to be bought is not on sale.
    """
    article = None if query.enrolment else find_article(package=query.package, service=query.service)
    if article is not None and not comes_with(article, counsellor):
        return _elsewhere(counsellor, article)
    if not current_user.is_authenticated:
        return Offer(
            counsellor,
            PanelKind.SIGN_IN,
            article=article,
            heading="Sign in to keep this time" if article else "Sign in to book",
            words="The time you choose stays chosen. A new account takes a minute.",
            actions=_sign_in,
            others_url=_others_with(article) if article else path_of("public.counsellors"),
        )
    user: User = current_user
    if user.role is not Role.STUDENT:
        return Offer(
            counsellor,
            PanelKind.STAFF,
            heading="Students book here",
            words=f"You are signed in as {user.role.value}. This is the calendar as a student sees it.",
            others_url=url_for("public.counsellors"),
        )
    if article is not None:
        return _sale(counsellor, user, article, now)
    return _student_offer(counsellor, user, query.enrolment, now)


def _elsewhere(counsellor: Counsellor, article: Article) -> Offer:
    """The counsellor has nothing to do with what is to be bought: an old or a mistyped address."""
    name, others = short_name(counsellor.name), _others_with(article)
    known = ("Choose a counsellor", others) if others else ("See counsellors", url_for("public.counsellors"))
    return Offer(
        counsellor,
        PanelKind.PACKAGE,
        heading=f"{name} is not in {article.title}" if article.package else f"{name} does not sell this",
        words="Choose somebody who is." if others else "Choose another single session, or a package.",
        actions=lambda _here: [Action(*known)],
        others_url=others,
    )


def _others_with(article: Article) -> str:
    """Where another counsellor of the same package is chosen; a service has its one seller."""
    return url_for("bookings.choose", package=article.package.slug) if article.package else ""


def _sale(counsellor: Counsellor, user: User, article: Article, now: dt.datetime) -> Offer:
    others = _others_with(article)
    if not user.is_verified:
        return _verify_first(counsellor, user, article=article, others_url=others)
    mine = usable_enrolments(user.id, now) if article.package else []
    same = [one for one in mine if article.package and one.package_id == article.package.id]
    fitting = bookable_with(same, counsellor.id)
    return Offer(
        counsellor, PanelKind.BUY, user.id, fitting[0] if fitting else None, article=article, others_url=others
    )


def _verify_first(counsellor: Counsellor, user: User, **more: Any) -> Offer:
    return Offer(
        counsellor,
        PanelKind.VERIFY,
        user.id,
        heading="Confirm your mail address first",
        words=f"We wrote to {user.email}. Open the link in that mail, then come back to this time.",
        actions=lambda here: [Action("Send the mail again", url_for("accounts.verify_pending", next=here))],
        **more,
    )


def _sign_in(here: str) -> list[Action]:
    return [
        Action("Sign in", url_for("accounts.login", next=here)),
        Action("Create an account", url_for("accounts.signup", next=here)),
    ]


def _student_offer(counsellor: Counsellor, user: User, enrolment_id: str, now: dt.datetime) -> Offer:
    if enrolment_id:
        named = [get_enrolment_for(user, enrolment_id)]
        fitting = bookable_with(named, counsellor.id)
    else:
        found = kept_enrolments(user.id, counsellor.id, now=now)
        named, fitting = [one for one, _ in found], [one for one, fits in found if fits]
    usable = sorted(
        (one for one in fitting if one.is_usable(now) and one.sessions_left), key=lambda one: one.expires_at
    )
    if usable and user.is_verified:
        enrolment = usable[0]
        others = _others(enrolment, usable)
        return Offer(counsellor, PanelKind.FORM, user.id, enrolment, others_url=others)
    others = url_for("bookings.choose")
    if not user.is_verified:
        return _verify_first(counsellor, user, enrolment=usable[0] if usable else None, others_url=others)
    heading, words = _missing(counsellor, named, fitting, now)
    return Offer(
        counsellor,
        PanelKind.PACKAGE,
        user.id,
        heading=heading,
        words=words,
        actions=lambda here: [
            *([] if enrolment_id else _packages(counsellor, here)),
            Action("See packages", url_for("public.packages")),
            *([Action("Book with another counsellor", others)] if named and not fitting else []),
        ],
        others_url=others,
    )


def _packages(counsellor: Counsellor, here: str) -> list[Action]:
    """The first packages with this counsellor, each leading on with the same time."""
    found = packages_with(counsellor.id)[:OFFERED]
    joined = f"{here}{'&' if '?' in here else '?'}package="
    return [Action(f"{one.name}, {format_rupees(one.selling_price)}", joined + one.slug) for one in found]


def _others(enrolment: Enrolment, usable: list[Enrolment]) -> str:
    """Where else this student could book: nowhere, where the package has its one counsellor."""
    if enrolment.assigned_counsellor_id is None and enrolment.service_id is None:
        return path_of("bookings.choose", enrolment=enrolment.public_id)
    return url_for("bookings.choose") if len(usable) > 1 else ""


def _missing(
    counsellor: Counsellor, mine: list[Enrolment], fitting: list[Enrolment], now: dt.datetime
) -> tuple[str, str]:
    """Say why nothing of the student's books here."""
    name = short_name(counsellor.name)
    if not mine:
        return (
            "A package comes first",
            f"Sessions with {name} are part of a package. Choose one; a time you chose stays chosen.",
        )
    if not fitting:
        return f"{name} is not in your package", "Choose one of your counsellors, or another package."
    spent = next((one for one in fitting if one.is_usable(now)), None)
    if spent is not None:
        number = spent.sessions_total
        used = "The session is" if number == 1 else f"All {number} sessions are"
        return "No sessions left", f"{used} used in {spent.title}. Another package brings new ones."
    latest = max(fitting, key=lambda one: one.expires_at)
    ended = f"{latest.title} ended on {format_day(latest.expires_at)}"
    if latest.expires_at > now:
        ended = f"{latest.title} is no longer active"
    return "Your package has ended", f"{ended}. Another package brings new sessions."
