"""Prices, states, refunds, receipts and earnings, without a database."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.core.money import MAX_PAISE
from webapp.payments.models import DiscountType, OrderStatus, PaymentStatus, RefundStatus
from webapp.payments.rules import (
    ORDER_STEPS,
    PAYMENT_STEPS,
    REFUND_STEPS,
    IllegalStep,
    OrderEvent,
    PaymentEvent,
    RefundEvent,
    amount_in_words,
    counsellor_share,
    coupon_takes,
    financial_year,
    gst_inside,
    next_order,
    next_payment,
    next_refund,
    price_of,
    promised,
    receipt_number,
    refundable,
    session_value,
    status_with,
    working_days_after,
)

paise = st.integers(0, MAX_PAISE)


@given(paise, st.integers(0, 50))
def test_gst_is_what_the_price_includes(amount: int, percent: int) -> None:
    exact = Fraction(amount) - Fraction(amount) / (1 + Fraction(percent, 100))
    assert abs(gst_inside(amount, percent) - exact) <= Fraction(1, 2)


def test_gst_of_known_prices() -> None:
    assert gst_inside(1349900, 18) == 205917  # the mock's ₹13,499 holds ₹2,059
    assert gst_inside(118, 18) == 18
    assert gst_inside(3, 50) == 1
    assert gst_inside(0, 18) == 0


@given(st.integers(1, MAX_PAISE), st.integers(1, 100))
def test_a_percent_coupon(price: int, percent: int) -> None:
    off = coupon_takes(DiscountType.PERCENT, percent, price)
    assert 0 <= off <= price
    assert off == price or abs(off - Fraction(price * percent, 100)) <= Fraction(1, 2)
    assert price - off == 0 or price - off >= 100


def test_coupons_of_known_prices() -> None:
    assert coupon_takes(DiscountType.PERCENT, 10, 499900) == 49990
    assert coupon_takes(DiscountType.PERCENT, 100, 499900) == 499900
    assert coupon_takes(DiscountType.FIXED, 50000, 499900) == 50000
    assert coupon_takes(DiscountType.FIXED, 999999, 499900) == 499900
    assert coupon_takes(DiscountType.FIXED, 499850, 499900) == 499900  # 50 paise are let off


@given(st.integers(1, MAX_PAISE), st.data())
def test_the_sums_of_a_price_agree(price: int, data: st.DataObject) -> None:
    selling = data.draw(st.integers(0, price))
    coupon = data.draw(st.none() | st.tuples(st.just(DiscountType.FIXED), st.integers(1, MAX_PAISE)))
    made = price_of(price, selling, gst_percent=18, coupon=coupon)
    assert made.amount == price - made.discount - made.coupon_discount >= 0
    assert 0 <= made.tax <= made.amount
    with pytest.raises(ValueError, match="selling price"):
        price_of(price, price + 1, gst_percent=18)


def test_the_tables_are_the_only_steps() -> None:
    for status, event in product(OrderStatus, OrderEvent):
        if (status, event) not in ORDER_STEPS:
            with pytest.raises(IllegalStep):
                next_order(status, event)
    for paid, step in product(PaymentStatus, PaymentEvent):
        if (paid, step) not in PAYMENT_STEPS:
            with pytest.raises(IllegalStep):
                next_payment(paid, step)
    for state, move in product(RefundStatus, RefundEvent):
        if (state, move) not in REFUND_STEPS:
            with pytest.raises(IllegalStep):
                next_refund(state, move)


def test_nothing_leads_away_from_paid_and_processed() -> None:
    assert not [key for key in ORDER_STEPS if key[0] is OrderStatus.PAID]
    assert not [key for key in REFUND_STEPS if key[0] in (RefundStatus.PROCESSED, RefundStatus.DECLINED)]
    assert not [key for key in PAYMENT_STEPS if key[0] is PaymentStatus.REFUNDED]
    to_failed = [key[0] for key, end in PAYMENT_STEPS.items() if end is PaymentStatus.FAILED]
    assert to_failed == [PaymentStatus.PENDING]


R = RefundStatus


@pytest.mark.parametrize(
    ("refunds", "status"),
    [
        ([], PaymentStatus.SUCCEEDED),
        ([(R.DECLINED, 100)], PaymentStatus.SUCCEEDED),
        ([(R.REQUESTED, 40)], PaymentStatus.REFUND_PENDING),
        ([(R.APPROVED, 100)], PaymentStatus.REFUND_PENDING),
        ([(R.PROCESSED, 40)], PaymentStatus.PARTIALLY_REFUNDED),
        ([(R.PROCESSED, 40), (R.FAILED, 60)], PaymentStatus.PARTIALLY_REFUNDED),
        ([(R.PROCESSED, 40), (R.PROCESSED, 60)], PaymentStatus.REFUNDED),
    ],
)
def test_what_refunds_make_of_a_payment(refunds: list[tuple[RefundStatus, int]], status: PaymentStatus) -> None:
    assert status_with(PaymentStatus.SUCCEEDED, 100, refunds) is status


def test_what_is_promised_and_what_is_left() -> None:
    rows = [(R.REQUESTED, 1), (R.DECLINED, 2), (R.APPROVED, 4), (R.PENDING, 8), (R.PROCESSED, 16), (R.FAILED, 32)]
    assert promised(rows) == 28
    assert (refundable(100, 28), refundable(100, 100), refundable(0, 5)) == (72, 0, 0)


def test_working_days_leave_out_weekends_by_the_clock_of_india() -> None:
    friday = dt.datetime(2026, 12, 11, 20, 0, tzinfo=dt.UTC)  # Saturday, 1:30 AM in India
    assert working_days_after(friday, 1) == dt.datetime(2026, 12, 13, 20, 0, tzinfo=dt.UTC)  # Monday there
    monday = dt.datetime(2026, 12, 7, 6, 0, tzinfo=dt.UTC)
    assert working_days_after(monday) == dt.datetime(2026, 12, 16, 6, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("instant", "year"),
    [
        (dt.datetime(2026, 3, 31, 18, 29, 59, tzinfo=dt.UTC), "2025-26"),
        (dt.datetime(2026, 3, 31, 18, 30, tzinfo=dt.UTC), "2026-27"),  # midnight in India
        (dt.datetime(2026, 12, 31, 23, 0, tzinfo=dt.UTC), "2026-27"),
        (dt.datetime(2099, 5, 1, tzinfo=dt.UTC), "2099-00"),
    ],
)
def test_the_financial_year_begins_in_april_in_india(instant: dt.datetime, year: str) -> None:
    assert financial_year(instant) == year


def test_receipt_numbers() -> None:
    assert receipt_number("2026-27", 123) == "2026-27/000123"


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0, "Rupees Zero Only"),
        (100, "Rupees One Only"),
        (1349900, "Rupees Thirteen Thousand Four Hundred Ninety-Nine Only"),
        (12345650, "Rupees One Lakh Twenty-Three Thousand Four Hundred Fifty-Six and Fifty Paise Only"),
        (100000000, "Rupees Ten Lakh Only"),
        (1000000000, "Rupees One Crore Only"),
        (5, "Rupees Zero and Five Paise Only"),
    ],
)
def test_amounts_in_words(amount: int, words: str) -> None:
    assert amount_in_words(amount) == words


def test_no_words_below_zero() -> None:
    with pytest.raises(ValueError, match="negative"):
        amount_in_words(-1)


@given(paise, st.integers(1, 30))
def test_the_sessions_of_a_package_add_up(paid: int, sessions: int) -> None:
    values = [session_value(paid, sessions, number) for number in range(1, sessions + 1)]
    assert sum(values) == paid
    assert min(values) >= 0


def test_shares_round_half_up_and_numbers_stay_within() -> None:
    assert counsellor_share(124975, 70) == 87483
    assert counsellor_share(101, 50) == 51
    with pytest.raises(ValueError, match="session 5 of 4"):
        session_value(100, 4, 5)
