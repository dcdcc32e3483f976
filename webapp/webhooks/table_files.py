"""Webhooks and the log of one as files."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Select

from webapp.core.csv_export import Cell, moment_cell
from webapp.exports.reading import count_rows, stream_rows
from webapp.exports.registry import Params, register_export
from webapp.webhooks.models import AttemptStatus, WebhookDelivery
from webapp.webhooks.queries import count_open, every_endpoint, get_endpoint, shown_deliveries

ENDPOINT_HEADER = ("Added", "Address", "Description", "On", "Why off", "Events", "Under way", "Given up", "Webhook")
HEADER = ("When", "Event", "State", "Tries", "Answer", "Milliseconds", "Delivered", "Error", "Delivery")


def register_table_files() -> None:
    """Offer the endpoints, and the deliveries of one (``endpoint``, a public id); harmless to repeat."""
    register_export(
        "webhooks",
        title="Webhooks",
        filename="webhooks.csv",
        header=ENDPOINT_HEADER,
        count=lambda _params: count_rows(every_endpoint()),
        rows=_endpoint_rows,
    )
    register_export(
        "deliveries",
        title="Deliveries of a webhook",
        filename="deliveries.csv",
        header=HEADER,
        count=lambda params: count_rows(_wanted(params)),
        rows=_rows,
    )


def _endpoint_rows(_params: Params, zone: str) -> Iterator[tuple[Cell, ...]]:
    endpoints = list(stream_rows(every_endpoint()))  # made by hand, so there are few
    counts = count_open([one.id for one in endpoints])
    for one in endpoints:
        waiting, failed = counts.get(one.id, (0, 0))
        yield (
            moment_cell(one.created_at, zone),
            one.url,
            one.description,
            "yes" if one.is_active else "no",
            one.disabled_reason,
            ", ".join(one.events),
            waiting,
            failed,
            one.public_id,
        )


def _wanted(params: Params) -> Select[WebhookDelivery]:
    status = params.get("status", "")
    return shown_deliveries(
        get_endpoint(params.get("endpoint", "")),
        status=AttemptStatus(status) if status in list(AttemptStatus) else None,
        event=params.get("event", ""),
    )


def _rows(params: Params, zone: str) -> Iterator[tuple[Cell, ...]]:
    for one in stream_rows(_wanted(params)):
        yield (
            moment_cell(one.created_at, zone),
            one.event,
            one.status.value,
            one.attempts,
            one.response_status,
            one.answer_ms,
            moment_cell(one.delivered_at, zone),
            one.error,
            one.public_id,
        )
