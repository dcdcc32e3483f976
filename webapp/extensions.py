"""The Flask extensions, made once and bound in `create_app`."""

from __future__ import annotations

from flask_compress import Compress
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_wtf import CSRFProtect
from htmx_flask import Htmx

from webapp.core.db import db

migrate = Migrate()
login_manager = LoginManager()
csrf = CSRFProtect()
htmx = Htmx()
compress = Compress()

__all__ = ["compress", "csrf", "db", "htmx", "login_manager", "migrate"]
