"""Pure rules of packages."""

from webapp.packages.rules.words import (
    EXAM_LABELS,
    EXAM_LONG,
    exam_label,
    per_session,
    read_exam,
    sessions_words,
    validity_words,
)

__all__ = [
    "EXAM_LABELS",
    "EXAM_LONG",
    "exam_label",
    "per_session",
    "read_exam",
    "sessions_words",
    "validity_words",
]
