"""A time is bought along only if what is bought lasts until then."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from tests.factories import NOW
from tests.payments.world import DAY, SATURDAY_10, Shop, place, place_timed
from webapp.core.db import db, transaction
from webapp.core.errors import EnrolmentExpired
from webapp.payments.models import Order
from webapp.payments.services import checkout


def test_no_time_after_the_packages_end_is_bought_or_kept(shop: Shop) -> None:
    shop.package.validity_days = 2
    db.session.commit()
    assert NOW + 2 * DAY < SATURDAY_10
    with pytest.raises(EnrolmentExpired, match="ends on Fri, 11 Dec 2026, 9:30 AM IST"):
        place_timed(shop)
    assert db.session.scalar(select(func.count()).select_from(Order)) == 0
    order = place(shop)
    with pytest.raises(EnrolmentExpired), transaction():
        checkout.set_time(
            student=shop.student,
            order_id=order.public_id,
            starts_at=SATURDAY_10,
            counsellor_id=shop.counsellor.public_id,
            now=NOW,
        )
    assert order.wanted_starts_at is None
    shop.package.validity_days = 4
    db.session.commit()
    assert place_timed(shop).wanted_starts_at == SATURDAY_10
