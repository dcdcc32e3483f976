"""Opens the doors of exports, and joins the job to the inbox."""

from __future__ import annotations

from flask import Flask

from webapp.accounts.models import User
from webapp.accounts.recipients import recipient_of
from webapp.core import clock
from webapp.core.db import db
from webapp.core.due import register_due_work
from webapp.dashboards.exports import views
from webapp.exports.jobs import remove_expired, resume_stalled, tell_when_ended
from webapp.exports.models import ExportFile, ExportStatus
from webapp.exports.registry import title_of
from webapp.notifications.services import notify

KIND = "export_ready"


def init_app(app: Flask) -> None:
    """Register the pages, the due work, and the note to the owner."""
    app.register_blueprint(views.blueprint)
    register_due_work("stalled_exports", resume_stalled, order=70)
    register_due_work("expired_exports", remove_expired, order=71)
    tell_when_ended(tell_owner)


def tell_owner(export: ExportFile) -> None:
    """Put a line into the owner's inbox: the file is ready, or it failed."""
    owner = db.session.get_one(User, export.owner_id)
    title = title_of(export.kind)
    done = export.status is ExportStatus.DONE
    notify(
        user=recipient_of(owner),
        kind=KIND,
        title=f"{title}: the file is ready" if done else f"{title}: the file could not be made",
        body=f"{export.total:,} rows. It is kept for 7 days." if done else export.error,
        url=f"/admin/exports/{export.public_id}",
        dedupe_key=f"export:{export.public_id}:{export.status.value}:{export.finished_at}",
        now=clock.now(),
    )
