"""Tables as CSV files: streamed row by row, and harmless in a spreadsheet.

A cell of text that a spreadsheet would take for a formula gets an apostrophe in front (CSV injection:
a name typed by a student must never run on an admin's machine). Numbers are ours and stay numbers.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from flask import Response, stream_with_context

from webapp.core.times import zone_info

Cell = str | int | Decimal | None
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BYTE_ORDER_MARK = "\ufeff"  # without it spreadsheets read UTF-8 as something else
ROWS_A_CHUNK = 200


def safe_cell(value: Cell) -> str:
    """Return a cell as it is written: text that could be a formula begins with an apostrophe."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    text = value.replace("\x00", "")
    return f"'{text}" if text.lstrip(" ").startswith(STARTS_A_FORMULA) else text


def rupees_cell(paise: int | None) -> Decimal | None:
    """Return paise as a plain number of rupees with two decimals, for adding up."""
    return None if paise is None else Decimal(paise).scaleb(-2).quantize(Decimal("0.01"))


def moment_cell(instant: dt.datetime | None, zone: str) -> str:
    """Return an instant as a spreadsheet sorts it, on the clock of ``zone``: "2026-12-12 10:30"."""
    return f"{instant.astimezone(zone_info(zone)):%Y-%m-%d %H:%M}" if instant else ""


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """Yield the file in pieces of some hundred rows."""
    buffer = io.StringIO(BYTE_ORDER_MARK)
    buffer.seek(0, io.SEEK_END)
    writer = csv.writer(buffer)
    writer.writerow([safe_cell(cell) for cell in header])
    for number, row in enumerate(rows, 1):
        writer.writerow([safe_cell(cell) for cell in row])
        if number % ROWS_A_CHUNK == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def csv_response(filename: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """Answer with a CSV file; ``rows`` are read while it is sent, so a large table needs no memory."""
    return Response(
        stream_with_context(csv_lines(header, rows)),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{filename}"',
            "Cache-Control": "private, no-store",
        },
    )
