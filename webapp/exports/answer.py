"""The door's part of an export: a short one is the answer, a long one is left to a job."""

from __future__ import annotations

import datetime as dt
from typing import Protocol, cast

from flask import current_app, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.config import Settings
from webapp.core.csv_export import csv_response
from webapp.core.db import transaction
from webapp.core.htmx import see_other
from webapp.exports import services
from webapp.exports.models import ExportStatus
from webapp.exports.registry import Params, find_export


class Owner(Protocol):
    """Who asks: an account."""

    @property
    def id(self) -> int:
        """Its key."""
        ...


def answer_export(
    kind: str, params: Params, *, owner: Owner, zone: str, now: dt.datetime, may_wait: bool = True
) -> BaseResponse:
    """Answer a POST with exactly the rows of a filter: as the file itself, or by sending on to the job's page.

    Either way a row says who asked for what, and with it the audit log.

    Args:
        may_wait: leave a long one to a job; False for who has no page of exports.

    Raises:
        NotFound: no export of that kind.
        ValidationFailed: the filter means nothing.
    """
    export = find_export(kind)
    total = export.count(params)
    at_once = cast(Settings, current_app.config["SETTINGS"]).export_rows_at_once if may_wait else total
    with transaction():
        asked = services.ask_for_export(
            export, params, owner_id=owner.id, zone=zone, total=total, at_once=total <= at_once, now=now
        )
        public_id, status = asked.public_id, asked.status
    if status is ExportStatus.QUEUED:
        return see_other(url_for("exports.progress", public_id=public_id))
    return csv_response(export.filename, export.header, export.rows(params, zone))
