"""Plots as plain SVG: bars against an aim, and lines on logarithmic axes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

WIDTH, ROW, LEFT, RIGHT = 860, 30, 360, 150
TOP, SIDE, HEIGHT = 40, 70, 360
INKS = ("#4f46e5", "#d97706", "#059669", "#dc2626", "#0891b2", "#7c3aed", "#65a30d", "#be185d")
HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" '
    'font-family="system-ui, sans-serif" font-size="13"><title>{title}</title>'
    '<rect width="{w}" height="{h}" fill="#ffffff"/><text x="16" y="24" font-weight="600">{title}</text>'
)
Point = tuple[float, float]


def bars(title: str, rows: Sequence[tuple[str, float, str, float | None]]) -> str:
    """Return bars of (label, value, words, aim), each to its own aim where there is one: it stands at two thirds."""
    height = TOP + ROW * len(rows) + 20
    parts = [HEAD.format(w=WIDTH, h=height, title=escape(title))]
    room = WIDTH - LEFT - RIGHT
    most = max((value for _, value, _, aim in rows if aim is None), default=1.0) or 1.0
    for number, (label, value, words, aim) in enumerate(rows):
        top = TOP + ROW * number
        whole = aim * 1.5 if aim else most
        length = min(1.0, value / whole) * room
        parts.append(f'<text x="{LEFT - 10}" y="{top + 17}" text-anchor="end">{escape(label)}</text>')
        parts.append(f'<rect x="{LEFT}" y="{top + 4}" width="{length:.1f}" height="18" fill="{INKS[0]}"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 8}" y="{top + 17}">{escape(words)}</text>')
        if aim:
            x = LEFT + room / 1.5
            parts.append(f'<path d="M{x:.1f} {top} v{ROW}" stroke="{INKS[3]}" stroke-width="2"/>')
    return "".join([*parts, "</svg>\n"])


def lines(title: str, series: Mapping[str, Sequence[Point]], *, across: str, up: str) -> str:
    """Return lines of (x, y), both axes logarithmic; every x is marked, y by tens."""
    points = [point for found in series.values() for point in found]
    x_low, x_high = _span([x for x, _ in points])
    y_low, y_high = _span([y for _, y in points], whole=True)
    legend = 240

    def place(x: float, y: float) -> Point:
        right = SIDE + (math.log10(x) - x_low) / (x_high - x_low) * (WIDTH - SIDE - legend)
        return right, HEIGHT - 50 - (math.log10(y) - y_low) / (y_high - y_low) * (HEIGHT - 50 - TOP)

    parts = [HEAD.format(w=WIDTH, h=HEIGHT, title=escape(title))]
    parts += [_mark_y(place(10**x_low, 10.0**power), power) for power in range(int(y_low), int(y_high) + 1)]
    parts += [_mark_x(place(x, 10**y_low), x) for x in sorted({x for x, _ in points})]
    parts.append(f'<text x="{SIDE}" y="{HEIGHT - 8}">{escape(across)}; up: {escape(up)}</text>')
    for number, (name, found) in enumerate(series.items()):
        ink = INKS[number % len(INKS)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in found))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{ink}" stroke-width="2"/>')
        y = TOP + 20 * number + 12
        parts.append(f'<text x="{WIDTH - legend + 16}" y="{y}" fill="{ink}">{escape(name)}</text>')
    return "".join([*parts, "</svg>\n"])


def _span(values: Sequence[float], *, whole: bool = False) -> tuple[float, float]:
    """The logarithms of the least and the greatest, apart from each other; ``whole``: out to powers of ten."""
    low, high = math.log10(min(values)), math.log10(max(values))
    if whole:
        low, high = math.floor(low), math.ceil(high)
    return low, high if high > low else low + 1


def _mark_y(at: Point, power: int) -> str:
    words = f"{10.0**power:g}"
    line = f'<path d="M{SIDE} {at[1]:.1f} H{WIDTH - 240}" stroke="#e5e7eb"/>'
    return f'{line}<text x="{SIDE - 8}" y="{at[1] + 4:.1f}" text-anchor="end">{words}</text>'


def _mark_x(at: Point, value: float) -> str:
    return f'<text x="{at[0]:.1f}" y="{HEIGHT - 30}" text-anchor="middle">{value:,g}</text>'
