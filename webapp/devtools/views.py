"""Captured mail to look at, and the sweep; only for clients on this machine."""

from __future__ import annotations

import datetime as dt
import re
import time
from typing import cast

from flask import Blueprint, Response, current_app, g, jsonify, request, url_for
from markupsafe import Markup, escape

from webapp.config import Settings
from webapp.core.access import allow
from webapp.core.due import run_due_work
from webapp.core.errors import NotFound
from webapp.core.htmx import render
from webapp.core.pagination import DEFAULT_LIMIT, Page, read_page
from webapp.core.times import iso_z
from webapp.devtools.mailbox import CapturedMail, list_mails, read_mail
from webapp.notifications.delivery import deliver_due
from webapp.notifications.queries import mails_being_sent

blueprint = Blueprint("devtools", __name__, url_prefix="/dev")

LOOPBACK = frozenset({"127.0.0.1", "::1", "::ffff:127.0.0.1"})
MAIL_CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
PATIENCE_SECONDS = 15.0
_ADDRESS = re.compile(r"https?://[^\s<>\"']+")


@blueprint.before_request
def only_this_machine() -> None:
    """Hide everything here from clients elsewhere, whatever X-Forwarded-For says."""
    behind = request.environ.get("werkzeug.proxy_fix.orig", {})
    if not {request.remote_addr, behind.get("REMOTE_ADDR", request.remote_addr)} <= LOOPBACK:
        raise NotFound


@blueprint.get("/mail")
@allow("public")
def mail() -> Response:
    """List captured mails, the newest first."""
    to = request.args.get("to", "")
    found = list_mails(_settings().mail_dir, to=to)
    number = read_page(request.args.get("page"))
    first = (number - 1) * DEFAULT_LIMIT
    page = Page(found[first : first + DEFAULT_LIMIT], len(found), number, DEFAULT_LIMIT)
    return render(
        "devtools/mail.html", mails=page, to=to, page_url=lambda number: url_for("devtools.mail", to=to, page=number)
    )


@blueprint.get("/mail.json")
@allow("public")
def mail_json() -> Response:
    """Answer captured mails as JSON, the newest first."""
    found = list_mails(_settings().mail_dir, to=request.args.get("to", ""))
    return jsonify([message.as_json() for message in found])


@blueprint.get("/mail/<name>")
@allow("public")
def message(name: str) -> Response:
    """Show one mail."""
    found = _mail(name)
    return render("devtools/message.html", mail=found, text=_with_links(found.text))


@blueprint.get("/mail/<name>/html")
@allow("public")
def message_html(name: str) -> Response:
    """Answer the HTML of a mail alone, as harmless as a mail app would show it; links open a new page."""
    html = _mail(name).html.replace("<head>", '<head><base target="_blank">', 1)
    return Response(
        html,
        mimetype="text/html",
        headers={"Content-Security-Policy": MAIL_CSP, "X-Frame-Options": "SAMEORIGIN"},
    )


@blueprint.get("/mail/<name>/files/<int:number>")
@allow("public")
def attachment(name: str, number: int) -> Response:
    """Download a file of a mail."""
    files = _mail(name).attachments
    if number >= len(files):
        raise NotFound
    response = Response(files[number].text, mimetype=files[number].content_type)
    response.headers.set("Content-Disposition", "attachment", filename=files[number].filename)
    return response


@blueprint.post("/sweep")
@allow("public")
def sweep() -> tuple[Response, int] | Response:
    """Run all due work as of ``{"now": instant}`` (default: now); answer when its mail is out."""
    body = request.get_json(silent=True) if request.data else {}
    asked = body.get("now") if isinstance(body, dict) else body
    now = g.now if isinstance(body, dict) and asked is None else read_instant(asked)
    if now is None:
        return jsonify({"error": "now must be an ISO instant, such as 2026-12-12T05:00:00Z"}), 422
    counts = run_due_work(now)
    counts["outbox"] = counts.get("outbox", 0) + _see_mail_out(now)
    return jsonify({"now": iso_z(now), "counts": counts})


def read_instant(text: object) -> dt.datetime | None:
    """Return an ISO-8601 instant with its offset in UTC, None if ``text`` is none."""
    try:
        instant = dt.datetime.fromisoformat(text) if isinstance(text, str) else None
        return instant.astimezone(dt.UTC) if instant and instant.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _see_mail_out(now: dt.datetime) -> int:
    """Wait until mails that other senders hold have left; take over what a killed one left behind."""
    deadline, sent = time.monotonic() + PATIENCE_SECONDS, 0
    while True:
        run = deliver_due(now)
        sent += run.sent
        if not run.more and (not mails_being_sent(now) or time.monotonic() > deadline):
            return sent
        time.sleep(0.1)


def _with_links(text: str) -> Markup:
    parts, end = [], 0
    for found in _ADDRESS.finditer(text):
        address = escape(found.group())
        parts += [escape(text[end : found.start()]), Markup('<a class="link" href="{0}">{0}</a>').format(address)]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


def _mail(name: str) -> CapturedMail:
    found = read_mail(_settings().mail_dir, name)
    if found is None:
        raise NotFound
    return found


def _settings() -> Settings:
    return cast(Settings, current_app.config["SETTINGS"])
