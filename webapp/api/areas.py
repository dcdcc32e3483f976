"""Every area of the JSON door, in one list; an area is added by adding its line."""

from __future__ import annotations

from webapp.accounts.api import door as auth
from webapp.accounts.api_me import door as auth_me
from webapp.api.health import door as health
from webapp.bookings.api.slots import door as slots
from webapp.core.jsonapi.door import Door
from webapp.inquiries.api import door as inquiries
from webapp.packages.api import door as packages
from webapp.payments.api import door as payments
from webapp.payments.api_coupons import door as coupons
from webapp.payments.api_enrolments import door as enrollments_by_payment
from webapp.reviews.api import door as reviews

DOORS: tuple[Door, ...] = (
    auth,
    auth_me,
    packages,
    reviews,
    inquiries,
    slots,
    payments,
    coupons,
    enrollments_by_payment,
    health,
)
