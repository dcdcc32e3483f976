"""A counsellor taken away: deleted where nothing refers to them, else out of everybody's sight."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Column, delete, or_, select

from webapp.accounts.models import User
from webapp.accounts.services_admin import deactivate_user
from webapp.availability.models import AvailabilityException, AvailabilityWindow, Calendar
from webapp.core import live
from webapp.core.db import Base, after_commit, db
from webapp.core.errors import Conflict, NotFound, register_constraint
from webapp.core.uploads import drop_photo
from webapp.counsellors.models import Counsellor, Service
from webapp.counsellors.queries import counsellor_for
from webapp.counsellors.services import close_profile
from webapp.dashboards.staff.queries import sessions_ahead

OWN = frozenset(
    {"calendars", "availability_windows", "availability_exceptions", "services", "package_counsellors", "counsellors"}
)
REASON = "Deleted at the desk."
BUSY = "Sessions are ahead with this counsellor. Deactivate the profile, which decides on them."
UNKNOWN = "We could not find that counsellor."


def remove_counsellor(*, actor: User, counsellor_id: str, now: dt.datetime) -> bool:
    """Delete a counsellor and end the login; True where the row is gone.

    Where sessions, packages, money or reviews refer to them the row stays, deactivated.

    Raises:
        NotFound: there is none. Conflict: sessions or requests are ahead.
    """
    counsellor = _alone(counsellor_for(actor, counsellor_id).id)
    if sessions_ahead(counsellor.id, now):
        raise Conflict(BUSY)
    if counsellor.user is not None and counsellor.user.active:
        deactivate_user(actor=actor, user_id=counsellor.user.public_id, reason=REASON, now=now)
    live.bump(f"slots:{counsellor.public_id}")
    if is_used(counsellor):
        if counsellor.is_active:
            close_profile(counsellor, REASON, now)
        return False
    _delete(counsellor)
    return True


def is_used(counsellor: Counsellor) -> bool:
    """Tell whether anything but the own hours and unsold services refers to a counsellor; one statement.

    What refers is read from the schema: a feature that is added later is asked, too.
    """
    services = select(Service.id).where(Service.counsellor_id == counsellor.id)
    uses = [select(1).where(column == counsellor.id).exists() for column in referring_columns("counsellors")]
    uses += [select(1).where(column.in_(services)).exists() for column in referring_columns("services")]
    return bool(db.session.scalar(select(or_(*uses))))


def referring_columns(table_name: str) -> list[Column[int]]:
    """Return the columns of other tables that point at a table."""
    return [
        column
        for table in Base.metadata.sorted_tables
        if table.name not in OWN
        for column in table.columns
        if any(key.column.table.name == table_name for key in column.foreign_keys)
    ]


def name_references() -> None:
    """Whoever books or orders in the moment a counsellor is deleted learns that they are gone."""
    for table_name in ("counsellors", "services"):
        for column in referring_columns(table_name):
            for key in column.foreign_keys:
                if key.column.table.name == table_name and key.constraint is not None:
                    register_constraint(str(key.constraint.name), lambda: NotFound(UNKNOWN))


def _alone(counsellor_pk: int) -> Counsellor:
    """Return the counsellor under a lock that also keeps rows from being made that refer to it."""
    wanted = select(Counsellor).where(Counsellor.id == counsellor_pk).with_for_update()
    found = db.session.scalar(wanted.execution_options(populate_existing=True))
    if found is None:
        raise NotFound(UNKNOWN)
    return found


def _delete(counsellor: Counsellor) -> None:
    if photo := counsellor.photo:
        after_commit(lambda: drop_photo(photo))
    for model in (Calendar, AvailabilityWindow, AvailabilityException, Service):
        db.session.execute(delete(model).where(model.counsellor_id == counsellor.id))
    db.session.delete(counsellor)
    db.session.flush()
