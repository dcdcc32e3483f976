from __future__ import annotations

from xml.etree import ElementTree

from tests.factories import make_counsellor, make_package
from tests.pages import Browser

PLACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def test_robots_are_kept_on_public_pages(visitor: Browser) -> None:
    answer = visitor.get("/robots.txt")
    lines = answer.get_data(as_text=True).splitlines()
    assert answer.mimetype == "text/plain"
    assert "Disallow: /admin" in lines
    assert "Sitemap: http://localhost/sitemap.xml" in lines
    closed = [line.removeprefix("Disallow: ") for line in lines if line.startswith("Disallow")]
    for page in ("/", "/packages", "/packages/jee-complete", "/counsellors", "/counsellors/counsellor_x"):
        assert not any(page.startswith(path) for path in closed), page
    for page in ("/book", "/book/counsellor_x", "/sessions", "/counsellor/sessions", "/student", "/account"):
        assert any(page.startswith(path) for path in closed), page


def test_the_sitemap_lists_what_is_public(visitor: Browser) -> None:
    who, package = make_counsellor(), make_package()
    gone, withdrawn = make_counsellor(is_active=False), make_package(is_active=False)
    answer = visitor.get("/sitemap.xml")
    assert answer.mimetype == "application/xml"
    assert "public" in answer.headers["Cache-Control"]
    pages = [one.text or "" for one in ElementTree.fromstring(answer.data).iter(f"{PLACE}loc")]
    assert pages[:3] == ["http://localhost/", "http://localhost/packages", "http://localhost/counsellors"]
    assert f"http://localhost/packages/{package.slug}" in pages
    assert f"http://localhost/counsellors/{who.public_id}" in pages
    assert not any(gone.public_id in page or withdrawn.slug in page for page in pages)
    for page in pages:
        assert visitor.get(page.removeprefix("http://localhost")).status_code == 200
