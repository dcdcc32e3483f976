"""Counsellors made, changed, deactivated, rated and removed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flask import g

from webapp.accounts.viewer import viewer
from webapp.core.db import transaction
from webapp.core.errors import ValidationFailed
from webapp.core.pictures import PictureRefused
from webapp.core.uploads import drop_photo, keep_photo
from webapp.counsellors.queries import counsellor_for, counsellor_of
from webapp.dashboards.staff.api.door import ID, door, shown
from webapp.dashboards.staff.entries import KEEP, NAMES, change_from, change_own, make_from, set_rating
from webapp.dashboards.staff.programs import CounsellorView
from webapp.dashboards.staff.queries import sessions_ahead
from webapp.dashboards.staff.removing import remove_counsellor
from webapp.dashboards.staff.schemas import (
    ClosingIn,
    CounsellorIn,
    CounsellorOut,
    CounsellorPatchIn,
    OwnProfilePatchIn,
    RatingIn,
)
from webapp.dashboards.staff.services import Decision, deactivate_counsellor, reactivate_counsellor

LEFT = "Your counsellor does not counsel here any more. The session came back to your package."
EXAMPLE = {
    "name": "Dr. Kavita Rao",
    "title": "NEET and state quota counsellor",
    "email": "kavita.rao@example.com",
    "phone": "+919830012345",
    "shortBio": "Twelve years of NEET counselling.",
    "qualifications": ["PhD, Biochemistry"],
    "specializations": ["State quota", "Private colleges"],
    "examTypes": ["neet"],
    "experience": 12,
    "languages": ["English", "Hindi", "Bengali"],
    "location": "Kolkata",
    "hourlyRate": 1500,
    "services": [{"title": "Choice list check", "description": "Before you lock it.", "duration": 45, "price": 999}],
    "socialLinks": {"linkedin": "https://linkedin.com/in/kavitarao"},
    "timezone": "Asia/Kolkata",
    "availability": {"monday": [{"start": "10:00", "end": "13:00"}], "friday": {"start": "16:00", "end": "19:00"}},
}


@contextmanager
def photo_of(body: Mapping[str, Any]) -> Iterator[object]:
    """Keep the photo that came along while the block names it in a row; removed again where the block fails.

    Raises:
        ValidationFailed: it cannot become a photo.
    """
    if "image_base64" not in body:
        yield KEEP
        return
    name = None
    if body["image_base64"] is not None:
        try:
            name = keep_photo(body["image_base64"])
        except PictureRefused as error:
            raise ValidationFailed(fields={"image_base64": str(error)}) from error
    try:
        yield name
    except BaseException:
        drop_photo(name)  # no row names it
        raise


@door.endpoint(
    "POST", "", who=["admin"], body=CounsellorIn(), answer=CounsellorOut, status=201, example=EXAMPLE, names=NAMES
)
def create_counsellor(body: dict[str, Any]) -> CounsellorView:
    """Make a counsellor with a login; an invitation with the link to the first password goes to the address."""
    with photo_of(body) as photo, transaction():
        counsellor_id = make_from(actor=viewer(), body=body, photo=photo, now=g.now).public_id
    return shown(counsellor_id)


@door.endpoint(
    "PATCH",
    "/me",
    who=["counsellor"],
    body=OwnProfilePatchIn(partial=True),
    answer=CounsellorOut,
    example={"shortBio": "I help with choice lists.", "languages": ["English", "Hindi"]},
    errors=[404, 409],
    names=NAMES,
    keys=False,
)
def update_own_profile(body: dict[str, Any]) -> CounsellorView:
    """Change what a counsellor may write of the own profile."""
    counsellor_id = counsellor_of(viewer()).public_id
    with photo_of(body) as photo, transaction():
        change_own(actor=viewer(), counsellor_id=counsellor_id, body=body, photo=photo, now=g.now)
    return shown(counsellor_id)


@door.endpoint(
    "PATCH",
    ID,
    who=["admin"],
    body=CounsellorPatchIn(partial=True),
    answer=CounsellorOut,
    example={"hourlyRate": 1800, "isFeatured": True},
    errors=[409],
    names=NAMES,
)
def update_counsellor(counsellor_id: str, body: dict[str, Any]) -> CounsellorView:
    """Change what is given of a counsellor."""
    counsellor_for(viewer(), counsellor_id)  # before a photo is kept for nobody
    with photo_of(body) as photo, transaction():
        change_from(actor=viewer(), counsellor_id=counsellor_id, body=body, photo=photo, now=g.now)
    return shown(counsellor_id)


@door.endpoint("DELETE", ID, who=["admin"], errors=[409])
def delete_counsellor(counsellor_id: str) -> str:
    """Delete a counsellor, or deactivate one whom sessions, money or reviews name; the login ends."""
    with transaction():
        gone = remove_counsellor(actor=viewer(), counsellor_id=counsellor_id, now=g.now)
    return "The counsellor is deleted." if gone else "The counsellor has a history here and is deactivated."


@door.endpoint(
    "PATCH",
    f"{ID}/rating",
    who=["admin"],
    body=RatingIn,
    answer=CounsellorOut,
    example={"newRating": 4.6},
)
def rate_counsellor(counsellor_id: str, body: dict[str, Any]) -> CounsellorView:
    """Set the rating that published reviews add to."""
    with transaction():
        set_rating(
            actor=viewer(),
            counsellor_id=counsellor_id,
            rating=body["new_rating"],
            review_id=body.get("review_id"),
        )
    return shown(counsellor_id)


@door.endpoint(
    "PATCH",
    f"{ID}/deactivate",
    who=["admin"],
    body=ClosingIn,
    answer=CounsellorOut,
    example={"reason": "Moves abroad in January."},
    errors=[409],
)
def deactivate_counsellor_profile(counsellor_id: str, body: dict[str, Any]) -> CounsellorView:
    """Take a counsellor off every page and end the login; sessions ahead are cancelled, their credits come back."""
    with transaction():
        ahead = sessions_ahead(counsellor_for(viewer(), counsellor_id).id, g.now)
        deactivate_counsellor(
            actor=viewer(),
            counsellor_id=counsellor_id,
            reason=body["reason"],
            message=body.get("message") or LEFT,
            listed=[one.public_id for one in ahead],
            decisions={one.public_id: Decision.CANCEL for one in ahead},
            now=g.now,
        )
    return shown(counsellor_id)


@door.endpoint("PATCH", f"{ID}/reactivate", who=["admin"], answer=CounsellorOut)
def reactivate_counsellor_profile(counsellor_id: str) -> CounsellorView:
    """Show a deactivated counsellor again, with their hours, and open the login."""
    with transaction():
        reactivate_counsellor(actor=viewer(), counsellor_id=counsellor_id, now=g.now)
    return shown(counsellor_id)
