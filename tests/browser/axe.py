"""Runs axe-core on an open page."""

from __future__ import annotations

from functools import cache

from playwright.sync_api import Page

from tests.servers import ROOT

AXE = ROOT / "static" / "vendor" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = """async (tags) => {
  const found = await axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] });
  const why = (node) => [...node.any, ...node.all, ...node.none].map((check) => check.message).join('; ');
  const tell = (node) => `    ${node.html.slice(0, 200)}\\n      ${why(node).slice(0, 300)}`;
  return found.violations.map((one) => [`${one.id}: ${one.help}`, ...one.nodes.slice(0, 4).map(tell)].join('\\n'));
}"""


@cache
def _source() -> str:
    return AXE.read_text()


def violations(page: Page) -> list[str]:
    """Return what WCAG 2.2 AA forbids and this page does, as axe tells it."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(_source())
    found: list[str] = page.evaluate(RUN, RULES)
    return found


def expect_accessible(page: Page) -> None:
    """Fail with everything axe finds."""
    found = violations(page)
    assert not found, f"{page.url}\n" + "\n".join(found)
