"""What of money waits for the admin, a line each, and the tile of what came in. Pure but for addresses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from flask import url_for

from webapp.core.money import format_rupees
from webapp.dashboards.admin.waiting import Waiting
from webapp.dashboards.words import counted, time_since
from webapp.payments.emails import method_words
from webapp.payments.models import Match, Payment, Refund
from webapp.payments.queries import MoneyWaiting, Revenue, WebhookHealth
from webapp.payments.queries.trail import money

WHAT = {
    Match.UNKNOWN_ORDER: "captured, no order matches",
    Match.WRONG_AMOUNT: "captured, a wrong amount",
    Match.DUPLICATE: "paid twice",
}
SAYS_NOTHING = 300  # per cent: beyond it a percentage tells less than the figure itself


def money_rows(waiting: MoneyWaiting, now: dt.datetime) -> Iterator[Waiting]:
    """All rows of money: what is captured and unmatched first."""
    yield from _unmatched_rows(waiting, now)
    yield from _failed_rows(waiting.failed, now)
    yield from _request_rows(waiting.requests, now)
    yield from _webhook_rows(waiting.webhooks, now)


def _unmatched_rows(waiting: MoneyWaiting, now: dt.datetime) -> Iterator[Waiting]:
    for one in waiting.unmatched:
        yield Waiting(
            icon="cash",
            title=f"{money(one, one.amount - one.refunded)} {WHAT[one.match]}",
            text=_source(one),
            age=time_since(one.captured_at or one.created_at, now),
            action="Match payment",
            url=url_for("admin_payments.payment", public_id=one.public_id),
            tone="bad",
            urgent=True,
        )
    if rest := waiting.unmatched_total - len(waiting.unmatched):
        title, url = f"{counted(rest, 'more payment')} without a match", url_for("admin_payments.unmatched")
        yield Waiting("cash", title, "Captured, but nobody was enrolled", "", "Open list", url, "bad")


def _source(payment: Payment) -> str:
    order = payment.order
    parts = [f"{order.user.name}, {order.title}" if order else "", payment.gateway_payment_id]
    return " · ".join(part for part in [*parts, method_words(payment.method)] if part)


def _failed_rows(refunds: Iterable[Refund], now: dt.datetime) -> Iterator[Waiting]:
    for one in refunds:
        order = one.payment.order
        yield Waiting(
            icon="receipt-refund",
            title=f"Refund of {money(one.payment, one.amount)} failed at the gateway",
            text=f"{order.user.name if order else 'Nobody we know'} · {one.last_error or 'No reason given'}",
            age=time_since(one.updated_at, now),
            action="Send again",
            url=url_for("admin_payments.retry", public_id=one.public_id),
            tone="bad",
            post=True,
        )


def _request_rows(refunds: Iterable[Refund], now: dt.datetime) -> Iterator[Waiting]:
    for one in refunds:
        order = one.payment.order
        yield Waiting(
            icon="receipt-refund",
            title=f"Refund asked by {order.user.name if order else 'somebody'}",
            text=_bought(one),
            age=time_since(one.requested_at, now),
            action="Decide",
            url=url_for("admin_payments.refund_request", public_id=one.public_id),
            tone="warn",
        )


def _bought(refund: Refund) -> str:
    order, words = refund.payment.order, money(refund.payment, refund.amount)
    if order is None or order.enrolment is None:
        return words
    used = order.enrolment.sessions_used
    return f"{words}, {order.title}, {counted(used, 'session') if used else 'no session'} used"


def _webhook_rows(health: WebhookHealth, now: dt.datetime) -> Iterator[Waiting]:
    if health.quiet:
        yield Waiting(
            icon="plug-connected-x",
            title="No message from the payment gateway",
            text=f"{counted(health.open_orders, 'order')} may have been paid without our knowing",
            age=time_since(health.last_event_at, now) if health.last_event_at else "",
            action="Look at payments",
            url=url_for("admin_payments.payments"),
            tone="warn",
        )


def revenue_tile(revenue: Revenue) -> tuple[str, str, str, str]:
    """Return label, figure, comparison and its tone for the tile."""
    change, words, tone = revenue.change, "", ""
    if change and abs(change) > SAYS_NOTHING:
        words = f"{format_rupees(revenue.before)} in the {revenue.days} days before"
    elif change:
        words = f"{abs(change)} % {'above' if change > 0 else 'below'} the {revenue.days} days before"
        tone = "ok" if change > 0 else "bad"
    return f"Revenue, {revenue.days} days", format_rupees(revenue.now), words, tone
