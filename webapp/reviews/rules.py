"""Pure rules of reviews."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

TEXT_LIMIT = 2000
NOTE_LIMIT = 500
STARS = (1, 2, 3, 4, 5)
TAG_LIMIT, MOST_TAGS = 40, 10
# Offered on the form; a program may send words of its own within the limits.
TAGS = ("clear", "well prepared", "patient", "practical", "honest", "on time", "parents welcome", "felt rushed")
# product.md "Reviews": what a student may rate besides the whole.
ASPECTS = {
    "professionalism": "Professionalism",
    "expertise": "Expertise",
    "communication": "Communication",
    "value_for_money": "Value for money",
    "punctuality": "Punctuality",
}


def shorten_name(name: str) -> str:
    """Return a student's name as the public sees it: "Amit Kumar" → "Amit K.", one word stays."""
    words = name.split()
    if len(words) < 2:
        return words[0] if words else "A student"
    return f"{words[0]} {words[-1][0].upper()}."


def check_review(rating: object, text: str, tags: Sequence[str], aspects: Mapping[str, object]) -> dict[str, str]:
    """Return what is wrong with a review, field → words; every wrong field at once, empty when all is well."""
    wrong: dict[str, str] = {}
    if not is_stars(rating):
        wrong["rating"] = "Choose one to five stars."
    if len(text) > TEXT_LIMIT:
        wrong["text"] = f"Keep the review within {TEXT_LIMIT:,} characters."
    if len(tags) > MOST_TAGS or not all(1 <= len(tag.strip()) <= TAG_LIMIT and tag.isprintable() for tag in tags):
        wrong["tags"] = f"Use at most {MOST_TAGS} tags of up to {TAG_LIMIT} characters."
    if set(aspects) - set(ASPECTS) or not all(is_stars(value) for value in aspects.values()):
        wrong["aspects"] = "Rate each of these from one to five, or leave it out."
    return wrong


def is_stars(value: object) -> bool:
    """Tell whether ``value`` is a whole number of stars, 1 to 5 (True is no number here)."""
    return isinstance(value, int) and not isinstance(value, bool) and value in STARS
