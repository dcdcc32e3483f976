"""The log of deliveries is kept for a while; what is still on its way stays, however old."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import NOW
from tests.webhooks.conftest import add_endpoint, deliveries, tell
from webapp.webhooks.jobs import forget_old
from webapp.webhooks.models import AttemptStatus, WebhookDelivery
from webapp.webhooks.services import forgetting

DAY = dt.timedelta(days=1)


def test_what_ended_ninety_days_ago_is_forgotten(db_session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "BATCH", 2)
    add_endpoint("https://hooks.example.com/in")
    for number, (status, age) in enumerate((status, age) for status in AttemptStatus for age in (89, 91)):
        tell(number, now=NOW - age * DAY)
        newest = select(WebhookDelivery).order_by(WebhookDelivery.id.desc()).limit(1)
        db_session.scalars(newest).one().status = status
    db_session.commit()
    assert forget_old(NOW) == 3
    left = [(row.status, (NOW - row.created_at).days) for row in deliveries()]
    assert sorted(left) == sorted(
        [(status, 89) for status in AttemptStatus]
        + [(status, 91) for status in (AttemptStatus.PENDING, AttemptStatus.SENDING)]
    )
    assert forget_old(NOW) == 0
