"""The door of `/api/v1/counsellors`, and what its views share."""

from __future__ import annotations

from flask import g

from webapp.accounts.viewer import caller
from webapp.availability.programs import seen_counsellor
from webapp.core.jsonapi.door import Door
from webapp.dashboards.staff.programs import CounsellorView, counsellor_view

door = Door("counsellors", __name__, about="Who counsels, their hours and free times.", area="counsellors")
ID = "/<counsellor_id>"
STAFF = ("counsellor", "admin")


def shown(counsellor_id: str) -> CounsellorView:
    """Return a counsellor as they are now and as the caller may see them; NotFound where the caller may not."""
    user = caller()
    return counsellor_view(seen_counsellor(user, counsellor_id), user, g.now)
