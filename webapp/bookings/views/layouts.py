"""Which shell a page of bookings stands in: the viewer's own."""

from __future__ import annotations

from flask_login import current_user


def layout_for_viewer() -> str:
    """Return the layout of the signed-in role, or the public one."""
    if not current_user.is_authenticated:
        return "layouts/public.html"
    return f"layouts/{current_user.role.value}.html"
