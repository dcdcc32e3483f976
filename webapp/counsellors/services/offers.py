"""Single sessions a counsellor sells. One is never deleted: what was bought keeps its words; it is switched off."""

from __future__ import annotations

from sqlalchemy import select

from webapp.accounts.models import User
from webapp.core.db import db
from webapp.core.errors import Conflict, NotFound, ValidationFailed
from webapp.counsellors.models import Counsellor, Service
from webapp.counsellors.rules import ServiceText, clean_service, moved
from webapp.counsellors.services.closing import lock_counsellor, require_admin

MOST_SERVICES = 20


def add_service(*, actor: User, counsellor_id: str, entry: ServiceText) -> Service:
    """Put a single session on sale, after the others.

    Raises:
        Forbidden, NotFound: the actor is no admin; there is no such counsellor.
        ValidationFailed: wrong fields. Conflict: there are 20 already.
    """
    require_admin(actor)
    entry = _checked(entry)
    counsellor = lock_counsellor(actor, counsellor_id)
    there = _services(counsellor)
    if len(there) >= MOST_SERVICES:
        raise Conflict(f"A counsellor sells at most {MOST_SERVICES} single sessions. Change one of them.")
    service = Service(counsellor_id=counsellor.id, position=max((one.position for one in there), default=0) + 1)
    _write(service, entry)
    db.session.add(service)
    db.session.flush()  # the outside id is needed
    return service


def edit_service(*, actor: User, counsellor_id: str, service_id: str, entry: ServiceText) -> Service:
    """Change a single session; what was ordered before keeps its price and length.

    Raises:
        Forbidden, NotFound, ValidationFailed: as `add_service`.
    """
    require_admin(actor)
    entry = _checked(entry)
    service = _locked(actor, counsellor_id, service_id)
    _write(service, entry)
    db.session.flush()
    return service


def switch_service(*, actor: User, counsellor_id: str, service_id: str, on: bool) -> Service:
    """Take a single session off sale or put it back; twice changes nothing. Raises as `add_service`."""
    require_admin(actor)
    service = _locked(actor, counsellor_id, service_id)
    service.is_active = on
    db.session.flush()
    return service


def move_service(*, actor: User, counsellor_id: str, service_id: str, up: bool) -> Service:
    """Move a single session one place up or down on the profile. Raises as `add_service`."""
    require_admin(actor)
    service = _locked(actor, counsellor_id, service_id)
    rows = {one.id: one for one in _services(service.counsellor)}
    for place, key in enumerate(moved(list(rows), service.id, up), 1):
        rows[key].position = place
    db.session.flush()
    return service


def _checked(entry: ServiceText) -> ServiceText:
    entry, wrong = clean_service(entry)
    if wrong:
        raise ValidationFailed(fields=wrong)
    return entry


def _write(service: Service, entry: ServiceText) -> None:
    service.title, service.description = entry.title, entry.description
    service.duration, service.price = entry.duration, entry.price


def _services(counsellor: Counsellor) -> list[Service]:
    wanted = select(Service).where(Service.counsellor_id == counsellor.id).order_by(Service.position, Service.id)
    return list(db.session.scalars(wanted.execution_options(populate_existing=True)))


def _locked(actor: User, counsellor_id: str, service_id: str) -> Service:
    """The service, behind the lock of its counsellor: two who order the list do it one after the other."""
    counsellor = lock_counsellor(actor, counsellor_id)
    wanted = select(Service).where(Service.public_id == service_id, Service.counsellor_id == counsellor.id)
    service = db.session.scalar(wanted.execution_options(populate_existing=True))
    if service is None:
        raise NotFound("We could not find that service.")
    return service
