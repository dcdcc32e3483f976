"""Enrolments with the money they came from, as the JSON door writes them (api.md "counselling-enrollments")."""

from __future__ import annotations

from marshmallow import fields, validate

from webapp.core.jsonapi import fields as f
from webapp.core.jsonapi.examples import COUNSELLOR, ENROLMENT, PACKAGE, PAYMENT, STUDENT
from webapp.core.jsonapi.schemas import In, Out, PageQuery
from webapp.enrolments.models import EnrolmentStatus
from webapp.enrolments.services import MAX_REASON
from webapp.packages.models import ExamType
from webapp.payments.queries.programs import Bought
from webapp.payments.services.by_hand import REASON_LIMIT

LONGEST_TOKEN = 200
PAID_ELSEWHERE = "must be true: a package that is to be paid goes through an order."


class EnrolIn(In):
    """A payment the gateway has taken. The amount is the order's; what is given is only compared."""

    package_id = f.Id(required=True)
    razorpay_order_id = f.Text(required=True, longest=LONGEST_TOKEN)
    payment_id = f.Text(required=True, longest=LONGEST_TOKEN, metadata={"description": "The gateway's."})
    signature = f.Text(required=True, longest=LONGEST_TOKEN)
    amount_paid = f.Rupees(allow_none=True)
    payment_method = f.Text(longest=30, allow_none=True)
    coupon_code = f.Text(longest=40, allow_none=True)


class MyEnrolmentQuery(PageQuery):
    """Filters of one's own enrolments."""

    status = f.Choice(EnrolmentStatus)


class EnrolmentQuery(MyEnrolmentQuery):
    """Filters of all enrolments."""

    package_id = f.Id()
    user_id = f.Id()
    exam_type = f.Choice(ExamType)


class AssignIn(In):
    """Whom the next sessions are with; null is any counsellor of the package."""

    counsellor_id = f.Id(required=True, allow_none=True)


class ManualIn(In):
    """A package given at the desk without payment; one that is to be paid goes through an order."""

    user_id = f.Id(required=True)
    package_id = f.Id(required=True)
    counsellor_id = f.Id(allow_none=True)
    notes = f.Text(longest=MAX_REASON, load_default="")
    skip_payment = f.Flag(load_default=True, validate=validate.Equal(True, error=PAID_ELSEWHERE))


class EndIn(In):
    """Why an enrolment is cancelled; the student reads it."""

    reason = f.Text(longest=REASON_LIMIT, load_default="")


class EnrolledPackageOut(Out):
    """What was bought, as it is called now."""

    public_id = f.Id(data_key="_id", required=True, metadata={"example": PACKAGE})
    name = fields.String(required=True)
    exam_type = f.Choice(ExamType, required=True)
    max_sessions = fields.Integer(required=True)


class AssignedOut(Out):
    """The counsellor that the sessions are with."""

    public_id = f.Id(data_key="_id", required=True, metadata={"example": COUNSELLOR})
    name = fields.String(required=True)
    title = fields.String(required=True)


class EnrolmentOut(Out):
    """An enrolment (`queries.programs.Bought`). A single service has no package; a gift has no payment."""

    public_id = fields.String(
        data_key="_id", attribute="enrolment.public_id", required=True, metadata={"example": ENROLMENT}
    )
    user_id = fields.String(attribute="enrolment.user.public_id", required=True, metadata={"example": STUDENT})
    package_id = fields.String(attribute="enrolment.package.public_id", dump_default=None)
    package = fields.Nested(EnrolledPackageOut, attribute="enrolment.package")
    service_id = fields.String(attribute="enrolment.service.public_id", dump_default=None)
    title = fields.String(attribute="enrolment.title", required=True)
    status = f.Choice(EnrolmentStatus, required=True)
    sessions_used = fields.Integer(attribute="enrolment.sessions_used", required=True)
    sessions_remaining = fields.Integer(attribute="enrolment.sessions_left", required=True)
    session_duration = fields.Integer(attribute="enrolment.session_minutes", required=True)
    payment_id = fields.String(attribute="payment.public_id", dump_default=None, metadata={"example": PAYMENT})
    payment_method = fields.Method("_method", metadata={"type": "string"})
    amount_paid = f.Rupees(attribute="enrolment.amount_paid", required=True)
    coupon_code = fields.String(attribute="order.coupon.code", dump_default=None)
    enrolled_at = f.Instant(attribute="enrolment.enrolled_at", required=True)
    expires_at = f.Instant(attribute="enrolment.expires_at", required=True)
    assigned_counsellor = fields.Nested(AssignedOut, attribute="enrolment.assigned_counsellor")

    def _method(self, bought: Bought) -> str | None:
        if bought.order is None:
            return "manual"
        return bought.payment.method or bought.payment.gateway if bought.payment else "free"
