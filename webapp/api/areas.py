"""Every area of the JSON door, in one list; an area is added by adding its line."""

from __future__ import annotations

from webapp.accounts.api import door as auth
from webapp.accounts.api_keys import door as api_keys
from webapp.accounts.api_me import door as auth_me
from webapp.api.health import door as health
from webapp.audit.api import door as audit_log
from webapp.availability.api import door as availability
from webapp.bookings.api import door as sessions
from webapp.bookings.api.hours import door as hours
from webapp.bookings.api.slots import door as slots
from webapp.core.jsonapi.door import Door
from webapp.dashboards.admin.api import door as admin
from webapp.dashboards.people.api import door as users
from webapp.dashboards.staff.api import door as counsellors
from webapp.inquiries.api import door as inquiries
from webapp.notifications.api import door as notifications
from webapp.packages.api import door as packages
from webapp.payments.api import door as payments
from webapp.payments.api_coupons import door as coupons
from webapp.payments.api_enrolments import door as enrollments_by_payment
from webapp.payments.api_enrolments_desk import door as enrollments
from webapp.reviews.api import door as reviews
from webapp.webhooks.api import door as webhook_endpoints

DOORS: tuple[Door, ...] = (
    auth,
    auth_me,
    api_keys,
    packages,
    reviews,
    inquiries,
    counsellors,
    availability,
    hours,
    slots,
    sessions,
    payments,
    coupons,
    enrollments,
    enrollments_by_payment,
    audit_log,
    admin,
    users,
    notifications,
    webhook_endpoints,
    health,
)
