"""How a delivery is tried again. Source: product.md "Telling people": with back-off, for a day."""

from __future__ import annotations

import datetime as dt

RETRIED_FOR = dt.timedelta(hours=24)
FIRST_PAUSE = dt.timedelta(seconds=30)
LONGEST_PAUSE = dt.timedelta(hours=4)
LONGEST_REST = dt.timedelta(minutes=10)
JITTER = 0.2
TURNED_AWAY_FOR_GOOD = 410


def pause_after(tries: int, luck: float) -> dt.timedelta:
    """Return the pause after so many tries: 30 s doubled each time, at most 4 h, give or take a fifth.

    ``luck`` from 0 to 1 chooses within that fifth, so that those who failed together do not come back together.
    """
    pause: dt.timedelta = min(FIRST_PAUSE * 2 ** min(max(tries, 1) - 1, 20), LONGEST_PAUSE)
    return pause * (1 - JITTER + 2 * JITTER * luck)


def rest_after(tries: int) -> dt.timedelta:
    """Return how long an endpoint that did not answer at all is left alone, whatever else waits for it."""
    rest: dt.timedelta = min(FIRST_PAUSE * 2 ** min(max(tries, 1) - 1, 20), LONGEST_REST)
    return rest


def is_over(first_tried_at: dt.datetime, now: dt.datetime) -> bool:
    """Whether the day of tries is over, so that a try that failed at ``now`` was the last."""
    return now - first_tried_at >= RETRIED_FOR


def is_accepted(status: int) -> bool:
    """Whether the receiver's answer means that it has the event: any 2xx."""
    return 200 <= status <= 299
