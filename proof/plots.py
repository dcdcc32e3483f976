"""Lines over time as plain SVG, on linear axes that begin at zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from bench.plots import HEAD, INKS, Point

WIDTH, HEIGHT, SIDE, TOP, FOOT, LEGEND = 860, 360, 60, 40, 50, 200
STEPS = 5


def lines(title: str, series: Mapping[str, Sequence[Point]], *, across: str) -> str:
    """Return lines of (x, y)."""
    points = [point for found in series.values() for point in found]
    most_x, most_y = max(x for x, _ in points) or 1.0, max(y for _, y in points) * 1.1 or 1.0
    wide, high = WIDTH - SIDE - LEGEND, HEIGHT - TOP - FOOT

    def place(x: float, y: float) -> str:
        return f"{SIDE + x / most_x * wide:.1f},{TOP + high - y / most_y * high:.1f}"

    parts = [HEAD.format(w=WIDTH, h=HEIGHT, title=escape(title))]
    for step in range(STEPS + 1):
        y, x = TOP + high - step / STEPS * high, SIDE + step / STEPS * wide
        parts.append(f'<path d="M{SIDE} {y:.1f} h{wide}" stroke="#e5e7eb"/>')
        parts.append(f'<text x="{SIDE - 8}" y="{y + 4:.1f}" text-anchor="end">{most_y * step / STEPS:.0f}</text>')
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 30}" text-anchor="middle">{most_x * step / STEPS:.0f}</text>')
    parts.append(f'<text x="{SIDE}" y="{HEIGHT - 8}">{escape(across)}</text>')
    for number, (name, found) in enumerate(series.items()):
        ink, path = INKS[number % len(INKS)], " ".join(place(*point) for point in found)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{ink}" stroke-width="2"/>')
        y = TOP + 20 * number + 12
        parts.append(f'<text x="{WIDTH - LEGEND + 16}" y="{y}" fill="{ink}">{escape(name)}</text>')
    return "".join([*parts, "</svg>\n"])
