from __future__ import annotations

import pytest

from webapp.packages.models import ExamType
from webapp.packages.rules import exam_label, per_session, read_exam, sessions_words, validity_words


@pytest.mark.parametrize(
    ("days", "words"),
    [(1, "1 day"), (30, "30 days"), (60, "2 months"), (180, "6 months"), (270, "9 months"), (45, "45 days"),
     (365, "1 year"), (730, "2 years"), (360, "12 months"), (100, "100 days")],
)  # fmt: skip
def test_validity_in_words(days: int, words: str) -> None:
    assert validity_words(days) == words


def test_other_words() -> None:
    assert sessions_words(1, 30) == "1 session of 30 min"
    assert sessions_words(6, 45) == "6 sessions of 45 min"
    assert per_session(1499900, 6) == 249900
    assert per_session(100, 3) == 0


@pytest.mark.parametrize(("text", "exam"), [
    ("jee", ExamType.JEE), (" NEET ", ExamType.NEET), ("gate", None), ("", None), (None, None), ("jee\x00", None),
])  # fmt: skip
def test_exams_are_read_whatever_their_case(text: str | None, exam: ExamType | None) -> None:
    assert read_exam(text) is exam


def test_exams_have_names() -> None:
    assert exam_label("neet") == "NEET UG"
    assert exam_label("gate") == "GATE"
