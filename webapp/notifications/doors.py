"""Opens the doors of notifications: inbox, preferences, the way out of a mail, and the sender of the outbox."""

from __future__ import annotations

from flask import Flask

from webapp.config import Settings
from webapp.core.due import register_due_work
from webapp.notifications.jobs import forget_old_mail, sweep_inbox, sweep_outbox
from webapp.notifications.views import blueprint
from webapp.notifications.views.live import bell, unread_count


def init_app(app: Flask, settings: Settings) -> None:
    """Register pages, what templates show of the inbox, and the outbox as the last piece of due work."""
    del settings
    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(bell_now=bell, unread_count=unread_count)
    register_due_work("inbox", sweep_inbox)
    register_due_work("refused_mail", forget_old_mail)
    register_due_work("outbox", sweep_outbox, order=100)
