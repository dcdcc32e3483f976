"""The guidance form: on its own page, on the landing page, and what comes back when it was sent.

A visitor gets no cookie here, so there is no session whose rights somebody else could use; the origin of the
request is checked instead. Who is signed in has the token of every other form.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, Response, current_app, g, request, url_for
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.forms import show_errors
from webapp.accounts.models import User
from webapp.accounts.viewer import viewer
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import ValidationFailed
from webapp.core.htmx import is_htmx, render, see_other
from webapp.core.limits import address_key, hit
from webapp.extensions import csrf
from webapp.inquiries.forms_public import GuidanceForm, new_form
from webapp.inquiries.models import Inquiry
from webapp.inquiries.queries.public import inquiry_of_receipt
from webapp.inquiries.services import submit_inquiry
from webapp.inquiries.stamps import (
    TOO_OLD,
    Stamp,
    pace_problem,
    read_receipt,
    read_stamp,
    stamp_of,
    write_receipt,
    write_stamp,
)

blueprint = Blueprint("guidance", __name__)
log = structlog.get_logger(__name__)
LIMITS = ((20, 600), (100, 86_400))  # how many, in how many seconds; a school's pupils share one address
TRAPPED = "Something filled in a field that people do not see. It is empty again: look the rest over and send it."
NOT_STORED = "We could not take it in just now. Nothing was lost: send it again in a minute."
TOO_OFTEN = "Many questions have come from your network just now. Nothing was lost: send it again in a while."


@dataclass(frozen=True, slots=True)
class Seo:
    """What search engines and messengers read of a page."""

    title: str
    description: str
    path: str


def guidance_form() -> GuidanceForm:
    """Return an empty form for the page that is being shown."""
    stamp = stamp_of(request.args, request.referrer, _own_hosts(), g.now)
    return new_form(stamp, request.args, _viewer())


@blueprint.get("/guidance")
@allow("public")
def form() -> Response:
    """Show the form."""
    return _form_page(guidance_form())


@blueprint.post("/guidance")
@csrf.exempt  # type: ignore[untyped-decorator]  # see above
@allow("public")
def send() -> BaseResponse:
    """Take a question in; what is wrong comes back in place with everything that was typed."""
    _check_origin()
    typed = GuidanceForm()
    stamp = read_stamp(typed.stamp.data or "")
    problem = TRAPPED if typed.website.data else pace_problem(stamp, g.now)
    if problem or stamp is None:
        return _again(typed, stamp, problem or "")
    if wait := _too_often():
        return _form_page(typed, 429, TOO_OFTEN, retry_after=wait)
    return _take_in(typed, stamp)


def _too_often() -> int:
    """Count this question for its network; return the seconds to wait, 0 if it may be asked."""
    for limit, seconds in LIMITS:
        verdict = hit(f"guidance:{address_key(request.remote_addr)}", limit, seconds, now=g.now)
        if not verdict.allowed:
            return verdict.retry_after
    return 0


def _take_in(typed: GuidanceForm, stamp: Stamp) -> BaseResponse:
    try:
        if unknown := typed.unknown_choices():
            raise ValidationFailed(fields=unknown)
        with transaction():
            inquiry = submit_inquiry(entry=typed.entry(stamp), now=g.now)
    except ValidationFailed as error:
        show_errors(typed, error.fields)
        return _form_page(typed, error.http_status)
    except OperationalError as error:  # away, or busy for longer than a statement may wait
        log.error("inquiry_not_stored", error=str(error.orig))
        return _form_page(typed, 503, NOT_STORED, retry_after=60)
    return _sent_page(inquiry) if is_htmx() else see_other(_sent_url(inquiry))


@blueprint.get("/guidance/sent/<key>")
@allow("public")
def sent(key: str) -> Response:
    """Show the ticket of a question that was sent, and what happens next; the key is signed and says no name."""
    return _sent_page(inquiry_of_receipt(read_receipt(key)))


def _again(typed: GuidanceForm, stamp: Stamp | None, problem: str) -> Response:
    """Ask to send it again: with a new stamp if the old one is no good, and nothing in the trap."""
    typed.website.data = ""
    if stamp is None or g.now - stamp.at > TOO_OLD or stamp.at > g.now:
        kept = stamp or stamp_of(request.args, None, _own_hosts(), g.now)
        typed.stamp.data = write_stamp(replace(kept, at=g.now))
    return _form_page(typed, 422, problem)


def _form_page(typed: GuidanceForm, status: int = 200, problem: str = "", retry_after: int = 0) -> Response:
    seo = Seo(
        "Free guidance for JEE, NEET and WBJEE",
        "Tell us your exam, rank and question. A person answers within 24 hours, by phone or mail, free of charge.",
        url_for("guidance.form"),
    )
    answer = render(
        "inquiries/guidance.html",
        "inquiries/_guidance_form.html",
        status=status,
        layout="layouts/public.html",
        seo=seo,
        guidance=typed,
        problem=problem,
    )
    if retry_after:
        answer.headers["Retry-After"] = str(retry_after)
    return answer


def _sent_page(inquiry: Inquiry) -> Response:
    seo = Seo("We have your question", "Your ticket, and what happens next.", url_for("guidance.form"))
    return render(
        "inquiries/guidance_sent.html",
        "inquiries/_guidance_sent.html",
        layout="layouts/public.html",
        seo=seo,
        ticket=inquiry.ticket_number,
        due=inquiry.answer_due_at,
    )


def _sent_url(inquiry: Inquiry) -> str:
    return url_for("guidance.sent", key=write_receipt(inquiry.public_id))


def _viewer() -> User | None:
    return viewer() if current_user.is_authenticated else None


def _own_hosts() -> frozenset[str]:
    return frozenset({request.host.lower(), urlsplit(current_app.config["SETTINGS"].base_url).netloc.lower()})


def _check_origin() -> None:
    """Refuse a form of another site; browsers say where a POST comes from.

    Raises:
        CSRFError: it is not from here, or the token of who is signed in is missing.
    """
    if current_user.is_authenticated:
        csrf.protect()
        return
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if site not in (None, "same-origin", "none"):
        raise CSRFError("The form is another site's.")
    if site is None and origin is not None and urlsplit(origin).netloc.lower() not in _own_hosts():
        raise CSRFError("The form is another site's.")
