"""Names of exams and lengths of time in words."""

from __future__ import annotations

from webapp.packages.models import ExamType

EXAM_LABELS = {ExamType.JEE: "JEE", ExamType.NEET: "NEET UG", ExamType.WBJEE: "WBJEE"}
EXAM_LONG = {
    ExamType.JEE: "JEE Main and Advanced",
    ExamType.NEET: "NEET UG",
    ExamType.WBJEE: "WBJEE",
}


def read_exam(text: str | None) -> ExamType | None:
    """Return the exam type a text names, whatever its case; None where it names none."""
    try:
        return ExamType((text or "").strip().lower())
    except ValueError:
        return None


def exam_label(value: str) -> str:
    """Return an exam as people say it: "neet" → "NEET UG"; an unknown value stays itself in capitals."""
    exam = read_exam(value)
    return EXAM_LABELS[exam] if exam else value.upper()


def sessions_words(sessions: int, minutes: int) -> str:
    """Return "6 sessions of 45 min" or "1 session of 45 min"."""
    return f"{sessions} {'session' if sessions == 1 else 'sessions'} of {minutes} min"


def validity_words(days: int) -> str:
    """Return how long a package is good for: "1 year", "6 months", "45 days".

    Whole years and whole months of 30 days are named so; a purchase ends exactly ``days`` later.
    """
    if days % 365 == 0:
        return _counted(days // 365, "year")
    if days % 30 == 0 and days >= 60:
        return _counted(days // 30, "month")
    return _counted(days, "day")


def per_session(price: int, sessions: int) -> int:
    """Return what one session comes to, in paise, rounded down to the rupee."""
    return price // sessions // 100 * 100


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
