"""Reads of webhooks, for admins."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import contains_eager

from webapp.core.db import db
from webapp.core.errors import NotFound
from webapp.core.pagination import Page, paginate
from webapp.webhooks.models import GONE, AttemptStatus, WebhookDelivery, WebhookEndpoint

D, E = WebhookDelivery, WebhookEndpoint
LATELY = dt.timedelta(days=7)
UNDER_WAY = (AttemptStatus.PENDING, AttemptStatus.SENDING)


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """An endpoint in the list: what waits for it, what was given up, and its latest delivery."""

    endpoint: WebhookEndpoint
    waiting: int
    failed: int
    latest: WebhookDelivery | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """An endpoint that wants an admin's eye: deliveries given up, or switched off by its own receiver."""

    endpoint: WebhookEndpoint
    failed: int


def list_endpoints(page: int, limit: int = 20) -> tuple[list[EndpointRow], Page[WebhookEndpoint]]:
    """Return a page of endpoints, the newest first; four statements."""
    found = paginate(db.session(), every_endpoint(), page=page, limit=limit)
    ids = [one.id for one in found.items]
    counts = count_open(ids)
    latest_ids = select(func.max(D.id)).where(D.endpoint_id.in_(ids)).group_by(D.endpoint_id)
    latest = {one.endpoint_id: one for one in db.session.scalars(select(D).where(D.id.in_(latest_ids)))}
    rows = [EndpointRow(one, *counts.get(one.id, (0, 0)), latest.get(one.id)) for one in found.items]
    return rows, found


def every_endpoint() -> Select[WebhookEndpoint]:
    """Return the query of `list_endpoints`, for its page and its file."""
    return select(E).order_by(E.id.desc())


def count_open(endpoint_ids: list[int]) -> dict[int, tuple[int, int]]:
    """Return for each endpoint how many deliveries are under way and how many were given up; one statement."""
    rows = db.session.execute(
        select(D.endpoint_id, func.count().filter(D.status.in_(UNDER_WAY)), func.count())
        .where(D.endpoint_id.in_(endpoint_ids), D.status.in_([*UNDER_WAY, AttemptStatus.FAILED]))
        .group_by(D.endpoint_id)
    )
    return {row[0]: (row[1], row[2] - row[1]) for row in rows}


def get_endpoint(public_id: str) -> WebhookEndpoint:
    """Return an endpoint; NotFound without one."""
    endpoint = db.session.scalar(select(E).where(E.public_id == public_id))
    if endpoint is None:
        raise NotFound("We could not find that webhook.")
    return endpoint


def deliveries_of(
    endpoint: WebhookEndpoint, *, status: AttemptStatus | None = None, event: str = "", page: int = 1, limit: int = 20
) -> Page[WebhookDelivery]:
    """Return a page of an endpoint's deliveries, the newest first; two statements."""
    return paginate(db.session(), shown_deliveries(endpoint, status=status, event=event), page=page, limit=limit)


def shown_deliveries(endpoint: WebhookEndpoint, *, status: AttemptStatus | None, event: str) -> Select[WebhookDelivery]:
    """Return the query of `deliveries_of`, for its page and its file."""
    wanted = select(D).where(D.endpoint_id == endpoint.id).order_by(D.id.desc())
    if status is not None:
        wanted = wanted.where(D.status.in_(UNDER_WAY) if status in UNDER_WAY else D.status == status)
    if event:
        wanted = wanted.where(D.event == event)
    return wanted


def get_delivery(endpoint_id: str, delivery_id: str) -> WebhookDelivery:
    """Return one delivery of an endpoint, with the endpoint; NotFound without one."""
    delivery = db.session.scalar(
        select(D)
        .join(D.endpoint)
        .where(E.public_id == endpoint_id, D.public_id == delivery_id)
        .options(contains_eager(D.endpoint))
    )
    if delivery is None:
        raise NotFound("We could not find that delivery.")
    return delivery


def endpoints_in_trouble(now: dt.datetime) -> list[Trouble]:
    """Return active endpoints with deliveries given up, and those gone within a week; one statement."""
    failed = func.count(D.id).filter(E.is_active)
    gone_lately = and_(E.disabled_reason == GONE, E.updated_at > now - LATELY)
    rows = db.session.execute(
        select(E, failed)
        .outerjoin(D, and_(D.endpoint_id == E.id, D.status == AttemptStatus.FAILED))
        .where(or_(and_(E.is_active, D.id.is_not(None)), gone_lately))
        .group_by(E.id)
        .order_by(failed.desc(), E.id)
    )
    return [Trouble(row[0], row[1]) for row in rows]
