"""What a counsellor earned: the sessions, the payouts, what is owed. Their own page, and a part of the admins'."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import Blueprint, Response, current_app, g, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.viewer import viewer, viewer_zone
from webapp.config import Settings
from webapp.core.access import allow
from webapp.core.errors import NotFound
from webapp.core.htmx import render
from webapp.core.pagination import Page, read_page
from webapp.counsellors.models import Counsellor
from webapp.counsellors.queries import counsellor_of
from webapp.exports.answer import answer_export
from webapp.exports.registry import read_params
from webapp.payments.models import Payout
from webapp.payments.queries import (
    Balance,
    balance_for,
    earnings_page,
    payouts_page,
)
from webapp.payments.rules.periods import Period, period_span
from webapp.payments.views.admin_base import Listing

blueprint = Blueprint("earnings", __name__)
LABELS = {
    Period.WEEK: "This week",
    Period.MONTH: "This month",
    Period.LAST_MONTH: "Last month",
    Period.YEAR: "This year",
    Period.ALL: "All",
}


@dataclass(frozen=True, slots=True)
class Earnings:
    """What the page reads: the balance, the period's sessions with their sum in paise, the payouts."""

    counsellor: Counsellor
    balance: Balance
    period: Period
    listing: Listing
    earned: int
    payouts: Page[Payout]
    share_percent: int

    @property
    def tabs(self) -> list[tuple[str, str, bool]]:
        """The periods: word, address, whether it is the one shown."""
        return [(LABELS[one], f"{self.listing.path}?period={one.value}", one is self.period) for one in Period]

    @property
    def average(self) -> int:
        """What one session of the period earned on average, in paise."""
        return self.earned // self.listing.page.total if self.listing.page.total else 0


def read_earnings(counsellor: Counsellor, path: str, *, export: str = "", default: Period = Period.MONTH) -> Earnings:
    """Gather the page; seven statements whatever there is. ``export`` is the kind of file admins get."""
    period = asked_period(default)
    since, until = period_span(period, viewer_zone(), g.now)
    page, earned = earnings_page(counsellor.id, read_page(request.args.get("page")), since=since, until=until)
    return Earnings(
        counsellor=counsellor,
        balance=balance_for(counsellor),
        period=period,
        listing=Listing(page, path, {"period": period.value}, export),
        earned=earned,
        payouts=payouts_page(counsellor.id, read_page(request.args.get("payouts"))),
        share_percent=cast(Settings, current_app.config["SETTINGS"]).counsellor_share_percent,
    )


def asked_period(default: Period) -> Period:
    """Return the period of the URL; anything unknown is the default."""
    text = request.args.get("period", "")
    return Period(text) if text in list(Period) else default


@blueprint.get("/counsellor/earnings")
@allow("counsellor")
def mine() -> Response:
    """Show the signed-in counsellor's own earnings by ``period`` (week, month, last-month, year, all)."""
    try:
        counsellor = counsellor_of(viewer())
    except NotFound:
        return render("payments/admin/no_profile.html")
    view = read_earnings(counsellor, url_for("earnings.mine"))
    return render("payments/admin/earnings.html", "payments/admin/_earnings.html", view=view)


@blueprint.post("/counsellor/earnings.csv")
@allow("counsellor")
def mine_csv() -> BaseResponse:
    """Hand out the signed-in counsellor's own earnings of the period; as with every export, a row says so."""
    counsellor, zone = counsellor_of(viewer()), viewer_zone()
    asked = {"period": asked_period(Period.MONTH).value, "counsellor": counsellor.public_id}
    params = read_params(asked.items(), now=g.now, zone=zone)
    return answer_export("earnings", params, owner=viewer(), zone=zone, now=g.now, may_wait=False)
