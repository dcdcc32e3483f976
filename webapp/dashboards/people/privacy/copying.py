"""The copy of one person's data: a ZIP of tables as CSV, and all of it as JSON and as a page; sent while it is made."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from flask import Response, render_template, stream_with_context

from webapp.accounts.models import User
from webapp.core.csv_export import Cell, csv_lines, moment_cell, rupees_cell
from webapp.core.money import format_rupees
from webapp.core.times import format_date, format_when, iso_z
from webapp.dashboards.people.privacy.gathering import Paise, Section, Value, sections_of
from webapp.dashboards.people.privacy.letting_go import KEPT


class _Pipe(io.RawIOBase):
    """Takes what the ZIP writer writes and gives it on; it cannot go back, so nothing is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = bytearray()

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, piece: Any) -> int:
        """Keep a piece until it is taken."""
        self.waiting += bytes(piece)
        return len(piece)

    def take(self) -> bytes:
        """Return what waits."""
        piece = bytes(self.waiting)
        self.waiting.clear()
        return piece


def copy_response(user: User, *, zone: str, now: dt.datetime) -> Response:
    """Answer with the ZIP of a person's data; times on the clock of ``zone``."""
    return Response(
        stream_with_context(zip_pieces(user, zone=zone, now=now)),
        content_type="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="my-data-{now:%Y-%m-%d}.zip"',
            "Cache-Control": "private, no-store",
        },
    )


def zip_pieces(user: User, *, zone: str, now: dt.datetime) -> Iterator[bytes]:
    """Yield the ZIP in pieces: one table is in memory at a time, and the page that shows them all."""
    pipe = _Pipe()
    made: list[Section] = []
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for section in sections_of(user, zone=zone):
            made.append(section)
            lines = csv_lines(section.header, [[_cell(value, zone) for value in row] for row in section.rows])
            archive.writestr(f"{section.key}.csv", "".join(lines))
            yield pipe.take()
        archive.writestr("data.json", _as_json(made, user, now))
        yield pipe.take()
        archive.writestr("read-me.html", _as_page(made, user, zone, now))
    yield pipe.take()


def _as_json(sections: Sequence[Section], user: User, now: dt.datetime) -> str:
    tables = {
        one.key: [dict(zip(one.header, (_plain(value) for value in row), strict=True)) for row in one.rows]
        for one in sections
    }
    about = {"account": user.public_id, "made_at": iso_z(now), "money": "paise", "tables": tables}
    return json.dumps(about, ensure_ascii=False, indent=1)


def _as_page(sections: Sequence[Section], user: User, zone: str, now: dt.datetime) -> str:
    tables = [(one.title, one.header, [[_words(value, zone) for value in row] for row in one.rows]) for one in sections]
    return render_template("people/copy.html", person=user, tables=tables, made=format_when(now, zone), kept=KEPT)


def _plain(value: Value) -> str | int | bool | None:
    if isinstance(value, dt.datetime):
        return iso_z(value)
    return value.isoformat() if isinstance(value, dt.date) else value


def _cell(value: Value, zone: str) -> Cell:
    if isinstance(value, dt.datetime):
        return moment_cell(value, zone)
    if isinstance(value, Paise):
        return rupees_cell(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, dt.date) else value


def _words(value: Value, zone: str) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return format_when(value, zone)
    if isinstance(value, dt.date):
        return format_date(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return format_rupees(value) if isinstance(value, Paise) else str(value)
