"""What we assume of the week of results: how many come, when, and what they do. docs/scaling.md says it in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

STUDENTS = 1_000_000
PAGES_EACH = 12
PAGES = STUDENTS * PAGES_EACH
HOUR, DAY = 3600.0, 86400.0
RUSH_SECONDS = 300.0  # the first minutes after the results are out
RUSH = 3.0  # their rate ÷ the mean of the busiest hour
BUSIEST = 11  # the hour of the day that begins with the results
# Shares of a day's pages by hour, in thousandths: the day of the results (half of the week), and any other day.
RESULT_DAY = (8, 5, 4, 4, 5, 8, 15, 25, 35, 45, 60, 125, 95, 78, 66, 60, 57, 56, 58, 62, 56, 41, 21, 11)
OTHER_DAY = (10, 6, 4, 3, 4, 8, 18, 32, 45, 56, 62, 64, 60, 56, 54, 54, 56, 60, 66, 70, 68, 62, 50, 32)
DAYS = (0.50, 0.14, 0.11, 0.08, 0.07, 0.05, 0.05)  # shares of the week; the first is the day of the results
# Pages by kind.
MIX = {
    "landing": 0.30,
    "picker, visitor": 0.15,
    "picker, signed in": 0.15,
    "student's home": 0.20,
    "packages": 0.05,
    "a package": 0.05,
    "counsellors": 0.05,
    "a counsellor": 0.05,
}
# Beside each page. Of the students of an hour (a twelfth of its pages) a fifth has a picker open for 4 minutes, a fifth
# is signed in and has pages open for 10; both ask every 4 seconds. 2 in 100 students book.
PICKER_ASKS, INBOX_ASKS, BOOKINGS = 1.0, 2.5, 0.02 / PAGES_EACH
ASIDE = {"ask of a picker": PICKER_ASKS, "ask of an inbox": INBOX_ASKS, "booking": BOOKINGS}
BOOKING_STUDENTS = 0.02
NEW_ACCOUNTS = 0.1  # of the students, a mail each
MAILS_A_BOOKING = 2
SESSIONS_AN_HOUR, SESSIONS_THE_WORST_HOUR = 250, 1000  # that begin at a full hour, a reminder to both people
WORST_HOUR, FIRST_HOUR, LAST_HOUR = 18, 9, 20  # of sessions
USE = 0.6  # of the cores at the peak that we plan with
WEB_PART = 2 / 3  # of the cores of a machine that Postgres, Redis and workers share with web


@dataclass(frozen=True, slots=True)
class Stage:
    """Some seconds of the week at one rate of pages a second."""

    start: float
    seconds: float
    rate: float

    @property
    def pages(self) -> float:
        """How many pages come in it, in the mean."""
        return self.seconds * self.rate


def week(pages: float = PAGES) -> Iterator[Stage]:
    """Yield the week by hours from the day of the results on; the busiest as its first minutes and the rest."""
    for day, share in enumerate(DAYS):
        for hour, thousandth in enumerate(RESULT_DAY if day == 0 else OTHER_DAY):
            rate, start = pages * share * thousandth / 1000 / HOUR, day * DAY + hour * HOUR
            if (day, hour) == (0, BUSIEST):
                rest = (HOUR - RUSH * RUSH_SECONDS) / (HOUR - RUSH_SECONDS)
                yield Stage(start, RUSH_SECONDS, rate * RUSH)
                yield Stage(start + RUSH_SECONDS, HOUR - RUSH_SECONDS, rate * rest)
            else:
                yield Stage(start, HOUR, rate)


def peak(pages: float = PAGES) -> float:
    """Return the pages a second of the first minutes."""
    return max(stage.rate for stage in week(pages))
