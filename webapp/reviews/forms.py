"""The forms of reviews."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectMultipleField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import DataRequired, Length

from webapp.bookings.forms import tidy
from webapp.reviews.models import Review
from webapp.reviews.rules import ASPECTS, NOTE_LIMIT, TAGS, TEXT_LIMIT
from webapp.reviews.services import ReviewWords

STAR_WORDS = ("1 star, poor", "2 stars", "3 stars", "4 stars", "5 stars, excellent")
STAR_CHOICES = [SelectChoice(str(number), words) for number, words in enumerate(STAR_WORDS, 1)]
SHORT_CHOICES = [SelectChoice("", "Skip"), *(SelectChoice(str(number), str(number)) for number in range(1, 6))]


class ReviewForm(FlaskForm):  # type: ignore[misc]
    """A student's review: stars are needed, everything else may stay empty."""

    rating = RadioField("How was it, all in all?", choices=STAR_CHOICES, validate_choice=False)
    text = TextAreaField(
        "What should others know?",
        [Length(max=TEXT_LIMIT, message=f"Keep the review within {TEXT_LIMIT:,} characters.")],
        filters=[tidy],
    )
    would_recommend = BooleanField("I would recommend this counsellor", default=True)
    tags = SelectMultipleField(
        "In a few words", choices=[SelectChoice(tag, tag) for tag in TAGS], validate_choice=False
    )
    professionalism = RadioField(ASPECTS["professionalism"], choices=SHORT_CHOICES, default="", validate_choice=False)
    expertise = RadioField(ASPECTS["expertise"], choices=SHORT_CHOICES, default="", validate_choice=False)
    communication = RadioField(ASPECTS["communication"], choices=SHORT_CHOICES, default="", validate_choice=False)
    value_for_money = RadioField(ASPECTS["value_for_money"], choices=SHORT_CHOICES, default="", validate_choice=False)
    punctuality = RadioField(ASPECTS["punctuality"], choices=SHORT_CHOICES, default="", validate_choice=False)

    def aspects(self) -> dict[str, int]:
        """Return the aspects that were rated; an unreadable one is 0, which no rule lets through."""
        chosen = {name: self[name].data or "" for name in ASPECTS}
        return {name: stars(text) for name, text in chosen.items() if text}

    def said(self) -> ReviewWords:
        """Return what was typed, for the service to judge."""
        return ReviewWords(
            rating=stars(self.rating.data),
            text=self.text.data or "",
            would_recommend=bool(self.would_recommend.data),
            tags=self.tags.data or [],
            aspects=self.aspects(),
        )

    def show(self, review: Review) -> None:
        """Fill in a review that can still be changed."""
        self.rating.data, self.text.data = str(review.rating), review.text
        self.would_recommend.data, self.tags.data = review.would_recommend, review.tags
        for name, number in review.aspects.items():
            self[name].data = str(number)

    def show_errors(self, fields: dict[str, str]) -> None:
        """Put the rules' words at their fields; those of the aspects at the first."""
        for name, words in fields.items():
            field = self["professionalism" if name == "aspects" else name]
            field.errors = [*field.errors, words]


class ModerationForm(FlaskForm):  # type: ignore[misc]
    """Why a review was published or taken back; only staff read it."""

    note = TextAreaField(
        "Note for staff",
        [Length(max=NOTE_LIMIT, message=f"Keep the note within {NOTE_LIMIT} characters.")],
        filters=[tidy],
    )


class ResponseForm(FlaskForm):  # type: ignore[misc]
    """A counsellor's public answer."""

    response = TextAreaField(
        "Your answer",
        [
            DataRequired("Write your answer."),
            Length(max=TEXT_LIMIT, message=f"Keep the answer within {TEXT_LIMIT:,} characters."),
        ],
        filters=[tidy],
    )


def stars(text: str | None) -> int:
    """Return a typed number of stars, 0 for anything that is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) == 1 else 0
