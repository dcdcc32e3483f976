"""HTML doors that are open to everyone."""

from webapp.public.views import (
    counsellor,
    counsellors,
    landing,
    machines,
    package_preview,
    packages,
    security_txt,
)
from webapp.public.views.blueprint import blueprint

__all__ = [
    "blueprint",
    "counsellor",
    "counsellors",
    "landing",
    "machines",
    "package_preview",
    "packages",
    "security_txt",
]
