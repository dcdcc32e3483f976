"""What was measured, as a table for people and as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

OUT = Path(__file__).parent / "out"


@dataclass(frozen=True, slots=True)
class Figure:
    """One result: ``value`` with its unit ("×", "ms", "/s", ""), and what it was made of."""

    name: str
    value: float
    unit: str
    detail: str

    @property
    def shown(self) -> str:
        """The value as people read it."""
        digits = 0 if self.unit == "" or self.value >= 100 else 1 if self.value >= 10 else 2
        return f"{self.value:,.{digits}f}{self.unit and ' ' + self.unit}"


@dataclass(slots=True)
class Report:
    """Collects figures by part."""

    parts: dict[str, list[Figure]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    _now: str = ""

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Collect what is added inside under one heading."""
        self._now = name
        self.parts.setdefault(name, [])
        print(f"{name} …", flush=True)
        yield
        for figure in self.parts[name]:
            print(f"  {figure.name:<52} {figure.shown:>12}   {figure.detail}", flush=True)

    def add(self, name: str, value: float, unit: str, detail: str) -> None:
        """Add one result to the part under way."""
        self.parts[self._now].append(Figure(name, value, unit, detail))

    def markdown(self) -> str:
        """The report for people."""
        lines = [f"# Bench\n\n{machine()}\n"]
        for part, figures in self.parts.items():
            took = f" ({self.seconds[part]:.0f} s)" if part in self.seconds else ""
            lines += [f"## {part}{took}\n", "| what | result | of |", "|---|---:|---|"]
            lines += [f"| {figure.name} | {figure.shown} | {figure.detail} |" for figure in figures]
            lines.append("")
        return "\n".join(lines)

    def write(self, folder: Path = OUT) -> Path:
        """Write report.md and report.json; return the first."""
        folder.mkdir(parents=True, exist_ok=True)
        parts = {part: [asdict(figure) for figure in figures] for part, figures in self.parts.items()}
        whole = {"machine": machine(), "parts": parts, "seconds": self.seconds}
        (folder / "report.json").write_text(json.dumps(whole, indent=1, ensure_ascii=False))
        (folder / "report.md").write_text(self.markdown())
        return folder / "report.md"


def machine() -> str:
    """Say in one line what it ran on."""
    return f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"
