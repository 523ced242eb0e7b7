"""What people see: pictures that are up to date, and pages that can be read on every screen."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.pictures.__main__ import MOST
from tests.pictures.browser import browsing, find_browser
from tests.pictures.pages import PICTURES, fingerprints, pages

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"

# Every element that has words of its own, its colour, and that of the first ground behind it that has one.
_CONTRASTS = """
(() => {
  const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = rgb => { const [r, g, b] = rgb.slice(0, 3).map(v => v / 255).map(v =>
    v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = each => { for (let at = each; at; at = at.parentElement) {
    const rgb = parse(getComputedStyle(at).backgroundColor);
    if (rgb.length === 3 || rgb[3] > 0) return rgb; } return [255, 255, 255]; };
  const worst = [];
  for (const each of document.body.querySelectorAll('*')) {
    const own = [...each.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!own || !each.getClientRects().length) continue;
    const [one, other] = [light(parse(getComputedStyle(each).color)), light(ground(each))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) worst.push([each.textContent.trim().slice(0, 40), Math.round(ratio * 100) / 100]);
  }
  return worst;
})()
"""


def test_the_pictures_show_what_is_sent() -> None:
    """A message that looks otherwise than its picture: `make pictures` takes it anew."""
    assert json.loads((IMAGES / "pictures.json").read_text()) == fingerprints()


@pytest.mark.parametrize("name", PICTURES)
def test_the_readme_shows_each_picture(name: str) -> None:
    """Each is small enough to load at once, and is shown with a word about it."""
    assert (IMAGES / f"{name}.png").stat().st_size <= MOST
    assert f"docs/images/{name}.png" in (ROOT / "README.md").read_text()


async def _look(program: str) -> dict[tuple[Any, ...], Any]:
    """What is wrong with any page on any screen."""
    wrong: dict[tuple[Any, ...], Any] = {}
    async with browsing(program) as browser:
        for (channel, name), page in pages().items():
            for width in (1_000, 390):
                wide, _ = await browser.show(page, width)
                if wide > width:
                    wrong[channel, name, width] = f"{wide} wide"
            for dark in (False, True):
                await browser.show(page, 390, dark=dark)
                found = await browser.ask("Runtime.evaluate", expression=_CONTRASTS, returnByValue=True)
                if faint := found["result"]["value"]:
                    wrong[channel, name, "dark" if dark else "light"] = faint
    return wrong


def test_every_message_can_be_read_on_every_screen() -> None:
    """Nothing is wider than a telephone or a window, and no words are faint, light or dark (WCAG AA: 4.5)."""
    program = find_browser()
    if program is None:
        pytest.skip("Chromium: none on this machine")
    assert asyncio.run(_look(program)) == {}
