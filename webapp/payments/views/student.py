"""The student's pages of money, all on one blueprint."""

from webapp.payments.views import checkout, done, money, orders
from webapp.payments.views.shop import blueprint

__all__ = ["blueprint", "checkout", "done", "money", "orders"]
