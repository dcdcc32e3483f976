"""The JSON door of counsellors. It stands this high because one answer holds hours, free times, reviews and money."""

from webapp.dashboards.staff.api import editing, figures, reading
from webapp.dashboards.staff.api.door import door

__all__ = ["door", "editing", "figures", "reading"]
