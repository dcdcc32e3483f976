"""Reads the folder of captured mail."""

from __future__ import annotations

import datetime as dt
import email
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.policy import default as modern
from email.utils import getaddresses
from pathlib import Path
from typing import Any

from webapp.core.times import iso_z
from webapp.notifications.transport import SUFFIX

_NAME = re.compile(r"mail_[A-Za-z0-9]{20}")


@dataclass(frozen=True, slots=True)
class CapturedFile:
    """A file that came with a mail."""

    filename: str
    content_type: str
    text: str


@dataclass(frozen=True, slots=True)
class CapturedMail:
    """One mail as its reader would see it. ``to`` is the bare address."""

    name: str
    to: str
    subject: str
    text: str
    html: str
    sent_at: dt.datetime
    order: int
    headers: tuple[tuple[str, str], ...]
    attachments: list[CapturedFile] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return what /dev/mail.json tells about it."""
        return {
            "to": self.to,
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "attachments": [
                {"filename": file.filename, "contentType": file.content_type, "text": file.text}
                for file in self.attachments
            ],
            "sentAt": iso_z(self.sent_at),
        }


def list_mails(folder: Path, *, to: str = "") -> list[CapturedMail]:
    """Return captured mails, the newest first; ``to`` keeps those to one address, in any case of its letters."""
    wanted = to.strip().lower()
    mails = [mail for mail in _all_mails(folder) if not wanted or mail.to.lower() == wanted]
    return sorted(mails, key=lambda mail: (mail.order, mail.name), reverse=True)


def read_mail(folder: Path, name: str) -> CapturedMail | None:
    """Return one captured mail by its name, None if there is none."""
    path = folder / f"{name}{SUFFIX}"
    if not _NAME.fullmatch(name) or not path.is_file():
        return None
    return _parse(path, path.stat().st_mtime_ns)


def _all_mails(folder: Path) -> Iterator[CapturedMail]:
    for path in folder.glob(f"mail_*{SUFFIX}"):
        try:
            yield _parse(path, path.stat().st_mtime_ns)
        except FileNotFoundError:  # cleared this moment
            continue


@functools.lru_cache(maxsize=4096)
def _parse(path: Path, written_ns: int) -> CapturedMail:
    """Read a mail file; ``written_ns`` is part of the key, so that a changed file is read again."""
    message = email.message_from_bytes(path.read_bytes(), policy=modern)
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    seconds, rest = divmod(written_ns, 1_000_000_000)
    return CapturedMail(
        name=path.stem,
        to=getaddresses([str(message["To"])])[0][1],
        subject=str(message["Subject"]),
        text=_words(plain),
        html=_words(html),
        sent_at=dt.datetime.fromtimestamp(seconds, dt.UTC).replace(microsecond=rest // 1000),
        order=written_ns,
        headers=tuple((name, str(value)) for name, value in message.items()),
        attachments=[_file(part) for part in message.iter_attachments()],
    )


def _words(part: Any) -> str:
    return str(part.get_content()).replace("\r\n", "\n") if part else ""


def _file(part: Any) -> CapturedFile:
    charset = part.get_content_charset("utf-8")
    text = (part.get_payload(decode=True) or b"").decode(charset, "replace")
    return CapturedFile(part.get_filename() or "file", part.get_content_type(), text)
