"""The colour of a badge, and words on it that can be read (WCAG contrast of relative luminance)."""

from __future__ import annotations

import re

HEX = re.compile(r"#[0-9a-f]{6}")
HOUSE_COLOR = "#f29a2e"  # saffron, as the tokens of app.css have it
SUGGESTED = (HOUSE_COLOR, "#3730a3", "#0f766e", "#15803d", "#b91c1c", "#7c3aed", "#0369a1", "#1f2937")
LEAST_CONTRAST = 4.5
DARK, LIGHT = "#1a0f00", "#ffffff"


def luminance(color: str) -> float:
    """Return the relative luminance of "#rrggbb", 0 (black) to 1 (white)."""
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def ink_on(color: str) -> str:
    """Return "dark" or "light": the words that are easier to read on a colour."""
    return "dark" if contrast(color, DARK) >= contrast(color, LIGHT) else "light"


def readable(color: str) -> str:
    """Return a colour that dark or white words can be read on: the colour itself, or a little darker.

    Only a narrow band of middle greys, blues and greens needs it; the hue stays.
    """
    red, green, blue = (int(color[place : place + 2], 16) for place in (1, 3, 5))
    shade = color
    while max(contrast(shade, DARK), contrast(shade, LIGHT)) < LEAST_CONTRAST:
        red, green, blue = (int(part * 0.97) for part in (red, green, blue))
        shade = f"#{red:02x}{green:02x}{blue:02x}"
    return shade
