"""`/api/v1/counselling-enrollments`: read, given, assigned and cancelled."""

from __future__ import annotations

from typing import Any

from flask import g
from sqlalchemy import select

from webapp.accounts.queries import user_by_public_id
from webapp.accounts.viewer import viewer
from webapp.core.db import db, transaction
from webapp.core.errors import NotFound
from webapp.core.jsonapi.door import Door
from webapp.core.jsonapi.envelope import Answer, paged
from webapp.core.jsonapi.examples import COUNSELLOR, PACKAGE, STUDENT
from webapp.counsellors.models import Counsellor
from webapp.enrolments.queries import get_enrolment_for
from webapp.enrolments.services import assign_counsellor, grant_enrolment
from webapp.packages.queries.programs import find_package
from webapp.payments.queries.enrolments import EnrolmentFilter, enrolments_page
from webapp.payments.queries.programs import Bought, with_orders
from webapp.payments.schemas_enrolments import (
    AssignIn,
    EndIn,
    EnrolmentOut,
    EnrolmentQuery,
    ManualIn,
    MyEnrolmentQuery,
)
from webapp.payments.services.by_hand import cancel_enrolment

door = Door("counselling-enrollments", __name__, about="Packages that students have.", area="enrollments")
ID = "/<enrollment_id>"
CANCELLED = "Cancelled by our desk."


@door.endpoint(
    "GET",
    "/my",
    who=["signed_in"],
    query=MyEnrolmentQuery,
    answer=EnrolmentOut,
    many=True,
    paged=True,
    example_query={"status": "active"},
    keys=False,
)
def list_my_enrollments(query: dict[str, Any]) -> Answer:
    """List one's own enrolments, the latest first."""
    return _listed(EnrolmentFilter(status=query.get("status"), user=viewer().public_id), query)


@door.endpoint(
    "GET",
    "",
    who=["admin"],
    query=EnrolmentQuery,
    answer=EnrolmentOut,
    many=True,
    paged=True,
    example_query={"status": "active", "examType": "jee"},
)
def list_enrollments(query: dict[str, Any]) -> Answer:
    """List enrolments, the latest first."""
    wanted = EnrolmentFilter(
        status=query.get("status"),
        package=query.get("package_id", ""),
        exam=query.get("exam_type"),
        user=query.get("user_id", ""),
    )
    return _listed(wanted, query)


def _listed(wanted: EnrolmentFilter, query: dict[str, Any]) -> Answer:
    found = enrolments_page(wanted, query["page"], now=g.now, limit=query["limit"])
    return paged(found, items=with_orders(found.items, g.now))


@door.endpoint("GET", ID, who=["signed_in"], answer=EnrolmentOut)
def get_enrollment(enrollment_id: str) -> Bought:
    """Return an enrolment to its student, the assigned counsellor or an admin."""
    return _shown(enrollment_id)


def _shown(enrollment_id: str) -> Bought:
    return with_orders([get_enrolment_for(viewer(), enrollment_id)], g.now)[0]


@door.endpoint(
    "PATCH",
    f"{ID}/assign-counsellor",
    who=["admin"],
    body=AssignIn,
    answer=EnrolmentOut,
    example={"counsellorId": COUNSELLOR},
    names={"counsellor": "counsellorId"},
)
def assign_enrollment_counsellor(enrollment_id: str, body: dict[str, Any]) -> Bought:
    """Have the next sessions be with one counsellor, or with any of the package again; sessions booked stay."""
    with transaction():
        assign_counsellor(actor=viewer(), enrolment_id=enrollment_id, counsellor_id=body["counsellor_id"])
    return _shown(enrollment_id)


@door.endpoint(
    "POST",
    "/manual",
    who=["admin"],
    body=ManualIn,
    answer=EnrolmentOut,
    status=201,
    example={"userId": STUDENT, "packageId": PACKAGE, "notes": "Scholarship", "skipPayment": True},
    errors=[404],
    names={"user": "userId", "package": "packageId", "counsellor": "counsellorId", "reason": "notes"},
)
def give_enrollment(body: dict[str, Any]) -> Bought:
    """Give a student a package without payment; the student is told."""
    with transaction():
        user = user_by_public_id(body["user_id"])
        if user is None:
            raise NotFound("We could not find that account.")
        given = grant_enrolment(
            actor=viewer(),
            user=user,
            package=find_package(public_id=body["package_id"], everything=True),
            reason=body["notes"],
            now=g.now,
            assigned_counsellor=_counsellor(body.get("counsellor_id")),
        )
        enrollment_id = given.public_id
    return _shown(enrollment_id)


def _counsellor(counsellor_id: str | None) -> Counsellor | None:
    if counsellor_id is None:
        return None
    found = db.session.scalar(select(Counsellor).where(Counsellor.public_id == counsellor_id))
    if found is None:
        raise NotFound("We could not find that counsellor.")
    return found


@door.endpoint(
    "PATCH",
    f"{ID}/cancel",
    who=["admin"],
    body=EndIn,
    answer=EnrolmentOut,
    example={"reason": "Asked for by the family."},
)
def cancel_enrollment(enrollment_id: str, body: dict[str, Any]) -> Bought:
    """Cancel an enrolment: its sessions ahead are freed and both people told; money goes back only by a refund."""
    with transaction():
        cancel_enrolment(actor=viewer(), enrolment_id=enrollment_id, reason=body["reason"] or CANCELLED, now=g.now)
    return _shown(enrollment_id)
