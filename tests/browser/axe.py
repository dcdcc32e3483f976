"""Runs axe-core on an open page, as it is or at both widths and in both themes."""

from __future__ import annotations

from functools import cache
from typing import Literal

from playwright.sync_api import BrowserContext, Page, ViewportSize

from tests.browser.steps import TOO_WIDE
from tests.pace import patience
from tests.servers import ROOT

AXE = ROOT / "static" / "vendor" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
COLOURS = ["color-contrast", "link-in-text-block"]  # the rules that ask for colours; all others, for everything else
THEME_MS = 30_000  # until a page shows its other theme, at the latest
RUN = """async (type, values) => {
  const brief = (one) => one.playState === 'running' && one.effect.getComputedTiming().endTime < 2000;
  await Promise.allSettled(document.getAnimations().filter(brief).map((one) => one.finished));
  const found = await axe.run(document, { runOnly: { type, values }, resultTypes: ['violations'] });
  const why = (node) => [...node.any, ...node.all, ...node.none].map((check) => check.message).join('; ');
  const tell = (node) => `    ${node.html.slice(0, 200)}\\n      ${why(node).slice(0, 300)}`;
  return found.violations.map((one) => [`${one.id}: ${one.help}`, ...one.nodes.slice(0, 4).map(tell)].join('\\n'));
}"""
# One look: the theme has come, nothing is too wide, axe finds nothing. All in one go: each word from here to the
# page and back costs about as much as a rule. What the rules but those of colours look at is kept as one text: the
# document but for its theme, and where each element shows.
LOOK = f"""async ([theme, patience, first, rules, colours]) => {{
  const until = performance.now() + {THEME_MS};
  const shown = () => !theme || document.documentElement.dataset.bsTheme === theme;
  while (!shown() && performance.now() < until) await new Promise((next) => setTimeout(next, 5));
  const wide = first ? await ({TOO_WIDE})(patience) : 0;
  const seen = [document.documentElement.outerHTML.replace(/data-bs-theme="\\w+"/g, '')];
  for (const one of document.querySelectorAll('*')) {{
    const {{ x, y, width, height }} = one.getBoundingClientRect();
    seen.push(one.checkVisibility({{ visibilityProperty: true, opacityProperty: true }}), x, y, width, height);
  }}
  const now = seen.join();
  const known = !first && axe.seen === now;
  axe.seen = now;
  return {{ shown: shown(), wide, found: await ({RUN})(...(known ? ['rule', colours] : ['tag', rules])) }};
}}"""

Theme = Literal["light", "dark"]
WIDE: ViewportSize = {"width": 1440, "height": 900}
NARROW: ViewportSize = {"width": 390, "height": 844}
LOOKS: tuple[tuple[ViewportSize, tuple[Theme, Theme]], ...] = ((WIDE, ("light", "dark")), (NARROW, ("dark", "light")))


@cache
def _source() -> str:
    return AXE.read_text()


def bring_along(context: BrowserContext) -> None:
    """Let every page that opens in ``context`` have axe from its start: much cheaper than to hand it over each time."""
    context.add_init_script(f"if (window === window.top) {{ {_source()} }}")


def violations(page: Page) -> list[str]:
    """Return what WCAG 2.2 AA forbids and this page does, as axe tells it."""
    _bring(page)
    found: list[str] = page.evaluate(f"(rules) => ({RUN})('tag', rules)", RULES)
    return found


def expect_accessible(page: Page) -> None:
    """Fail with everything axe finds."""
    found = violations(page)
    assert not found, f"{page.url}\n" + "\n".join(found)


def expect_fit_for_everybody(page: Page, *, switches: bool = True) -> None:
    """Nothing sideways and nothing that axe finds, wide and narrow, light and dark.

    ``switches``: the page shows its theme on its root, as ours do. Where the second theme has changed nothing but
    colours, only the rules about colours are asked again: the others would see what they have just seen.
    """
    _bring(page)
    for size, themes in LOOKS:
        page.set_viewport_size(size)
        for theme in themes:
            page.emulate_media(color_scheme=theme)
            asked = [theme if switches else "", patience(1000), theme == themes[0], RULES, COLOURS]
            look = page.evaluate(LOOK, asked)
            assert look["shown"], f"{page.url} does not show its {theme} theme"
            assert look["wide"] <= 0, f"{page.url} is {look['wide']} px too wide at {size['width']} px"
            assert not look["found"], f"{page.url} {theme}, {size['width']} px\n" + "\n".join(look["found"])


def _bring(page: Page) -> None:
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(_source())
