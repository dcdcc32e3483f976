"""The reviews of a public page: how they are spread, and one page of them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from webapp.core.pagination import Page
from webapp.counsellors.models import Counsellor
from webapp.packages.models import Package
from webapp.reviews.queries import Distribution, PublicReview, distribution, published_for

PER_PAGE = 6


@dataclass(frozen=True, slots=True)
class ReviewList:
    """What the reviews' partial shows. ``average`` and ``total`` may hold more than is published here."""

    items: Page[PublicReview]
    spread: Distribution
    average: Decimal | float
    total: int
    url: str
    names_counsellor: bool

    def page_url(self, page: int) -> str:
        """The address of another page of reviews."""
        return f"{self.url}?page={page}" if page > 1 else self.url


def reviews_of_counsellor(who: Counsellor, page: int, url: str) -> ReviewList:
    """Return a page of a counsellor's reviews; two statements. The start balance counts in the average."""
    spread = distribution([who.id])
    number = _within(page, spread)
    items = published_for([who.id], PER_PAGE, offset=(number - 1) * PER_PAGE)
    found = Page(items=items, total=spread.count, page=number, limit=PER_PAGE)
    return ReviewList(found, spread, who.rating, who.review_count, url, names_counsellor=False)


def reviews_of_package(package: Package, page: int, url: str) -> ReviewList:
    """Return a page of the reviews of sessions that a package paid for; two statements."""
    spread = distribution(package_id=package.id)
    number = _within(page, spread)
    items = published_for(limit=PER_PAGE, offset=(number - 1) * PER_PAGE, package_id=package.id)
    found = Page(items=items, total=spread.count, page=number, limit=PER_PAGE)
    return ReviewList(found, spread, spread.average, spread.count, url, names_counsellor=True)


def _within(page: int, spread: Distribution) -> int:
    return min(page, max(1, -(-spread.count // PER_PAGE)))
