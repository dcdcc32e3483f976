"""What a picker's address wants to buy, and whether this counsellor comes with it."""

from __future__ import annotations

from sqlalchemy import select

from webapp.bookings.selling import Article
from webapp.core.db import db
from webapp.core.errors import NotFound
from webapp.counsellors.models import Counsellor, Service
from webapp.packages.models import Package
from webapp.packages.queries import counsellors_of, get_by_slug


def find_article(*, package: str = "", service: str = "") -> Article | None:
    """Return what is on sale under a package's slug or a service's public id; None where neither is named.

    Raises:
        NotFound: it is not on sale (any more).
    """
    if package:
        return Article.of(get_by_slug(package))
    if not service:
        return None
    found = db.session.scalar(select(Service).where(Service.public_id == service, Service.is_active))
    if found is None:
        raise NotFound("This single session is not on sale any more.")
    return Article.of(found)


def comes_with(article: Article, counsellor: Counsellor) -> bool:
    """Whether a first time with this counsellor can be bought along; at most one statement."""
    if isinstance(article.item, Package):
        return counsellor.id in {one.id for one in counsellors_of(article.item)}
    return article.item.counsellor_id == counsellor.id
