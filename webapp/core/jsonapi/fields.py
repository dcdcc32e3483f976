"""Fields of the JSON door: strict about types, with a person's words, paise inside and rupees outside."""

from __future__ import annotations

import datetime as dt
import enum
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from marshmallow import ValidationError, fields, validate

from webapp.core.money import MAX_PAISE
from webapp.core.times import is_zone, iso_z

LARGEST = 2**31 - 1
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
Messages = dict[str, str | list[Any] | dict[Any, Any]]
_COMMON: Messages = {"required": "is required.", "null": "can't be empty.", "validator_failed": "is not right."}


class Text(fields.String):
    """Text, trimmed; ``longest`` characters at most, at least one where it is required."""

    default_error_messages = {**_COMMON, "invalid": "must be text."}

    def __init__(self, *, longest: int = 200, shortest: int | None = None, trim: bool = True, **more: Any) -> None:
        super().__init__(**more)
        self.trim = trim
        least = shortest if shortest is not None else (1 if self.required else 0)
        self.validators = [_length(least, longest), *self.validators]
        if least:
            self.metadata = {"pattern": r"\S", **self.metadata}

    def _deserialize(self, value: Any, *_where: Any, **_more: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        return value.strip() if self.trim else value


def _length(least: int, most: int) -> validate.Length:
    words = f"must have at most {most} characters." if not least else f"must have {least} to {most} characters."
    return validate.Length(min=least or None, max=most, error=words)


class Whole(fields.Integer):
    """A whole number within ``least`` and ``most``."""

    default_error_messages = {**_COMMON, "invalid": "must be a whole number."}

    def __init__(self, *, least: int = 0, most: int = LARGEST, **more: Any) -> None:
        super().__init__(**more)
        self.validators = [_between(least, most), *self.validators]

    def _deserialize(self, value: Any, *_where: Any, **_more: Any) -> int:
        even = isinstance(value, Decimal) and value == value.to_integral_value()  # JSON's 30.0 is a whole number
        if isinstance(value, bool) or not (isinstance(value, int) or even):
            raise self.make_error("invalid")
        return int(value)


def _between(least: float, most: float) -> validate.Range:
    if least == 1 and most == LARGEST:
        return validate.Range(min=least, max=most, error="must be 1 or more.")
    if most == LARGEST:
        return validate.Range(min=least, max=most, error=f"must be {least:g} or more.")
    return validate.Range(min=least, max=most, error=f"must be between {least:g} and {most:g}.")


class QueryWhole(Whole):
    """A whole number in an address, where everything is text."""

    def _deserialize(self, value: Any, *_where: Any, **_more: Any) -> int:
        text = str(value)
        if not re.fullmatch(r"-?[0-9]{1,18}", text, re.ASCII):
            raise self.make_error("invalid")
        return int(text)


class Number(fields.Float):
    """A number with or without decimals."""

    default_error_messages = {**_COMMON, "invalid": "must be a number."}

    def __init__(self, *, least: float = 0, most: float = LARGEST, **more: Any) -> None:
        super().__init__(**more)
        self.validators = [_between(least, most), *self.validators]

    def _deserialize(self, value: Any, *_where: Any, **_more: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise self.make_error("invalid")
        return float(value)


class QueryNumber(Number):
    """A number in an address."""

    def _deserialize(self, value: Any, *_where: Any, **_more: Any) -> float:
        if not re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,6})?", str(value), re.ASCII):
            raise self.make_error("invalid")
        return float(value)


class Rupees(fields.Float):
    """Rupees outside with at most two decimals, paise (int) inside; ``positive`` refuses zero."""

    default_error_messages = {
        **_COMMON,
        "invalid": "must be an amount in rupees.",
        "negative": "must be zero or more.",
        "positive": "must be a positive number.",
        "decimals": "may have at most two decimals.",
        "large": "must be at most 99,999,999.99.",
    }

    def __init__(self, *, positive: bool = False, **more: Any) -> None:
        super().__init__(**more)
        self.positive = positive
        bound = {"exclusiveMinimum": 0} if positive else {"minimum": 0}
        self.metadata = {"description": "Rupees", **bound, "maximum": MAX_PAISE / 100, **self.metadata}

    def _serialize(self, value: float | None, *_where: Any, **_more: Any) -> Any:
        if value is None:
            return None
        return int(value) // 100 if value % 100 == 0 else value / 100

    def _deserialize(self, value: Any, *_where: Any, **_more: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise self.make_error("invalid")
        return self._paise(Decimal(str(value)))

    def _paise(self, amount: Decimal) -> int:
        if amount < 0 or (self.positive and amount == 0):
            raise self.make_error("positive" if self.positive else "negative")
        if amount * 100 > MAX_PAISE:
            raise self.make_error("large")
        if amount * 100 != (amount * 100).to_integral_value():
            raise self.make_error("decimals")
        return int(amount * 100)


class QueryRupees(Rupees):
    """An amount in an address."""

    def _deserialize(self, value: Any, *_where: Any, **_more: Any) -> Any:
        if not re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,6})?", str(value), re.ASCII):
            raise self.make_error("invalid")
        return self._paise(Decimal(str(value)))


