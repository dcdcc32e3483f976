"""From a row of the outbox to a finished message: text, HTML with its rules inline, attachments."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, parseaddr
from typing import Any, cast

import css_inline
from flask import current_app

from webapp.config import ROOT, Settings
from webapp.notifications.links import external_url


class WholeHeader(UnstructuredHeader, BaseHeader):
    """A header of ASCII that stays on one line: folding would write a long address as an encoded word."""

    def fold(self, *, policy: Policy) -> str:
        """Return the line as it is."""
        return f"{self.name}: {self}{policy.linesep}"


_headers = HeaderRegistry()
_headers.map_to_type("List-Unsubscribe", WholeHeader)
POLICY = SMTP.clone(header_factory=_headers)
_inliner = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


@dataclass(frozen=True, slots=True)
class Letter:
    """What the outbox says about one mail, free of the database."""

    public_id: str
    recipient: str
    recipient_name: str
    template: str
    context: dict[str, Any]
    attachments: Sequence[dict[str, str]]
    at: dt.datetime
    unsubscribe_key: str | None = None


def compose(letter: Letter) -> EmailMessage:
    """Return the finished message. Composing twice gives the same Message-ID, so a copy can be recognised.

    Raises:
        jinja2.TemplateError: the mail's templates are missing or wrong.
    """
    settings = cast(Settings, current_app.config["SETTINGS"])
    sender_name, sender = parseaddr(settings.mail_from)
    words = {
        **letter.context,
        "recipient_name": letter.recipient_name,
        "site_name": settings.site_name,
        "site_url": settings.base_url,
    }
    if letter.unsubscribe_key:
        words["unsubscribe_url"] = external_url("notifications.unsubscribe", key=letter.unsubscribe_key)
    subject = " ".join(_fill(letter.template, "subject.txt", words).split())
    message = EmailMessage(policy=POLICY)
    message["From"] = _address(sender_name, sender)
    message["To"] = _address(letter.recipient_name, letter.recipient)
    message["Subject"] = subject
    message["Date"] = format_datetime(letter.at)
    message["Message-ID"] = f"<{letter.public_id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    if letter.unsubscribe_key:  # RFC 2369, RFC 8058
        message["List-Unsubscribe"] = f"<{words['unsubscribe_url']}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    text = _fill(letter.template, "body.txt", words).strip() + "\n"
    if letter.unsubscribe_key:
        text += f"\nNo more mail of this kind: {words['unsubscribe_url']}\n"
    message.set_content(text)
    html = _fill(letter.template, "body.html", {**words, "subject": subject, "mail_css": _mail_css()})
    message.add_alternative(_inliner.inline(html), subtype="html")
    for attachment in letter.attachments:
        _attach(message, attachment)
    return message


def _fill(template: str, part: str, words: dict[str, Any]) -> str:
    # Not render_template: a mail is the same whether a request, a worker or the sweep sends it.
    return current_app.jinja_env.get_template(f"email/{template}/{part}").render(words)


def _address(name: str, spec: str) -> Address:
    local, _, domain = spec.rpartition("@")
    return Address(" ".join(name.split()), local, domain)


def _attach(message: EmailMessage, attachment: dict[str, str]) -> None:
    kind, *rest = (piece.strip() for piece in attachment["content_type"].split(";"))
    maintype, _, subtype = kind.partition("/")
    params = dict(piece.split("=", 1) for piece in rest if "=" in piece)
    message.add_attachment(
        attachment["text"].encode(),  # base64 keeps the line ends that calendar files prescribe
        maintype=maintype,
        subtype=subtype,
        filename=attachment["filename"],
        params={"charset": "utf-8", **params} if maintype == "text" else params,
    )


@functools.cache
def _mail_css() -> str:
    return (ROOT / "static" / "css" / "mail.css").read_text("utf-8")
