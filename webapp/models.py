"""Imports every feature's models, so that Alembic and the tests see the whole schema."""

from __future__ import annotations

from webapp.accounts.models import ApiKey, BackupCode, EmailChange, Login, Passkey, RefreshToken, TwoFactor, User
from webapp.audit.models import AuditEntry
from webapp.availability.models import AvailabilityException, AvailabilityWindow, Calendar
from webapp.bookings.models import CounsellingSession, NextStep, SessionChange
from webapp.core.jsonapi.models import IdempotencyKey
from webapp.counsellors.models import Counsellor, Service
from webapp.enrolments.models import Enrolment
from webapp.exports.models import ExportFile
from webapp.inquiries.models import Inquiry, InquiryEvent, LeadImport, LeadPerson, LeadView, TicketCounter
from webapp.notifications.models import Notification, NotificationPreference, OutboxMail
from webapp.packages.models import Package, PackageFeature, package_counsellors
from webapp.payments.models import (
    Coupon,
    CouponUse,
    GatewayEvent,
    LedgerEntry,
    LedgerTransaction,
    Order,
    Payment,
    Payout,
    Receipt,
    ReceiptCounter,
    Refund,
)
from webapp.reviews.models import Review
from webapp.webhooks.models import WebhookDelivery, WebhookEndpoint

__all__ = [
    "ApiKey",
    "AuditEntry",
    "AvailabilityException",
    "AvailabilityWindow",
    "BackupCode",
    "Calendar",
    "CounsellingSession",
    "Counsellor",
    "Coupon",
    "CouponUse",
    "EmailChange",
    "Enrolment",
    "ExportFile",
    "GatewayEvent",
    "IdempotencyKey",
    "Inquiry",
    "InquiryEvent",
    "LeadImport",
    "LeadPerson",
    "LeadView",
    "LedgerEntry",
    "LedgerTransaction",
    "Login",
    "NextStep",
    "Notification",
    "NotificationPreference",
    "Order",
    "OutboxMail",
    "Package",
    "PackageFeature",
    "Passkey",
    "Payment",
    "Payout",
    "Receipt",
    "ReceiptCounter",
    "RefreshToken",
    "Refund",
    "Review",
    "Service",
    "SessionChange",
    "TicketCounter",
    "TwoFactor",
    "User",
    "WebhookDelivery",
    "WebhookEndpoint",
    "package_counsellors",
]
