"""Money's ways through the gateway: short transactions with the gateway's calls between them, never inside.

Doors call these outside a transaction. Every one may be killed between any two lines and be called
again: what it left is in the database, and the reconciler asks the gateway for the rest.
"""

from webapp.payments.flows.events import process_due_events, process_event, receive_event
from webapp.payments.flows.paying import abandon_order, ensure_gateway_order, verify_return
from webapp.payments.flows.reconciling import reconcile_due, reconcile_now, reconcile_order
from webapp.payments.flows.refunding import follow_refunds, send_refund, send_refunds

__all__ = [
    "abandon_order",
    "ensure_gateway_order",
    "follow_refunds",
    "process_due_events",
    "process_event",
    "receive_event",
    "reconcile_due",
    "reconcile_now",
    "reconcile_order",
    "send_refund",
    "send_refunds",
    "verify_return",
]
