"""Telling people: one call for every channel, and the outbox behind the channels."""

from webapp.notifications.messages import Attachment, MailMessage, News, Recipient, WhatsAppMessage
from webapp.notifications.services.inbox import (
    delete_note,
    forget_deleted,
    inbox_key,
    mark_all_read,
    mark_read,
    restore_note,
)
from webapp.notifications.services.outbox import (
    SENDER_JOB,
    forget_refused,
    queue_mail,
    retry_failed_mail,
    wake_sender,
)
from webapp.notifications.services.preferences import save_preferences, set_mail
from webapp.notifications.services.telling import notify, notify_all

__all__ = [
    "SENDER_JOB",
    "Attachment",
    "MailMessage",
    "News",
    "Recipient",
    "WhatsAppMessage",
    "delete_note",
    "forget_deleted",
    "forget_refused",
    "inbox_key",
    "mark_all_read",
    "mark_read",
    "notify",
    "notify_all",
    "queue_mail",
    "restore_note",
    "retry_failed_mail",
    "save_preferences",
    "set_mail",
    "wake_sender",
]
