"""What the address of the desk's list asks for; what cannot be read is left out and named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from webapp.core.pagination import read_page
from webapp.packages.queries.desk import DeskFilter, Part
from webapp.packages.rules import EXAM_LABELS, read_exam

PART_WORDS = {Part.KEPT: "All", Part.ON_SALE: "On sale", Part.HIDDEN: "Hidden", Part.ARCHIVED: "Archived"}
SHOWN = 40


@dataclass(frozen=True, slots=True)
class Asked:
    """A filter with its page and what in the address meant nothing."""

    filter: DeskFilter
    page: int = 1
    problems: tuple[str, ...] = ()

    @property
    def query(self) -> dict[str, str]:
        """The shortest query that asks for this filter."""
        wanted = self.filter
        parts = {"show": wanted.part.value if wanted.part is not Part.KEPT else "", "exam": wanted.exam or ""}
        return {name: str(value) for name, value in parts.items() if value}

    def url(self, path: str, **more: object) -> str:
        """An address of the same filter; with ``page`` another page of it, with other names another filter."""
        found = {name: value for name, value in {**self.query, **more}.items() if value}
        return f"{path}?{urlencode(found)}" if found else path


def read_asked(args: Mapping[str, str]) -> Asked:
    """Read ``show`` (on-sale, hidden, archived), ``exam`` and ``page``."""
    show, exam_text = args.get("show", "").strip()[:SHOWN], args.get("exam", "").strip()[:SHOWN]
    part = Part(show) if show in list(Part) else None
    exam = read_exam(exam_text)
    problems = []
    if show and part is None:
        choices = ", ".join(word.lower() for word in PART_WORDS.values())
        problems.append(f"“{show}” is nothing to show. Choose {choices}; all are shown.")
    if exam_text and exam is None:
        problems.append(f"“{exam_text}” is not an exam. Choose {', '.join(EXAM_LABELS.values())}; all are shown.")
    return Asked(DeskFilter(part or Part.KEPT, exam), read_page(args.get("page")), tuple(problems))
