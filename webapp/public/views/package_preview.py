"""The page of a package as a student would see it, drawn from what stands in the desk's editor. Nothing is saved."""

from __future__ import annotations

from dataclasses import replace

from flask import Response, request

from webapp.core.access import allow
from webapp.core.htmx import render
from webapp.packages.forms import read_draft
from webapp.packages.queries.desk import bookable_counsellors, package_for_desk
from webapp.packages.sketch import sketch
from webapp.packages.versions import as_input
from webapp.public.views.blueprint import blueprint
from webapp.public.views.packages import Buying, package_page

HERE = "#main"


@blueprint.post("/admin/packages/preview")
@allow("admin")
def package_preview() -> Response:
    """Show the page of what is typed; ``package`` in the address names the saved one."""
    public_id = request.args.get("package", "")
    saved = package_for_desk(public_id) if public_id else None
    draft = read_draft(request.form, keep_empty=False)
    wrong = draft.problems()
    drawn = sketch(draft.data, wrong, as_input(saved) if saved else None, ())
    listed = set(draft.data.counsellor_ids)
    people = [one for one in bookable_counsellors() if not listed or one.public_id in listed]
    drawn.id, drawn.total_enrolments = (saved.id, saved.total_enrolments) if saved else (0, 0)  # whose reviews
    page = package_page(drawn, people)
    page["buying"] = Buying(None, None, HERE if people else None, HERE)  # nobody buys what is not saved
    page["people"] = [replace(one, times_url=HERE) for one in page["people"]]
    return render("packages/preview.html", layout="layouts/public.html", not_shown=draft.named(wrong), **page)
