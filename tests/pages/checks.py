"""What must be true of every state of both pages."""

from pathlib import Path

from playwright.async_api import Page

AXE = (Path(__file__).resolve().parents[2] / "frontend/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")

_VIOLATIONS = """async (tags) => {
  const { violations } = await axe.run({ runOnly: tags, resultTypes: ['violations'] });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, any }) =>
    `${id}: ${target.join(' ')}: ${any[0]?.message ?? ''}`));
}"""
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

_SIDEWAYS = """() => [document.documentElement, ...document.body.querySelectorAll('*')]
  .filter((element) => element.scrollWidth > element.clientWidth + 1 &&
    (element === document.documentElement || /auto|scroll/.test(getComputedStyle(element).overflowX)))
  .map((element) => `sideways: ${element.tagName.toLowerCase()}.${element.className}: ` +
    `${element.scrollWidth} in ${element.clientWidth} px`)"""

_SMALL = """([least, leastInText]) => {
  const inText = (element) => element.matches('p a, li a, dd a');
  const target = (element) => element.matches('[type=radio], [type=checkbox]') ? element.labels[0] : element;
  return [...document.querySelectorAll('a[href], button, input, select, summary')]
    .filter((element) => element.checkVisibility({ visibilityProperty: true }))
    .map((element) => [element, target(element).getBoundingClientRect()])
    .filter(([element, { width, height }]) =>
      Math.min(width, height) < (inText(element) ? leastInText : least) - 0.1)
    .map(([element, { width, height }]) =>
      `small: ${element.outerHTML.slice(0, 80)}: ${Math.round(width)} by ${Math.round(height)} px`);
}"""
_LEAST_PX = 44
"""For every control (WCAG 2.5.5); one that has a label is as large as that."""
_LEAST_IN_TEXT_PX = 24
"""For a link that stands in text (WCAG 2.5.8)."""


async def violations(page: Page) -> list[str]:
    """Of WCAG 2.2, levels A and AA, and of axe's best practices."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE)
    found: list[str] = await page.evaluate(_VIOLATIONS, _TAGS)
    return found


async def sideways(page: Page) -> list[str]:
    """What can be scrolled sideways, the page itself included."""
    found: list[str] = await page.evaluate(_SIDEWAYS)
    return found


async def small_targets(page: Page) -> list[str]:
    """Controls that a finger could miss."""
    found: list[str] = await page.evaluate(_SMALL, [_LEAST_PX, _LEAST_IN_TEXT_PX])
    return found
