"""Everything the editor shows, put together from the draft and what is stored."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import cached_property

from webapp.availability.rules import local_date
from webapp.availability.services import NO_VERSION, Terms
from webapp.core.times import zone_title
from webapp.counsellors.models import Counsellor
from webapp.dashboards.availability.actions import Ground, Outcome
from webapp.dashboards.availability.changes import Base, base_of, changed_names, write_base
from webapp.dashboards.availability.forms import TABS, Draft, parse_date, parse_month, write_entry
from webapp.dashboards.availability.impact import Affected, affected_by
from webapp.dashboards.availability.preview import Hours, Preview, build_preview
from webapp.dashboards.availability.reading import Saved
from webapp.dashboards.availability.rules_form import RulesForm
from webapp.dashboards.availability.special import Month, Run, last_month, month_grid, resulting, runs
from webapp.dashboards.availability.week import windows_of
from webapp.dashboards.availability.why import Answer, answer


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to mend before saving: where, in words, and the control to go to."""

    tab: str
    name: str
    text: str
    target: str


@dataclass
class Screen:
    """One drawing of the editor. ``told``: what somebody else changed; ``pressed``: a save was refused."""

    counsellor: Counsellor
    saved: Saved
    draft: Draft
    fresh_rules: RulesForm
    now: dt.datetime
    url: str
    outcome: Outcome = field(default_factory=lambda: Outcome("editor"))
    told: list[str] = field(default_factory=list)
    pressed: bool = False
    choices_missing: bool = False
    complaint: str = ""

    @property
    def is_new(self) -> bool:
        """Whether this calendar was never saved."""
        return self.saved.version == NO_VERSION

    @cached_property
    def terms(self) -> Terms | None:
        """The draft's rules, None (with the fields marked) where they are not in order."""
        return self.draft.rules.terms()

    @property
    def tabs(self) -> tuple[tuple[str, str], ...]:
        """The parts of the page on phones."""
        return TABS

    @cached_property
    def saved_hours(self) -> Hours:
        """The stored calendar."""
        return Hours(self.saved.terms.rules, self.saved.windows, self.saved.records, self.saved.terms.is_open)

    @cached_property
    def hours(self) -> Hours:
        """The calendar as the draft would make it; what is not in order counts as it is stored, or not at all."""
        terms = self.terms or self.saved.terms
        records = resulting(self.saved.records, self.draft.dropped, self.draft.entries)
        return Hours(terms.rules, windows_of(self.draft.days), records, terms.is_open)

    @cached_property
    def today(self) -> dt.date:
        """Today on the calendar's clock."""
        return local_date(self.now, self.hours.rules.zone)

    @property
    def ground(self) -> Ground:
        """What actions on the draft need to know."""
        return Ground(self.saved.records, self.today)

    @property
    def zone_title(self) -> str:
        """The zone as a person reads it."""
        return zone_title(self.now, self.hours.rules.zone)

    # ── days that differ ──

    @cached_property
    def month(self) -> Month:
        """The month shown: the one asked for within reach, else the first chosen day's, else this one."""
        first, last = self.today.replace(day=1), last_month(self.today)
        chosen = self.draft.composer.chosen
        wanted = parse_month(self.draft.month) or (chosen[0].replace(day=1) if chosen else first)
        return month_grid(min(max(wanted, first), last), self.hours.records, self.today, chosen)

    @cached_property
    def runs(self) -> list[Run]:
        """The list of days that differ."""
        return runs(self.saved.records, self.draft.dropped, self.draft.entries, self.today)

    @property
    def new_texts(self) -> list[str]:
        """New entries as hidden fields."""
        return [write_entry(entry) for entry in self.draft.entries]

    @property
    def drop_texts(self) -> list[str]:
        """Days to be removed as hidden fields."""
        return [f"{first.isoformat()}..{last.isoformat()}" for first, last in self.draft.drops]

    # ── beside the form ──

    @cached_property
    def preview(self) -> Preview:
        """The coming fortnight."""
        return build_preview(
            self.counsellor,
            self.hours,
            self.saved_hours,
            show=parse_date(self.draft.show),
            is_new=self.is_new,
            now=self.now,
        )

    @cached_property
    def affected(self) -> list[Affected]:
        """Sessions the draft pushes outside its hours; asked only of a draft that is in order."""
        if any(problem.tab in ("hours", "rules") for problem in self.problems):
            return []
        return affected_by(self.counsellor, self.hours, self.saved_hours, self.draft.choices, self.now)

    @cached_property
    def answer(self) -> Answer | None:
        """Why the asked moment is not free."""
        return answer(self.counsellor, self.hours, self.draft.at, closed=self.preview.closed, now=self.now)

    # ── saving ──

    @cached_property
    def stored(self) -> Base:
        """The stored calendar as a base for comparison."""
        return base_of(self.saved, self.fresh_rules)

    @cached_property
    def base_text(self) -> str:
        """What the form carries along to tell later what changed meanwhile."""
        return self.draft.base or write_base(self.stored)

    @cached_property
    def changed(self) -> list[str]:
        """The names of what is not saved yet."""
        return changed_names(self.draft, self.saved, self.stored)

    @cached_property
    def problems(self) -> list[Problem]:
        """Everything to mend before saving, in the page's order."""
        found = [
            Problem("hours", day.name, " ".join(day.check.errors), _first_input(day.key, day.check.bad))
            for day in self.draft.days
            if day.check.errors
        ]
        found += [Problem("days", "Days that differ", text, "ex-form") for text in self.draft.composer.errors.values()]
        _ = self.terms  # marks the fields
        found += [
            Problem("rules", entry.label.text, " ".join(map(str, entry.errors)), entry.id)
            for entry in self.draft.rules
            if entry.errors
        ]
        return found

    @property
    def rules_marked(self) -> bool:
        """Whether a rule's field shows an error."""
        return self.terms is None

    @property
    def rules_redrawn(self) -> bool:
        """Whether an answer to a change of the form must draw the rules again: errors come or go."""
        return self.rules_marked or self.draft.rules_were_marked

    @property
    def tab(self) -> str:
        """The tab that is open on a phone: that of the first problem after a refused save."""
        return self.problems[0].tab if self.pressed and self.problems else self.draft.tab


def _first_input(key: str, bad: frozenset[int]) -> str:
    return f"{key}-start-{min(bad)}" if bad else f"on-{key}"
