"""Requests as pages read them: what was typed, without the one character that Postgres does not keep."""

from __future__ import annotations

from typing import Any, cast

from flask import request
from htmx_flask.requests import HtmxAwareRequest
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.utils import cached_property

NUL = "\x00"
PROGRAMS = "/api/"


def is_api() -> bool:
    """Tell whether this request came to the JSON door."""
    return request.path.startswith(PROGRAMS)


class HouseRequest(HtmxAwareRequest):  # type: ignore[misc]  # htmx-flask is untyped
    """Leaves NUL out of forms and parameters of pages; the JSON door refuses it at its field instead."""

    @cached_property
    def args(self) -> MultiDict[str, str]:
        """The parameters of the address."""
        return cast(MultiDict[str, str], self._without_nul(super().args))

    def _load_form_data(self) -> None:
        loaded = "form" in self.__dict__
        super()._load_form_data()
        if not loaded:
            self.__dict__["form"] = self._without_nul(self.form)

    def _without_nul(self, found: Any) -> Any:
        if self.path.startswith(PROGRAMS) or not any(NUL in text for pair in found.items(multi=True) for text in pair):
            return found
        pairs = [(name.replace(NUL, ""), value.replace(NUL, "")) for name, value in found.items(multi=True)]
        return ImmutableMultiDict(pairs)
