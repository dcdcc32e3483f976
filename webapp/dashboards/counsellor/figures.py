"""What the figures page shows: counts, rating, and the weeks of the chart. Money in paise."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from webapp.bookings.queries.figures import Figures, WeekFigures, figures_of, held_by_week
from webapp.core.times import midnight, zone_info
from webapp.counsellors.models import Counsellor
from webapp.dashboards.counsellor.dayline import DAY
from webapp.payments.queries import Balance, balance_for
from webapp.payments.queries.weeks import earnings_by_week
from webapp.reviews.queries import Distribution, distribution

WEEKS = 12


@dataclass(frozen=True, slots=True)
class Week:
    """One bar of the chart."""

    monday: dt.date
    earned: int
    held: WeekFigures

    @property
    def label(self) -> str:
        """The bar's name: "7 Dec"."""
        return f"{self.monday.day} {self.monday:%b}"

    @property
    def rupees(self) -> float:
        """The bar's height."""
        return self.earned / 100


@dataclass(frozen=True, slots=True)
class FiguresPage:
    """Everything on the page."""

    figures: Figures
    balance: Balance
    ratings: Distribution
    weeks: list[Week]

    @property
    def earned_in_weeks(self) -> int:
        """What all bars together stand for."""
        return sum(week.earned for week in self.weeks)


def figures_page(counsellor: Counsellor, *, zone: str, now: dt.datetime) -> FiguresPage:
    """Read the page's numbers, weeks and months being those of ``zone``; five statements."""
    today = now.astimezone(zone_info(zone)).date()
    this_week = today - today.weekday() * DAY
    mondays = [this_week - 7 * back * DAY for back in reversed(range(WEEKS))]
    span = {"since": midnight(mondays[0], zone), "until": midnight(this_week + 7 * DAY, zone)}
    earned = earnings_by_week(counsellor.id, **span, zone=zone)
    held = held_by_week(counsellor.id, **span, zone=zone)
    return FiguresPage(
        figures=figures_of(counsellor.id, zone=zone, now=now),
        balance=balance_for(counsellor),
        ratings=distribution([counsellor.id]),
        weeks=[Week(day, earned.get(day, 0), held.get(day, WeekFigures(0, 0))) for day in mondays],
    )
