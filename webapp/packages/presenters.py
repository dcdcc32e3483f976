"""A package as a card, the same on the public pages and in the desk's preview. Pure: addresses are handed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from webapp.packages.models import Package
from webapp.packages.rules import EXAM_LABELS, sessions_words, validity_words
from webapp.packages.rules.badges import HEX, ink_on, readable

CARD_FEATURES = (4, 2)  # at most so many lines included, and not included


@dataclass(frozen=True, slots=True)
class Badge:
    """A badge's words; ``color`` "#rrggbb" and its ``ink`` ("dark" or "light") are "" for the house's saffron."""

    text: str
    color: str = ""
    ink: str = ""


def badge_of(package: Package) -> Badge | None:
    """Return a package's badge in a colour that its words can be read on; None where it has none."""
    if not package.badge:
        return None
    if not HEX.fullmatch(package.badge_color or ""):
        return Badge(package.badge)
    color = readable(package.badge_color or "")
    return Badge(package.badge, color, ink_on(color))


@dataclass(frozen=True, slots=True)
class PackageCard:
    """A package in a list. Prices in paise."""

    name: str
    url: str
    exam: str
    badge: Badge | None
    text: str
    price: int
    original: int
    terms: str
    features: Sequence[tuple[str, bool]]
    hot: bool


def package_cards(packages: Sequence[Package], urls: Sequence[str]) -> list[PackageCard]:
    """Return packages as cards; of several featured ones the first stands out."""
    hot = next((package.id for package in packages if package.is_featured), None)
    return [package_card(package, url, hot=package.id == hot) for package, url in zip(packages, urls, strict=True)]


def package_card(package: Package, url: str, *, hot: bool) -> PackageCard:
    """Return a package as a card."""
    within = [(one.title, True) for one in package.features if one.included]
    without = [(one.title, False) for one in package.features if not one.included]
    return PackageCard(
        name=package.name,
        url=url,
        exam=EXAM_LABELS[package.exam_type],
        badge=badge_of(package),
        text=package.short_description or first_sentence(package.description),
        price=package.selling_price,
        original=package.price,
        terms=f"{sessions_words(package.max_sessions, package.session_minutes)}"
        f" · valid for {validity_words(package.validity_days)}",
        features=[*within[: CARD_FEATURES[0]], *without[: CARD_FEATURES[1]]],
        hot=hot,
    )


def first_sentence(text: str) -> str:
    """Return the first sentence of a text."""
    head, mark, _ = " ".join(text.split()).partition(". ")
    return f"{head}." if mark else head
