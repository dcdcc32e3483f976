"""Reading the outbox, the inbox and the preferences."""

from webapp.notifications.queries.inbox import count_unread, find_note, latest_notes, list_notes
from webapp.notifications.queries.outbox import mail_was_queued_after, mails_being_sent
from webapp.notifications.queries.preferences import chosen_ways, preferences_of, still_wanted

__all__ = [
    "chosen_ways",
    "count_unread",
    "find_note",
    "latest_notes",
    "list_notes",
    "mail_was_queued_after",
    "mails_being_sent",
    "preferences_of",
    "still_wanted",
]
