"""What search engines read: robots.txt and the sitemap."""

from __future__ import annotations

from flask import Response, make_response, render_template, url_for

from webapp.core.access import allow
from webapp.core.replicas import may_lag
from webapp.counsellors.queries import listed
from webapp.packages.queries import slugs_on_sale
from webapp.public.views.blueprint import absolute, blueprint

HOUR = "public, max-age=3600"
PRIVATE = (
    "/account", "/admin", "/api/", "/book", "/counsellor/", "/dev/", "/forgot", "/guidance/sent", "/home", "/live/",
    "/login", "/reset/", "/sessions", "/signup", "/student", "/verify",
)  # fmt: skip


@blueprint.get("/robots.txt")
@allow("public")
def robots() -> Response:
    """Keep machines on the public pages and tell where they are listed."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in PRIVATE)]
    lines += ["", f"Sitemap: {absolute(url_for('public.sitemap'))}", ""]
    return _file("\n".join(lines), "text/plain")


@blueprint.get("/sitemap.xml")
@allow("public")
@may_lag
def sitemap() -> Response:
    """List all public pages with the day they last changed."""
    pages = [
        *((url_for(f"public.{name}"), None) for name in ("landing", "packages", "counsellors")),
        (url_for("guidance.form"), None),
        *((url_for("public.package", slug=slug), changed) for slug, changed in slugs_on_sale()),
        *((url_for("public.counsellor", public_id=one), changed) for one, changed in listed()),
    ]
    return _file(render_template("public/sitemap.xml", pages=pages), "application/xml")


def _file(text: str, kind: str) -> Response:
    answer = make_response(text)
    answer.mimetype = kind
    answer.headers["Cache-Control"] = HOUR
    return answer
