"""From text to rows under known headings. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from webapp.inquiries.importing.decoding import NotReadable

MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 5000  # stored in one transaction that nobody may wait long for
DELIMITERS = (",", ";", "\t", "|")
FIELDS = ("name", "email", "phone", "exam", "rank", "category", "state", "message", "source")
LABELS = {
    "name": "Name", "email": "Mail", "phone": "Phone", "exam": "Exam", "rank": "Rank", "category": "Category",
    "state": "State", "message": "Message", "source": "Source", "": "Row",
}  # fmt: skip
REQUIRED = ("name", "email", "phone")
TEMPLATE = (
    ("Name", "Mail", "Phone", "Exam", "Rank", "Category", "State", "Message", "Source"),
    (
        "Ananya Chatterjee", "ananya@example.com", "98300 12345", "JEE Main", "18452", "General", "West Bengal",
        "Which NITs can I hope for?", "fair",
    ),
)  # fmt: skip
ALIASES = {
    "name": "name full-name student student-name your-name candidate candidate-name lead lead-name",
    "email": "email e-mail mail email-address e-mail-address mail-address email-id e-mail-id mail-id emailid",
    "phone": "phone mobile phone-number mobile-number mobile-no phone-no contact contact-number contact-no tel "
    "telephone whatsapp whatsapp-number cell",
    "exam": "exam exam-type entrance entrance-exam track interested-in",
    "rank": "rank air all-india-rank exam-rank",
    "category": "category caste-category reservation reservation-category quota",
    "state": "state home-state domicile",
    "message": "message question note notes comment comments remarks query",
    "source": "source lead-source came-from channel medium",
}
_BY_ALIAS = {alias: field for field, aliases in ALIASES.items() for alias in aliases.split()}


@dataclass(frozen=True, slots=True)
class Line:
    """One row: the line it begins at in the file, its cells by field, and what is wrong with its shape."""

    number: int
    cells: dict[str, str]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file's rows; ``columns`` maps the headings that are read to fields, ``unread`` lists the others."""

    columns: dict[str, str]
    unread: tuple[str, ...]
    lines: tuple[Line, ...]


def field_of(heading: str) -> str | None:
    """Return the field a heading means, whatever its case and punctuation: "E-Mail ID*" is the mail."""
    plain = re.sub(r"[^a-z0-9]+", "-", heading.casefold()).strip("-")
    return _BY_ALIAS.get(plain)


def read_sheet(text: str) -> Sheet:
    """Read the rows of a CSV file.

    Raises:
        NotReadable: no headings we know, no rows or too many, a quote that is never closed.
    """
    skipped, delimiter = _delimiter(text)
    rows = _rows(text, skipped, delimiter)
    heading = next(rows, None)
    if heading is None:
        raise NotReadable("The file is empty.")
    fields = _columns(heading[1])
    lines: list[Line] = []
    for number, cells in rows:
        lines.append(_line(number, cells, fields))
        if len(lines) > MAX_ROWS:
            raise NotReadable(f"The file has more than {MAX_ROWS:,} rows. Split it and import the parts one by one.")
    if not lines:
        raise NotReadable("The file has headings and no rows under them.")
    columns = {name.strip(): field for name, field in zip(heading[1], fields, strict=True) if field}
    unread = tuple(name.strip() for name, field in zip(heading[1], fields, strict=True) if not field and name.strip())
    return Sheet(columns, unread, tuple(lines))


def _delimiter(text: str) -> tuple[int, str]:
    """Return how many lines to skip (a spreadsheet's "sep=;") and what stands between the cells."""
    first, _, rest = text.partition("\n")
    told = re.fullmatch(r"sep=(.)\r?", first)
    if told and told.group(1) in DELIMITERS:
        return 1, told.group(1)
    bare = re.sub(r'"[^"]*"', "", first if first.strip() else rest.partition("\n")[0])
    return 0, max(DELIMITERS, key=bare.count)


def _rows(text: str, skip: int, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (line it begins at, cells) of the rows that are not blank."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for cells in reader:
            if begins > skip and any(cell.strip() for cell in cells):
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        raise NotReadable(_csv_words(str(error), begins)) from None


def _csv_words(error: str, line: int) -> str:
    if "field larger" in error:
        return f"A cell in the row at line {line} is far too long. Is a quote there opened and not closed?"
    if "unexpected end" in error:
        return f"A quote that is opened in the row at line {line} is never closed. Close it and choose the file again."
    return f"The row at line {line} can’t be read: a quote stands where none may be."


def _columns(headings: Sequence[str]) -> list[str]:
    fields = [field_of(heading) or "" for heading in headings]
    twice = sorted({LABELS[field] for field in fields if field and fields.count(field) > 1})
    if twice:
        raise NotReadable(f"Two columns mean the same: {', '.join(twice)}. Leave one of them out.")
    missing = [LABELS[field] for field in REQUIRED if field not in fields]
    if missing:
        seen = ", ".join(f"“{heading.strip()[:30]}”" for heading in headings[:12] if heading.strip())
        raise NotReadable(
            f"The first line has to hold the headings. Missing: {', '.join(missing)}. We found: {seen or 'nothing'}."
        )
    return fields


def _line(number: int, cells: Sequence[str], fields: Sequence[str]) -> Line:
    kept = {field: _cell(cell) for field, cell in zip(fields, cells, strict=False) if field}
    if any(cell.strip() for cell in cells[len(fields) :]):
        return Line(number, kept, f"This row has {len(cells)} cells under {len(fields)} headings.")
    return Line(number, kept)


def _cell(text: str) -> str:
    """Return a cell as it was meant: without the apostrophe that guards against formulas."""
    text = text.strip()
    return text[1:] if re.match(r"'[=+\-@]", text) else text
