"""Reads of packages."""

from webapp.packages.queries.catalogue import (
    BY_HOUSE,
    counsellors_of,
    count_by_exam,
    get_by_slug,
    list_packages,
    on_sale,
    packages_with,
    slugs_on_sale,
)

__all__ = [
    "BY_HOUSE",
    "counsellors_of",
    "count_by_exam",
    "get_by_slug",
    "list_packages",
    "on_sale",
    "packages_with",
    "slugs_on_sale",
]
