"""Rows of a file as inquiries: which are good, what is wrong with the others, whom we know already."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from webapp.core.db import db
from webapp.inquiries.importing.sheet import LABELS, Line, Sheet
from webapp.inquiries.models import Inquiry
from webapp.inquiries.rules import InquiryInput, check_entry, email_key, phone_key

SOURCE = "import"
KEYS_A_QUERY = 1000
LOST = "\ufffd"
EXAMS = {
    "jee": "jee-main", "jee mains": "jee-main", "jee(main)": "jee-main",
    "jee adv": "jee-advanced",
    "iit": "jee-advanced", "iit jee": "jee-advanced", "iit-jee": "jee-advanced", "neet ug": "neet", "neet-ug": "neet",
    "wb jee": "wbjee", "wbjeeb": "wbjee", "": "other", "others": "other",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row cannot come in: the line, the field ("" for the whole row), words for the person."""

    line: int
    field: str
    message: str

    def as_json(self) -> dict[str, object]:
        """Return it as an import keeps it."""
        return {"line": self.line, "field": self.field, "message": self.message}


@dataclass(frozen=True, slots=True)
class Row:
    """One row, checked. ``entry`` None: it has problems. ``known`` says whom it repeats ("" nobody)."""

    line: Line
    entry: InquiryInput | None
    problems: tuple[Problem, ...] = ()
    known: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """All rows of a file."""

    rows: list[Row] = field(default_factory=list)

    @property
    def good(self) -> list[Row]:
        """The rows that can come in."""
        return [row for row in self.rows if row.entry is not None]

    @property
    def problems(self) -> list[Problem]:
        """What is wrong, line by line."""
        return [problem for row in self.rows for problem in row.problems]

    @property
    def duplicates(self) -> int:
        """How many good rows repeat somebody."""
        return sum(bool(row.known) for row in self.good)


def check_sheet(sheet: Sheet, *, allow_test: bool) -> Checked:
    """Check every row, and ask which people are known: one statement for a thousand addresses and numbers."""
    rows = [check_line(line, allow_test=allow_test) for line in sheet.lines]
    keys = {row.line.number: _keys(row.entry) for row in rows if row.entry is not None}
    known = _known(pair for pair in keys.values())
    seen: dict[str, int] = {}
    checked = Checked()
    for row in rows:
        pair = keys.get(row.line.number, ())
        words = _words(pair, known, seen)
        seen.update({key: row.line.number for key in pair if key not in seen})
        checked.rows.append(Row(row.line, row.entry, row.problems, words))
    return checked


def check_line(line: Line, *, allow_test: bool) -> Row:
    """Check one row by the rules of the guidance form; nobody was asked for consent."""
    if line.problem:
        return Row(line, None, (Problem(line.number, "", line.problem),))
    cells = line.cells
    early = list(_early_problems(line))
    exam = cells.get("exam", "")
    entry = InquiryInput(
        name=cells.get("name", ""),
        email=cells.get("email", ""),
        phone=re.sub(r"\.0$", "", cells.get("phone", "")),
        exam=EXAMS.get(" ".join(exam.casefold().split()), exam),
        rank=re.sub(r"\.0$", "", cells.get("rank", "")),
        category=cells.get("category", ""),
        state=cells.get("state", ""),
        message=cells.get("message", ""),
        consent=None,
        source=cells.get("source") or SOURCE,
    )
    _clean, wrong = check_entry(entry, allow_test=allow_test)
    told = {problem.field for problem in early}
    late = [Problem(line.number, name, words) for name, words in wrong.items() if name not in told]
    problems = tuple(early + late)
    return Row(line, None if problems else entry, problems)


def _early_problems(line: Line) -> Iterable[Problem]:
    for name, cell in line.cells.items():
        if LOST in cell:
            yield Problem(line.number, name, "A letter was lost when the file was saved (�). Write it anew.")
        elif name == "phone" and re.fullmatch(r"[0-9]([.,][0-9]+)?[eE]\+?[0-9]+", cell):
            yield Problem(
                line.number,
                name,
                "The spreadsheet has shortened this number. Format the column as text, and save again.",
            )


def _keys(entry: InquiryInput) -> tuple[str, str]:
    return email_key(entry.email), phone_key(entry.phone)


def _words(pair: Sequence[str], known: dict[str, str], seen: dict[str, int]) -> str:
    for key in pair:
        if key in known:
            return f"known as {known[key]}"
    for key in pair:
        if key in seen:
            return f"as in line {seen[key]}"
    return ""


def _known(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the ticket of one earlier inquiry for every key that has any."""
    both = list(pairs)
    found: dict[str, str] = {}
    for column, place in ((Inquiry.email_key, 0), (Inquiry.phone_key, 1)):
        keys = sorted({pair[place] for pair in both})
        for start in range(0, len(keys), KEYS_A_QUERY):
            wanted = column.in_(keys[start : start + KEYS_A_QUERY])
            rows = db.session.execute(select(column, Inquiry.ticket_number).where(wanted).order_by(Inquiry.id))
            found.update((key, ticket) for key, ticket in rows)
    return found


def label_of(name: str) -> str:
    """Return what a field is called."""
    return LABELS.get(name, name)
