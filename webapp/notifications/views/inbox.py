"""The inbox: a list in the URL's order, and what one does with a line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flask import Response, flash, g, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.htmx import is_htmx, render, see_other
from webapp.core.pagination import read_page
from webapp.notifications.kinds import GROUP_LABELS, Group, kinds_for
from webapp.notifications.presenters import lines_of, safe_path
from webapp.notifications.queries import latest_notes, list_notes
from webapp.notifications.services import delete_note, mark_all_read, mark_read, restore_note
from webapp.notifications.views.blueprint import blueprint, reader
from webapp.notifications.views.live import bell


@dataclass(frozen=True, slots=True)
class Shown:
    """Which part of the inbox a URL asks for; anything unreadable is everything."""

    unread_only: bool = False
    group: Group | None = None
    page: int = 1

    def url(self, endpoint: str = "notifications.inbox", **values: str) -> str:
        """Return the address of this part, or of a step that comes back to it."""
        query: dict[str, Any] = dict(values)
        if self.unread_only:
            query["show"] = "unread"
        if self.group:
            query["group"] = self.group.value
        if self.page > 1:
            query["page"] = str(self.page)
        return url_for(endpoint, **query)

    def url_for_page(self, page: int) -> str:
        """Return the address of another page of the same list."""
        return replace(self, page=page).url()


def _shown() -> Shown:
    group = request.args.get("group", "")
    known = {kind.group for kind in kinds_for(current_user.role.value)}
    return Shown(
        unread_only=request.args.get("show") == "unread",
        group=Group(group) if group in known else None,
        page=read_page(request.args.get("page")),
    )


@blueprint.get("/inbox")
@allow("signed_in")
def inbox() -> Response:
    """List the lines: ``show`` all or unread, ``group``, ``page``."""
    return _inbox_page(undo=request.args.get("undo", "")[:40])


def _inbox_page(*, undo: str = "", changed: bool = False) -> Response:
    shown = _shown()
    found = list_notes(current_user.id, unread_only=shown.unread_only, group=shown.group, page=shown.page)
    shown = replace(shown, page=found.page)
    mine = {kind.group for kind in kinds_for(current_user.role.value)}
    return render(
        "notifications/inbox.html",
        "notifications/_list.html",
        shown=shown,
        listing=found,
        lines=lines_of(found.items, now=g.now, zone=current_user.zone),
        tabs=[
            ("All", replace(shown, unread_only=False, page=1).url(), not shown.unread_only),
            ("Unread", replace(shown, unread_only=True, page=1).url(), shown.unread_only),
        ],
        groups=[(group.value, GROUP_LABELS[group]) for group in Group if group in mine],
        bell=bell(),
        undo_url=shown.url("notifications.restore", note_id=undo) if undo else None,
        changed=changed,
    )


@blueprint.get("/inbox/latest")
@allow("signed_in")
def latest() -> Response:
    """Return the newest lines as a home shows them."""
    lines = lines_of(latest_notes(current_user.id), now=g.now, zone=current_user.zone)
    return render("notifications/_latest.html", latest=lines)


@blueprint.post("/inbox/<note_id>/open")
@allow("signed_in")
def open_note(note_id: str) -> BaseResponse:
    """Mark a line as read and lead to what it is about."""
    with transaction():
        note = mark_read(reader=reader(), note_id=note_id, now=g.now)
        url = safe_path(note.url)
    return see_other(url or url_for("notifications.inbox"))


@blueprint.post("/inbox/<note_id>/read")
@allow("signed_in")
def read(note_id: str) -> BaseResponse:
    """Mark a line as read and stay."""
    with transaction():
        mark_read(reader=reader(), note_id=note_id, now=g.now)
    return _back()


@blueprint.post("/inbox/read-all")
@allow("signed_in")
def read_all() -> BaseResponse:
    """Mark all lines as read, or those of the group shown."""
    with transaction():
        count = mark_all_read(reader=reader(), group=_shown().group, now=g.now)
    flash("Everything is marked as read." if count else "There was nothing unread.", "ok")
    return _back()


@blueprint.post("/inbox/<note_id>/delete")
@allow("signed_in")
def delete(note_id: str) -> BaseResponse:
    """Take a line out of the inbox; the page that follows offers to bring it back."""
    with transaction():
        delete_note(reader=reader(), note_id=note_id, now=g.now)
    return _back(undo=note_id)


@blueprint.post("/inbox/<note_id>/restore")
@allow("signed_in")
def restore(note_id: str) -> BaseResponse:
    """Bring a deleted line back."""
    with transaction():
        title = restore_note(reader=reader(), note_id=note_id).title
    flash(f"“{title}” is back.", "ok")
    return _back()


def _back(undo: str = "") -> BaseResponse:
    """Show the list again: in place for htmx, else by its address."""
    if is_htmx():
        return _inbox_page(undo=undo, changed=True)
    return see_other(_shown().url(**({"undo": undo} if undo else {})))
