"""The answer that is a receipt's PDF, for pages and programs alike."""

from __future__ import annotations

from flask import Response, current_app

from webapp.payments.models import Receipt
from webapp.payments.receipt_words import receipt_words


def receipt_file(found: Receipt) -> Response:
    """Return a receipt as PDF; nobody in between keeps it."""
    from webapp.payments.receipt_pdf import render_receipt  # its tools are large, and most workers print nothing

    answer = Response(render_receipt(receipt_words(found, current_app.config["SETTINGS"])), mimetype="application/pdf")
    name = f"receipt-{found.receipt_number.replace('/', '-')}.pdf"
    answer.headers["Content-Disposition"] = f'inline; filename="{name}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
