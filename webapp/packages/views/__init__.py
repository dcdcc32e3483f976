"""The catalogue's desk: the list of packages and the editor."""

from webapp.packages.views import acts, editor, listing, parts
from webapp.packages.views.blueprint import blueprint

__all__ = ["acts", "blueprint", "editor", "listing", "parts"]
