"""Takes the README's pictures: python -m tests.pictures FOLDER."""

import asyncio
import json
import sys
from pathlib import Path

from tests.pictures.browser import browsing, find_browser
from tests.pictures.pages import PICTURES, fingerprints, pages

MOST = 250_000  # bytes of a picture


async def take(program: str, folder: Path) -> None:
    """Write each picture, and beside them what they were taken of."""
    made = pages()
    async with browsing(program) as browser:
        for name, picture in PICTURES.items():
            page = made[picture.channel, picture.scene]
            width, height = await browser.show(page, picture.width, dark=picture.dark)
            shot = await browser.picture(width, min(height, picture.most))
            if len(shot) > MOST:
                shot = await browser.picture(width, min(height, picture.most), scale=0.75)
            (folder / f"{name}.png").write_bytes(shot)
            print(f"{name}.png: {len(shot):,} bytes")
    (folder / "pictures.json").write_text(json.dumps(fingerprints(), indent=2) + "\n")


def main() -> None:
    """Take them, or say what is missing."""
    program = find_browser()
    if program is None:
        sys.exit("no Chromium was found: install it to take pictures")
    asyncio.run(take(program, Path(sys.argv[1])))


if __name__ == "__main__":
    main()
