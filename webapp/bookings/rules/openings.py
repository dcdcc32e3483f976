"""The starts that hours alone would give, by date, and instants looked up instead of made.

Both are kept in the process and found by everything they are made of, so they are never out of date: an opening by
zone, hours, step, length and date. Most calendars have hours that others have too, and hours hardly ever change, while
what is taken changes all the time: that is in neither.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from webapp.availability.rules import DAY_SECONDS, Piece, Ranges, day_pieces, run_end

_MOST_INSTANTS = 50_000  # half hours of three years; some 5 MB
_MOST_DATES, _MOST_HOURS = 128, 512  # 350 bytes a date with twenty starts: some 20 MB if all were ever full


class Run(NamedTuple):
    """Starts a step apart: the epoch second of the first, the second after the last, the step, and the instants."""

    first: int
    stop: int
    step: int
    starts: tuple[dt.datetime, ...]


class _Instants(dict[int, dt.datetime]):
    """Epoch seconds as aware instants. Everybody's starts are much the same: looking one up beats making it anew."""

    def __missing__(self, epoch: int) -> dt.datetime:
        if len(self) >= _MOST_INSTANTS:
            self.clear()
        made = self[epoch] = dt.datetime.fromtimestamp(epoch, dt.UTC)
        return made


_INSTANTS = _Instants()
instant_at = _INSTANTS.__getitem__


class Openings(dict[int, tuple[Run, ...]]):
    """The runs of starts of dates (by ordinal) with the same hours, in order of time; made when first asked for."""

    __slots__ = ("_length", "_ranges", "_step", "_zone")

    def __init__(self, zone: str, ranges: Ranges, step: int, length: int) -> None:
        """Take merged ranges in wall minutes; ``step`` and ``length`` in seconds."""
        super().__init__()
        self._zone, self._ranges, self._step, self._length = zone, ranges, step, length

    def __missing__(self, ordinal: int) -> tuple[Run, ...]:
        if len(self) >= _MOST_DATES:
            self.clear()
        pieces = day_pieces(self._zone, dt.date.fromordinal(ordinal))
        made = self[ordinal] = tuple(
            Run(run.start, run[-1] + 1, run.step, tuple(map(instant_at, run)))
            for low, high in self._ranges
            for run in _runs(pieces, low * 60, high * 60, self._step, self._length)
            if run
        )
        return made


openings = lru_cache(maxsize=_MOST_HOURS)(Openings)


def _runs(pieces: Sequence[Piece], low: int, high: int, step: int, length: int) -> Iterator[range]:
    """The starts of one range in wall seconds, as epoch ranges: first occurrences that fit the end."""
    if len(pieces) == 1 and pieces[0].hi - pieces[0].lo == DAY_SECONDS:
        base = pieces[0].utc
        yield range(base + low, base + high - length + 1, step)
        return
    shown = 0
    for index, piece in enumerate(pieces):
        begin = max(low, piece.lo, shown)
        end = min(high, piece.hi)
        shown = max(shown, piece.hi)
        begin = low - (low - begin) // step * step
        if begin < end:
            finish = run_end(pieces, index, low, high)
            base = piece.utc - piece.lo
            yield range(base + begin, min(base + end, finish - length + 1), step)
