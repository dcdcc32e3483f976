"""Pages of the inbox, of the preferences, and the way out of a mail."""

from webapp.notifications.views import inbox, live, preferences, unsubscribe
from webapp.notifications.views.blueprint import blueprint

__all__ = ["blueprint", "inbox", "live", "preferences", "unsubscribe"]