class Flag(fields.Boolean):
    """True or false, nothing that merely looks like it."""

    default_error_messages = {**_COMMON, "invalid": "must be true or false."}

    def _deserialize(self, value: Any, *_where: Any, **_more: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class QueryFlag(fields.Boolean):
    """``true`` or ``false`` in an address."""

    default_error_messages = {**_COMMON, "invalid": "must be true or false."}

    def _deserialize(self, value: Any, *_where: Any, **_more: Any) -> bool:
        if value not in {"true", "false"}:
            raise self.make_error("invalid")
        return bool(value == "true")


class Choice(fields.String):
    """One of a few words. ``words`` maps what is written outside to what it is inside (an enum counts as its values).

    Out it writes the outside word of the value.
    """

    default_error_messages = {**_COMMON, "invalid": "must be text."}

    def __init__(self, words: type[enum.StrEnum] | Mapping[str, Any] | Iterable[str], **more: Any) -> None:
        super().__init__(**more)
        if isinstance(words, type):
            self.words: dict[str, Any] = {member.value: member for member in words}
        else:
            self.words = dict(words) if isinstance(words, Mapping) else {word: word for word in words}
        self.outside = {inside: word for word, inside in self.words.items()}
        self.metadata = {"enum": list(self.words), **self.metadata}

    def _serialize(self, value: Any, *_where: Any, **_more: Any) -> Any:
        return None if value is None else self.outside.get(value, str(value))

    def _deserialize(self, value: Any, *_where: Any, **_more: Any) -> Any:
        if not isinstance(value, str) or value not in self.words:
            raise ValidationError(f"must be one of {', '.join(self.words)}.")
        return self.words[value]


def sort_field(*names: str, default: str | None = None) -> Choice:
    """Return the ``sort`` parameter: each name, and with a minus the other way round."""
    about = {"description": "What the list is ordered by; a minus turns it round."}
    return Choice([way + name for name in names for way in ("", "-")], load_default=default, metadata=about)


class Instant(fields.DateTime):
    """An instant: ISO-8601 with its zone coming in, UTC with Z and milliseconds going out."""

    default_error_messages = {
        **_COMMON,
        "invalid": "must be an instant such as 2026-11-21T04:30:00.000Z.",
    }

    def _serialize(self, value: dt.datetime | None, *_where: Any, **_more: Any) -> Any:
        return None if value is None else iso_z(value)

    def _deserialize(self, value: Any, *_where: Any, **_more: Any) -> dt.datetime:
        try:
            found = dt.datetime.fromisoformat(value)
            inside = found.astimezone(dt.UTC)
        except (TypeError, ValueError, OverflowError):
            raise self.make_error("invalid") from None
        if found.tzinfo is None or not 2000 <= inside.year <= 2200 or len(value) < 16:
            raise self.make_error("invalid")
        return inside


class QueryInstant(Instant):
    """An instant in an address, where an unescaped plus arrives as a space."""

    def _deserialize(self, value: Any, *where: Any, **more: Any) -> dt.datetime:
        return super()._deserialize(str(value).replace(" ", "+"), *where, **more)


class Zone(fields.String):
    """A time zone by its IANA name."""

    default_error_messages = {**_COMMON, "invalid": "must be text."}

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.metadata = {"example": "Asia/Kolkata", **self.metadata}

    def _deserialize(self, value: Any, *_where: Any, **_more: Any) -> str:
        if not isinstance(value, str) or not is_zone(value):
            raise ValidationError("must be a time zone such as Asia/Kolkata.")
        return value


class Day(fields.Date):
    """A calendar date, ``2026-11-21``."""

    default_error_messages = {**_COMMON, "invalid": "must be a date such as 2026-11-21."}

    def _deserialize(self, value: Any, *_where: Any, **_more: Any) -> dt.date:
        try:
            if not isinstance(value, str) or not _DAY.fullmatch(value):
                raise ValueError
            found = dt.date.fromisoformat(value)
        except ValueError:
            raise self.make_error("invalid") from None
        if not 1900 <= found.year <= 2200:
            raise self.make_error("invalid")
        return found


class Listed(fields.List[Any]):
    """A list of at most ``most``."""

    default_error_messages = {**_COMMON, "invalid": "must be a list."}

    def __init__(self, inner: fields.Field[Any], *, most: int = 50, least: int = 0, **more: Any) -> None:
        super().__init__(inner, **more)
        words = f"may have at most {most} entries." if not least else f"must have {least} to {most} entries."
        self.validators = [validate.Length(min=least or None, max=most, error=words), *self.validators]


class Inner(fields.Nested):
    """An object within. It is read whole, also where what is around it is changed in part (PATCH)."""

    default_error_messages = {**_COMMON, "type": "must be an object."}

    def _deserialize(self, value: Any, attr: Any, data: Any, partial: Any = None, **more: Any) -> Any:
        del partial
        return super()._deserialize(value, attr, data, partial=False, **more)


class Link(Text):
    """A web address; https alone where ``secure``."""

    def __init__(self, *, secure: bool = False, **more: Any) -> None:
        super().__init__(longest=more.pop("longest", 2000), **more)
        schemes = {"https"} if secure else {"http", "https"}
        words = "must be an https:// address." if secure else "must be a web address."
        self.validators = [*self.validators, validate.URL(schemes=schemes, error=words)]
        self.metadata = {"format": "uri", **self.metadata}


class Id(fields.String):
    """A public id such as ``pkg_…``; which thing it is, the look-up finds out."""

    default_error_messages = {**_COMMON, "invalid": "must be an id."}

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.validators = [validate.Length(min=1, max=80, error="must be an id."), *self.validators]
