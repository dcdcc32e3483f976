"""Runs axe-core on an open page, as it is or at both widths and in both themes."""

from __future__ import annotations

from functools import cache
from typing import Literal

from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.steps import expect_no_sideways_scroll
from tests.servers import ROOT

AXE = ROOT / "static" / "vendor" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
COLOURS = ["color-contrast", "link-in-text-block"]  # the rules that ask for colours; all others, for everything else
RUN = """async ([type, values]) => {
  const brief = (one) => one.playState === 'running' && one.effect.getComputedTiming().endTime < 2000;
  await Promise.allSettled(document.getAnimations().filter(brief).map((one) => one.finished));
  const found = await axe.run(document, { runOnly: { type, values }, resultTypes: ['violations'] });
  const why = (node) => [...node.any, ...node.all, ...node.none].map((check) => check.message).join('; ');
  const tell = (node) => `    ${node.html.slice(0, 200)}\\n      ${why(node).slice(0, 300)}`;
  return found.violations.map((one) => [`${one.id}: ${one.help}`, ...one.nodes.slice(0, 4).map(tell)].join('\\n'));
}"""
# What the other rules look at, as one number: the document but for its theme, and where each element shows.
FINGERPRINT = """() => {
  const seen = [document.documentElement.outerHTML.replace(/data-bs-theme="\\w+"/g, '')];
  for (const one of document.querySelectorAll('*')) {
    const { x, y, width, height } = one.getBoundingClientRect();
    seen.push(one.checkVisibility({ visibilityProperty: true, opacityProperty: true }), x, y, width, height);
  }
  let sum = 0;
  for (const sign of seen.join()) sum = (Math.imul(sum, 31) + sign.codePointAt(0)) | 0;
  return sum;
}"""

Theme = Literal["light", "dark"]
WIDE: ViewportSize = {"width": 1440, "height": 900}
NARROW: ViewportSize = {"width": 390, "height": 844}
LOOKS: tuple[tuple[ViewportSize, tuple[Theme, Theme]], ...] = ((WIDE, ("light", "dark")), (NARROW, ("dark", "light")))


@cache
def _source() -> str:
    return AXE.read_text()


def violations(page: Page, *, colours_only: bool = False) -> list[str]:
    """Return what WCAG 2.2 AA forbids and this page does, as axe tells it."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(_source())
    found: list[str] = page.evaluate(RUN, ["rule", COLOURS] if colours_only else ["tag", RULES])
    return found


def expect_accessible(page: Page, *, colours_only: bool = False) -> None:
    """Fail with everything axe finds."""
    found = violations(page, colours_only=colours_only)
    assert not found, f"{page.url}\n" + "\n".join(found)


def expect_fit_for_everybody(page: Page, *, switches: bool = True) -> None:
    """Nothing sideways and nothing that axe finds, wide and narrow, light and dark.

    ``switches``: the page shows its theme on its root, as ours do. Where the second theme has changed nothing but
    colours, only the rules about colours are asked again: the others would see what they have just seen.
    """
    for size, themes in LOOKS:
        page.set_viewport_size(size)
        expect_no_sideways_scroll(page)
        seen: list[int] = []
        for theme in themes:
            page.emulate_media(color_scheme=theme)
            if switches:
                expect(page.locator("html")).to_have_attribute("data-bs-theme", theme)
            fingerprint: int = page.evaluate(FINGERPRINT)
            expect_accessible(page, colours_only=fingerprint in seen)
            seen.append(fingerprint)
