"""Receipts as the JSON door writes them."""

from __future__ import annotations

from marshmallow import fields

from webapp.core.jsonapi import fields as f
from webapp.core.jsonapi.examples import ORDER, PAYMENT, RECEIPT
from webapp.core.jsonapi.schemas import Out


class SellerOut(Out):
    """Who sells."""

    name = fields.String(required=True)
    address = fields.List(fields.String(), required=True)
    gstin = fields.String()


class BuyerOut(Out):
    """Who bought."""

    name = fields.String(required=True)
    email = fields.String(required=True)


class RefundedOut(Out):
    """What went back."""

    amount = f.Rupees(required=True)
    processed_at = f.Instant(required=True)


class ReceiptOut(Out):
    """A receipt; the GST is inside the amount. What went back later is beside it."""

    public_id = f.Id(data_key="_id", required=True, metadata={"example": RECEIPT})
    receipt_number = fields.String(required=True, metadata={"example": "2026-27/000123"})
    order_id = f.Id(required=True, metadata={"example": ORDER})
    payment_id = f.Id(metadata={"example": PAYMENT})
    razorpay_payment_id = fields.String()
    payment_method = fields.String()
    issued_at = f.Instant(required=True)
    paid_at = f.Instant()
    seller = fields.Nested(SellerOut, required=True)
    customer = fields.Nested(BuyerOut, required=True)
    title = fields.String(required=True)
    price = f.Rupees(required=True)
    discount = f.Rupees(required=True)
    coupon_code = fields.String()
    coupon_discount = f.Rupees(required=True)
    taxable_amount = f.Rupees(required=True)
    tax = f.Rupees(required=True)
    amount = f.Rupees(required=True)
    amount_in_words = fields.String(required=True)
    currency = fields.String(required=True)
    refunds = fields.List(fields.Nested(RefundedOut), required=True)
