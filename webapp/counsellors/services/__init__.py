"""Writes of counsellors: profiles, photos, applications, single services, ratings, closing and opening."""

from webapp.counsellors.services.applications import (
    Application,
    apply_to_counsel,
    approve_application,
    decline_application,
)
from webapp.counsellors.services.closing import close_profile, lock_counsellor, open_profile
from webapp.counsellors.services.offers import add_service, edit_service, move_service, switch_service
from webapp.counsellors.services.profiles import (
    create_counsellor,
    invite_again,
    move_counsellor,
    set_photo,
    update_counsellor,
    update_profile,
)
from webapp.counsellors.services.ratings import record_rating

__all__ = [
    "Application",
    "add_service",
    "apply_to_counsel",
    "approve_application",
    "close_profile",
    "create_counsellor",
    "decline_application",
    "edit_service",
    "invite_again",
    "lock_counsellor",
    "move_counsellor",
    "move_service",
    "open_profile",
    "record_rating",
    "set_photo",
    "switch_service",
    "update_counsellor",
    "update_profile",
]
