"""What a picker can sell along with a time. Who sells stands above bookings and registers itself here."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Protocol, cast

from flask import Flask, current_app

from webapp.accounts.models import User
from webapp.counsellors.models import Counsellor, Service
from webapp.enrolments.rules import expiry, service_expiry
from webapp.packages.models import Package

_KEY = "bookings.seller"


@dataclass(frozen=True, slots=True)
class Article:
    """A package or a single service as a picker sells it with a first time; ``price`` is paise."""

    item: Package | Service
    title: str
    price: int
    sessions: int
    minutes: int

    @classmethod
    def of(cls, item: Package | Service) -> Article:
        """Return what a buyer is told of ``item``."""
        if isinstance(item, Package):
            return cls(item, item.name, item.selling_price, item.max_sessions, item.session_minutes)
        return cls(item, item.title, item.price, 1, item.duration)

    @property
    def package(self) -> Package | None:
        """The package, None for a service."""
        return self.item if isinstance(self.item, Package) else None

    def ends(self, now: dt.datetime) -> dt.datetime | None:
        """When what is bought at ``now`` ends; None where any time on offer is early enough."""
        if isinstance(self.item, Package):
            return expiry(now, self.item.validity_days)
        return None

    def lasts(self, now: dt.datetime, start: dt.datetime) -> dt.datetime:
        """When it would end, bought at ``now`` with a session at ``start``."""
        return self.ends(now) or service_expiry(now, start)


class Seller(Protocol):
    """Takes an order that keeps a time; runs inside the door's transaction."""

    def __call__(
        self,
        *,
        student: User,
        item: Package | Service,
        counsellor: Counsellor,
        starts_at: dt.datetime,
        agenda: str,
        meeting_mode: str,
        now: dt.datetime,
    ) -> str:
        """Keep the time and return the address where it is paid. Raises DomainError."""


def register_seller(app: Flask, seller: Seller) -> None:
    """Say who takes orders."""
    app.extensions[_KEY] = seller


def seller() -> Seller:
    """Return who takes orders."""
    return cast(Seller, current_app.extensions[_KEY])
