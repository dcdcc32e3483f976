"""The charts as the home shows them and as files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from webapp.core.csv_export import Cell, rupees_cell
from webapp.dashboards.admin.charts.forecast import ForecastWeek, forecast
from webapp.dashboards.admin.charts.funnel import STEPS, FunnelWeek, funnel, totals
from webapp.dashboards.admin.charts.revenue import RevenueWeek, revenue_by_week
from webapp.dashboards.admin.charts.utilisation import SHOWN, WEEKDAYS, HeatRow, utilisation
from webapp.dashboards.admin.charts.weeks import label

Table = tuple[Sequence[str], Iterator[Sequence[Cell]]]


@dataclass(frozen=True, slots=True)
class Charts:
    """What the four pictures are drawn from. Money in paise, time in minutes."""

    funnel: list[FunnelWeek]
    revenue: list[RevenueWeek]
    heat: list[HeatRow]
    heat_total: int
    forecast: list[ForecastWeek]
    steps: Sequence[str] = STEPS
    weekdays: Sequence[str] = WEEKDAYS

    @property
    def funnel_totals(self) -> list[tuple[str, int, str]]:
        """All weeks together."""
        return totals(self.funnel)

    @property
    def short_hours(self) -> int:
        """Minutes that will be asked for within four weeks and are not open."""
        return sum(week.short for week in self.forecast)

    @staticmethod
    def label(day: dt.date) -> str:
        """A week's name."""
        return label(day)


def charts(zone: str, now: dt.datetime) -> Charts:
    """Read all four; eleven statements whatever the house holds."""
    heat = utilisation(zone, now)
    return Charts(funnel(zone, now), revenue_by_week(zone, now), heat[:SHOWN], len(heat), forecast(zone, now))


def _funnel_table(zone: str, now: dt.datetime) -> Table:
    rows = funnel(zone, now)
    return ["Week from", *STEPS], ([row.monday.isoformat(), *row.counts] for row in rows)


def _revenue_table(zone: str, now: dt.datetime) -> Table:
    rows = revenue_by_week(zone, now)
    return ["Week from", "Packages", "Single sessions", "Refunds", "Net"], (
        [
            row.monday.isoformat(),
            *(rupees_cell(amount) for amount in (row.packages, row.services, row.refunds, row.net)),
        ]
        for row in rows
    )


def _heat_table(zone: str, now: dt.datetime) -> Table:
    rows = utilisation(zone, now)
    header = ["Counsellor", *(f"{day} {what}" for day in WEEKDAYS for what in ("open min", "booked min")), "Share %"]
    return header, (
        [row.counsellor, *(minutes for cell in row.days for minutes in (cell.open, cell.booked)), row.total.share]
        for row in rows
    )


def _forecast_table(zone: str, now: dt.datetime) -> Table:
    rows = forecast(zone, now)
    return ["Week from", "Open min", "Booked min", "Unused sessions min", "Short min"], (
        [row.first.isoformat(), row.open, row.booked, row.wanted, row.short] for row in rows
    )


TABLES: dict[str, Callable[[str, dt.datetime], Table]] = {
    "funnel": _funnel_table,
    "revenue": _revenue_table,
    "utilisation": _heat_table,
    "forecast": _forecast_table,
}
