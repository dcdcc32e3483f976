"""What each role finds in its navigation; only pages that exist are listed."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, request, url_for


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry: word, icon name, address, the key a page names itself by, and a footer's column."""

    label: str
    icon: str
    url: str
    key: str
    group: str = ""


_ENTRIES: dict[str, tuple[tuple[str, ...], ...]] = {
    "public": (
        ("Packages", "package", "public.packages", "packages"),
        ("Counsellors", "users", "public.counsellors", "counsellors"),
        ("Guidance", "message-question", "guidance.form", "guidance"),
    ),
    "guest": (
        ("Sign in", "login-2", "accounts.login", "login"),
        ("Sign up", "user-plus", "accounts.signup", "signup"),
    ),
    "account": (
        ("Inbox", "bell", "notifications.inbox", "inbox"),
        ("Account", "user-circle", "accounts.account", "account"),
        ("What you are told", "bell-ringing", "notifications.preferences", "notifications"),
        ("Devices and security", "devices", "accounts.security", "security"),
        ("Sign out", "logout", "accounts.logout", "logout"),
    ),
    "student": (
        ("Home", "home", "student.home", "home"),
        ("Book", "calendar-plus", "bookings.choose", "book"),
        ("Sessions", "video", "bookings.my_sessions", "sessions"),
        ("Packages", "package", "public.packages", "packages"),
        ("Payments", "receipt", "payments.money", "payments"),
    ),
    "counsellor": (
        ("Today", "home", "counsellor.home", "home"),
        ("Week", "calendar-week", "counsellor.week", "week"),
        ("Sessions", "video", "bookings.counsellor_sessions", "sessions"),
        ("Students", "users", "counsellor.students", "students"),
        ("Availability", "clock-cog", "availability.edit", "availability"),
    ),
    "student-menu": (("Calendar feed", "calendar-plus", "calendar.page", "calendar"),),
    "counsellor-menu": (
        ("Profile", "user-cog", "staff.profile", "profile"),
        ("Figures", "trending-up", "counsellor.figures", "figures"),
        ("Earnings", "cash", "earnings.mine", "earnings"),
        ("Reviews", "star", "reviews.mine", "reviews"),
        ("Calendar feed", "calendar-plus", "calendar.page", "calendar"),
    ),
    "admin": (
        ("Home", "layout-dashboard", "admin.home", "home", "Work"),
        ("Leads", "user-plus", "leads.table", "leads", "Work"),
        ("Sessions", "video", "bookings.admin_sessions", "sessions", "Work"),
        ("Enrolments", "school", "admin_payments.enrolments", "enrolments", "Work"),
        ("Packages", "package", "catalogue.index", "packages", "Offer"),
        ("Counsellors", "users", "staff.counsellors", "counsellors", "Offer"),
        ("Reviews", "star", "reviews.moderate", "reviews", "Offer"),
        ("Coupons", "rosette-discount", "admin_payments.coupons", "coupons", "Offer"),
        ("Payments", "credit-card", "admin_payments.payments", "payments", "Money"),
        ("Refunds", "receipt-refund", "admin_payments.refunds", "refunds", "Money"),
        ("Payouts", "cash", "admin_payments.payouts", "payouts", "Money"),
        ("Users", "users", "people.index", "users", "People"),
        ("Webhooks", "webhook", "webhooks.index", "webhooks", "System"),
        ("API keys", "key", "keys.index", "keys", "System"),
        ("Audit log", "history", "audit.index", "audit", "System"),
        ("Exports", "download", "exports.index", "exports", "System"),
        ("System", "server", "system.index", "system", "System"),
    ),
    "footer": (
        ("Packages", "package", "public.packages", "packages", "Find your way"),
        ("Counsellors", "users", "public.counsellors", "counsellors", "Find your way"),
        ("Who is free", "calendar", "bookings.choose", "book", "Find your way"),
        ("Counsel with us", "user-plus", "staff.apply", "apply", "Find your way"),
        ("Free guidance", "message-question", "guidance.form", "guidance", "Find your way"),
        ("Sign in", "login-2", "accounts.login", "login", "Your account"),
        ("Sign up", "user-plus", "accounts.signup", "signup", "Your account"),
        ("API for partners", "file-text", "api-document.docs", "api", "For programs"),
    ),
}


def nav_items(role: str | None) -> list[NavItem]:
    """Return the entries for a role (None: a visitor), of its "…-menu", or of "guest", "account" and "footer".

    Addresses are built once per place the app is mounted at: a page shows some thirty of them.
    """
    cache: dict[tuple[str, str], list[NavItem]] = current_app.extensions.setdefault("nav_items", {})
    key = (role or "public", request.script_root)
    if key not in cache:
        cache[key] = _build(key[0])
    return cache[key]


def _build(role: str) -> list[NavItem]:
    known = current_app.view_functions
    return [
        NavItem(label, icon, url_for(endpoint), key, group)
        for label, icon, endpoint, key, group in (_with_group(entry) for entry in _ENTRIES.get(role, ()))
        if endpoint in known
    ]


def _with_group(entry: tuple[str, ...]) -> tuple[str, str, str, str, str]:
    label, icon, endpoint, key, *group = entry
    return label, icon, endpoint, key, group[0] if group else ""
