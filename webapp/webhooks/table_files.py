"""The log of a webhook as a file."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Select

from webapp.core.csv_export import Cell, moment_cell
from webapp.exports.reading import count_rows, stream_rows
from webapp.exports.registry import Params, register_export
from webapp.webhooks.models import AttemptStatus, WebhookDelivery
from webapp.webhooks.queries import get_endpoint, shown_deliveries

HEADER = ("When", "Event", "State", "Tries", "Answer", "Milliseconds", "Delivered", "Error", "Delivery")


def register_table_files() -> None:
    """Offer the deliveries of one endpoint (``endpoint``, a public id); harmless to repeat."""
    register_export(
        "deliveries",
        title="Deliveries of a webhook",
        filename="deliveries.csv",
        header=HEADER,
        count=lambda params: count_rows(_wanted(params)),
        rows=_rows,
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
