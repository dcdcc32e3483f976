"""What was measured, as a table for people, as JSON, and as plots."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.plots import Point, bars, lines

OUT = Path(__file__).parent / "out"


@dataclass(frozen=True, slots=True)
class Figure:
    """One result: ``value`` with its unit ("×", "ms", "/s", ""), and what it was made of.

    ``most`` or ``least`` is what we aim at.
    """

    name: str
    value: float
    unit: str
    detail: str
    most: float | None = None
    least: float | None = None

    @property
    def shown(self) -> str:
        """The value as people read it."""
        return self._say(self.value)

    @property
    def aim(self) -> str:
        """What we aim at: "≤ 1.50 ×"; empty where nothing is."""
        if self.most is not None:
            return f"≤ {self._say(self.most)}"
        return f"≥ {self._say(self.least)}" if self.least is not None else ""

    @property
    def met(self) -> bool:
        """Whether it is what we aim at."""
        return not (
            (self.most is not None and self.value > self.most) or (self.least is not None and self.value < self.least)
        )

    def _say(self, value: float) -> str:
        digits = 0 if self.unit == "" or value >= 100 else 1 if value >= 10 else 2
        return f"{value:,.{digits}f}{self.unit and ' ' + self.unit}"


@dataclass(slots=True)
class Report:
    """Collects figures by part, and series for plots."""

    parts: dict[str, list[Figure]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    growth: dict[str, list[Point]] = field(default_factory=dict)
    _now: str = ""

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Collect what is added inside under one heading."""
        self._now = name
        self.parts.setdefault(name, [])
        print(f"{name} …", flush=True)
        yield
        for figure in self.parts[name]:
            print(f"  {figure.name:<52} {figure.shown:>12} {figure.aim:>9}   {figure.detail}", flush=True)

    def add(
        self, name: str, value: float, unit: str, detail: str, *, most: float | None = None, least: float | None = None
    ) -> None:
        """Add one result to the part under way; ``most`` and ``least`` are what we aim at."""
        self.parts[self._now].append(Figure(name, value, unit, detail, most, least))

    def markdown(self) -> str:
        """The report for people: what we aim at first, then everything."""
        rows = [f"# Bench\n\n{machine()}\n", *self._aims()]
        for part, figures in self.parts.items():
            took = f" ({self.seconds[part]:.0f} s)" if part in self.seconds else ""
            rows += [f"## {part}{took}\n", "| what | result | of |", "|---|---:|---|"]
            rows += [f"| {figure.name} | {figure.shown} | {figure.detail} |" for figure in figures]
            rows.append("")
        return "\n".join(rows)

    def _aims(self) -> list[str]:
        if not self._aimed:
            return []
        rows = ["## Aims\n", "| what | result | aim | |", "|---|---:|---:|---|"]
        rows += [f"| {one.name} | {one.shown} | {one.aim} | {'✓' if one.met else 'not met'} |" for one in self._aimed]
        return [*rows, "", *(f"![{name}]({name}.svg)" for name in self._plots()), ""]

    @property
    def _aimed(self) -> list[Figure]:
        return [one for figures in self.parts.values() for one in figures if one.aim]

    def _plots(self) -> dict[str, str]:
        """The plots by name; only those that there is something for."""
        found = {}
        if self._aimed:
            rows = [
                (one.name[:52], one.value, f"{one.shown} ({one.aim})", one.most or one.least) for one in self._aimed
            ]
            found["aims"] = bars("Results beside their aims (red line)", rows)
        if self.growth:
            found["growth"] = lines(
                "Growth of the data", self.growth, across="times the data, logarithmic", up="ms, logarithmic"
            )
        every = [one for figures in self.parts.values() for one in figures]
        for name, unit, title in (("rates", "/s", "Answers a second"), ("mails", "/min", "Mails a minute")):
            rows = [(one.name[:52], one.value, one.shown, None) for one in every if one.unit == unit]
            if rows:
                found[name] = bars(title, rows)
        return found

    def write(self, folder: Path = OUT) -> Path:
        """Write report.md, report.json and the plots; return the first."""
        folder.mkdir(parents=True, exist_ok=True)
        parts = {part: [asdict(figure) for figure in figures] for part, figures in self.parts.items()}
        whole = {"machine": machine(), "parts": parts, "growth": self.growth, "seconds": self.seconds}
        (folder / "report.json").write_text(json.dumps(whole, indent=1, ensure_ascii=False))
        (folder / "report.md").write_text(self.markdown())
        for name, drawn in self._plots().items():
            (folder / f"{name}.svg").write_text(drawn)
        return folder / "report.md"


def machine() -> str:
    """Say in one line what it ran on, and how busy it is."""
    load = os.getloadavg()[0]
    made = f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    return f"{made}; load at the end {load:.1f}"
