"""The blueprint all booking pages hang on."""

from flask import Blueprint

blueprint = Blueprint("bookings", __name__)
