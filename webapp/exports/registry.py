"""Which tables can be had as a file: a feature registers its table once, pages offer it by name.

A page offers it with `export_form(kind, asked)` of components/ui.html: a POST to /admin/exports/<kind> with the
filter of the page as its query, because every export is in the audit log and a GET writes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from webapp.core.csv_export import Cell
from webapp.core.errors import NotFound

LONGEST_VALUE = 300
MOST_VALUES = 60
LEFT_OUT = frozenset({"page", "after", "before", "csrf_token"})  # where in a list one is narrows nothing


class Params(MultiDict[str, str]):
    """The filter of a page as its address says it, ``now`` (when it was asked for) and ``zone`` (whose days it means).

    A job reads the same words at the same instant as the page did, so that it writes the same rows.
    """

    now: dt.datetime
    zone: str

    def __init__(self, pairs: Iterable[tuple[str, str]] = (), *, now: dt.datetime, zone: str) -> None:
        super().__init__(pairs)
        self.now, self.zone = now, zone

    def asked(self, *names: str) -> dict[str, str]:
        """Return the first value of each name, without what is empty."""
        found = {name: self.get(name, "").strip() for name in names}
        return {name: value for name, value in found.items() if value}

    def as_json(self) -> dict[str, list[str]]:
        """Return the values as a row keeps them."""
        return {name: self.getlist(name) for name in self}


def read_params(pairs: Iterable[tuple[str, str]], *, now: dt.datetime, zone: str) -> Params:
    """Return what an address asks for, shortened and without the place in the list."""
    kept = [
        (name, value.replace("\x00", "")[:LONGEST_VALUE])
        for name, value in pairs
        if name not in LEFT_OUT and value and len(name) <= 40
    ]
    return Params(kept[:MOST_VALUES], now=now, zone=zone)


@dataclass(frozen=True, slots=True)
class Export:
    """One table as a file. ``count`` and ``rows`` raise ValidationFailed for a filter that means nothing."""

    kind: str
    title: str
    filename: str
    header: Sequence[str]
    count: Callable[[Params], int]
    rows: Callable[[Params, str], Iterable[Sequence[Cell]]]


_registered: dict[str, Export] = {}


def register_export(
    kind: str,
    *,
    title: str,
    filename: str,
    header: Sequence[str],
    count: Callable[[Params], int],
    rows: Callable[[Params, str], Iterable[Sequence[Cell]]],
) -> None:
    """Offer a table as a file to admins; harmless to repeat.

    Args:
        kind: its name in addresses and in the log, at most 40 characters.
        title: what the list of exports calls it: "Payments".
        filename: what it is saved as: "payments.csv".
        header: the names of the columns.
        count: how many rows a filter has; one statement.
        rows: the rows of a filter, with times on the clock of the zone given as the second argument (``params.zone``).
            It is a generator that reads in batches or with a server-side cursor (`stream_rows` of
            webapp.exports.reading), and must not need a request: a job calls it too. What depends on the time takes
            ``params.now``.
    """
    _registered[kind] = Export(kind, title, filename, tuple(header), count, rows)


def find_export(kind: str) -> Export:
    """Return what is registered under a name.

    Raises:
        NotFound: nothing is.
    """
    if kind not in _registered:
        raise NotFound("There is no export of that name.")
    return _registered[kind]


def title_of(kind: str) -> str:
    """Return what a list calls an export, also of a kind that is gone."""
    return _registered[kind].title if kind in _registered else kind.replace("_", " ").capitalize()
