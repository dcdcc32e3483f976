"""Pure rules of counsellors: the catalogue, the desk's list, what a profile and a service must look like."""

from webapp.counsellors.rules.catalogue import (
    SEARCH_LIMIT,
    SEARCH_WORDS,
    CounsellorFilter,
    CounsellorSort,
    Tally,
    clean_search,
    combined_rating,
    search_patterns,
)
from webapp.counsellors.rules.desk import DeskFilter, DeskPart, Standing, moved
from webapp.counsellors.rules.profile import (
    DURATIONS,
    EXAMS,
    ProfileText,
    Record,
    ServiceText,
    clean_profile,
    clean_record,
    clean_service,
    clean_text,
    split_lines,
    split_words,
)

__all__ = [
    "DURATIONS",
    "EXAMS",
    "SEARCH_LIMIT",
    "SEARCH_WORDS",
    "CounsellorFilter",
    "CounsellorSort",
    "DeskFilter",
    "DeskPart",
    "ProfileText",
    "Record",
    "ServiceText",
    "Standing",
    "Tally",
    "clean_profile",
    "clean_record",
    "clean_search",
    "clean_service",
    "clean_text",
    "combined_rating",
    "moved",
    "search_patterns",
    "split_lines",
    "split_words",
]
