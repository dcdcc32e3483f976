"""The student's forms of money. Limits are those of the columns."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import StringField, TextAreaField
from wtforms.validators import DataRequired, Length

CODE_LIMIT, REASON_LIMIT = 40, 500


def tidy(text: str | None) -> str:
    """Typed text as it is kept: one kind of line end, no NUL, no edges."""
    return (text or "").replace("\r\n", "\n").replace("\x00", "").strip()


class CouponForm(FlaskForm):  # type: ignore[misc]
    """A coupon's code; may stay empty."""

    coupon_code = StringField(
        "Coupon", [Length(max=CODE_LIMIT, message="We don't know this coupon. Check the spelling.")], filters=[tidy]
    )


class RefundForm(FlaskForm):  # type: ignore[misc]
    """Why money should come back; an admin reads it."""

    reason = TextAreaField(
        "Why should we refund this?",
        [
            DataRequired("Say in a few words why; it helps us decide."),
            Length(max=REASON_LIMIT, message=f"Keep this within {REASON_LIMIT} characters."),
        ],
        filters=[tidy],
    )
