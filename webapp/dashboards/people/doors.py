"""Opens the doors of people, and tells the audit log who is who."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask import Flask
from sqlalchemy import select

from webapp.accounts.models import Role, User
from webapp.accounts.queries import user_by_public_id
from webapp.audit.people import register_actors, register_names
from webapp.core.db import db
from webapp.counsellors.models import Counsellor
from webapp.dashboards.people import act_views, search_views, views
from webapp.dashboards.people.lists import register_people_file
from webapp.dashboards.people.privacy import views as privacy
from webapp.packages.models import Package

_DOORS = (act_views, search_views)  # their routes are on the blueprint of views


def init_app(app: Flask) -> None:
    """Register the pages, the file, and the names behind keys."""
    app.register_blueprint(views.blueprint)
    app.register_blueprint(privacy.blueprint)
    register_people_file()
    register_names("user", _users)
    register_names("account", _account_ids)
    register_names("counsellor", _counsellors)
    register_names("package", _packages)
    register_actors(_staff, _key_of)


def _users(keys: Iterable[int]) -> Mapping[int, str]:
    return {row.id: row.name for row in db.session.execute(select(User.id, User.name).where(User.id.in_(keys)))}


def _account_ids(keys: Iterable[int]) -> Mapping[int, str]:
    """Return the public ids of accounts, for programs."""
    wanted = select(User.id, User.public_id).where(User.id.in_(keys))
    return {row.id: row.public_id for row in db.session.execute(wanted)}


def _counsellors(keys: Iterable[int]) -> Mapping[int, str]:
    wanted = select(Counsellor.id, Counsellor.name).where(Counsellor.id.in_(keys))
    return {row.id: row.name for row in db.session.execute(wanted)}


def _packages(keys: Iterable[int]) -> Mapping[int, str]:
    wanted = select(Package.id, Package.name).where(Package.id.in_(keys))
    return {row.id: row.name for row in db.session.execute(wanted)}


def _staff() -> list[tuple[str, str]]:
    wanted = select(User.public_id, User.name).where(User.role.in_((Role.ADMIN, Role.COUNSELLOR)))
    return [(row.public_id, row.name) for row in db.session.execute(wanted.order_by(User.name, User.id).limit(200))]


def _key_of(public_id: str) -> int | None:
    user = user_by_public_id(public_id)
    return user.id if user else None
