"""The next steps as a form writes them: rows of text in an order, moved about by plain buttons."""

from __future__ import annotations

from dataclasses import dataclass, field

from werkzeug.datastructures import MultiDict

from webapp.bookings.models import CounsellingSession
from webapp.bookings.services import StepText
from webapp.bookings.services.steps import MOST_STEPS

MOST_ROWS = MOST_STEPS + 5  # more than may be saved, so that nothing typed is lost before it is refused


@dataclass(slots=True)
class StepsDraft:
    """Rows as they stand in the form; ``focus`` is the row that a button has just touched."""

    rows: list[StepText] = field(default_factory=list)
    focus: int | None = None
    error: str = ""

    @property
    def steps(self) -> list[StepText]:
        """What would be saved."""
        return [row for row in self.rows if row.text.strip()]

    def acted(self, act: str) -> StepsDraft:
        """Return the rows after a button: "add", "up:N", "down:N" or "remove:N"; others change nothing."""
        name, _, number = act.partition(":")
        rows, at = list(self.rows), int(number) if number.isdecimal() and len(number) < 4 else -1
        if name == "add" and len(rows) < MOST_ROWS:
            rows.append(StepText(""))
            return StepsDraft(rows, len(rows) - 1)
        to = at + {"up": -1, "down": 1}.get(name, 0)
        if not (0 <= at < len(rows) and 0 <= to < len(rows)):
            return StepsDraft(rows)
        row = rows.pop(at)
        if name == "remove":
            return StepsDraft(rows, min(at, len(rows) - 1) if rows else None)
        rows.insert(to, row)
        return StepsDraft(rows, to)


def steps_of(session: CounsellingSession, blank: int) -> StepsDraft:
    """The steps a session has, and some empty rows while there are none."""
    rows = [StepText(step.text, step.public_id) for step in session.next_steps]
    return StepsDraft(rows or [StepText("")] * blank)


def read_steps(form: MultiDict[str, str]) -> StepsDraft:
    """The rows that a form sends: "step" and, for those that were there, "key"."""
    texts, keys = form.getlist("step")[:MOST_ROWS], form.getlist("key")
    keys += [""] * (len(texts) - len(keys))
    return StepsDraft([StepText(text, key) for text, key in zip(texts, keys, strict=False)])
