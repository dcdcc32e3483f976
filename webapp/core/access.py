"""Who may use a route. Every view declares it; one hook enforces it; a test walks the URL map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])

PUBLIC = frozenset({"public"})
ANYONE_SIGNED_IN = frozenset({"student", "counsellor", "admin"})


def allow(*who: str) -> Callable[[View], View]:
    """Declare who may use a view: "public", "signed_in", or role names."""
    roles = ANYONE_SIGNED_IN if who == ("signed_in",) else frozenset(who)
    unknown = roles - PUBLIC - ANYONE_SIGNED_IN
    if unknown or not roles:
        raise ValueError(f"unknown audience: {sorted(unknown)}")

    def mark(view: View) -> View:
        view.audience = roles  # type: ignore[attr-defined]
        return view

    return mark


def audience_of(view: Callable[..., Any]) -> frozenset[str] | None:
    """Return the declared audience of a view, None if it forgot to declare one."""
    return getattr(view, "audience", None)
