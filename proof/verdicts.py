"""Is it flat? Figures of a soak by thirds of its time; the first third is warming up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import linear_regression, median

from proof.sampling import Sample

FLAT = 1.05  # the last third's median, of the second third's
FLAT_REDIS = 1.25  # counts of limits live for two of their windows, an hour each: it fills slowly


@dataclass(frozen=True, slots=True)
class Rule:
    """What must hold of the figures whose name ends so: ``holds(second third, last third)``."""

    ending: str
    words: str
    holds: Callable[[Sequence[float], Sequence[float]], bool]


def grows_at_most(times: float, slack: float = 0.0) -> Callable[[Sequence[float], Sequence[float]], bool]:
    """The last third's median is at most so many times the second third's, plus something."""
    return lambda before, after: median(after) <= median(before) * times + slack


def stays_under(most: float) -> Callable[[Sequence[float], Sequence[float]], bool]:
    """Nothing after the warm-up is above."""
    return lambda before, after: max([*before, *after]) <= most


def peaks_no_higher(slack: float) -> Callable[[Sequence[float], Sequence[float]], bool]:
    """The last third's peak is the second third's, plus something."""
    return lambda before, after: max(after) <= max(before) + slack


RULES = (
    Rule("USS, MB", f"last third ≤ {FLAT} × second", grows_at_most(FLAT)),
    Rule("RSS, MB", f"last third ≤ {FLAT} × second", grows_at_most(FLAT)),
    Rule("Redis memory, MB", f"last third ≤ {FLAT_REDIS} × second", grows_at_most(FLAT_REDIS, 0.2)),
    Rule("descriptors", "last third ≤ second + 1", grows_at_most(1, 1)),
    Rule("threads", "last third ≤ second", grows_at_most(1)),
    Rule("database connections", "peak ≤ second third's + 1", peaks_no_higher(1)),
    Rule("Redis clients", "last third ≤ second + 1", grows_at_most(1, 1)),
    Rule("oldest job, s", "≤ 15 s", stays_under(15)),
    Rule("oldest due mail, s", "≤ 30 s", stays_under(30)),
    Rule("jobs failed", "none", stays_under(0)),
    Rule("5xx", "none", stays_under(0)),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One figure over the whole run: medians by thirds, the peak after the warm-up, its slope an hour, the verdict."""

    name: str
    thirds: tuple[float, float, float]
    peak: float
    slope: float
    rule: str
    met: bool


def judge(samples: Sequence[Sample]) -> list[Line]:
    """Judge every figure; those without a rule are only shown.

    Raises:
        ValueError: fewer than nine samples.
    """
    if len(samples) < 9:
        raise ValueError("too short a run to say anything")
    names = [name for name in samples[-1].figures if all(name in sample.figures for sample in samples)]
    return [_line(name, samples) for name in names]


def _line(name: str, samples: Sequence[Sample]) -> Line:
    values, size = [sample.figures[name] for sample in samples], len(samples) // 3
    first, second, last = values[:size], values[size : 2 * size], values[2 * size :]
    after = samples[size:]
    slope = linear_regression([one.at / 3600 for one in after], [one.figures[name] for one in after]).slope
    rule = next((rule for rule in RULES if name.endswith(rule.ending)), None)
    return Line(
        name=name,
        thirds=(median(first), median(second), median(last)),
        peak=max([*second, *last]),
        slope=round(slope, 2),
        rule=rule.words if rule else "",
        met=rule is None or rule.holds(second, last),
    )
