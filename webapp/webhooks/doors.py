"""Opens the doors of webhooks: pages for admins, and the sender as due work."""

from __future__ import annotations

from flask import Flask

from webapp.config import Settings
from webapp.core.due import register_due_work
from webapp.core.resealing import register_sealed
from webapp.webhooks.jobs import forget_old, sweep_webhooks
from webapp.webhooks.keys import PURPOSE
from webapp.webhooks.models import WebhookEndpoint
from webapp.webhooks.table_files import register_table_files
from webapp.webhooks.views import blueprint


def init_app(app: Flask, settings: Settings) -> None:
    """Register the pages and the sender, which runs after those whose events it sends."""
    del settings
    app.register_blueprint(blueprint)
    register_table_files()
    register_sealed(WebhookEndpoint, "secret", purpose=PURPOSE)
    register_due_work("webhooks", sweep_webhooks, order=95)
    register_due_work("old_webhooks", forget_old, order=96)
