"""A headless browser by its own protocol: pages drawn at any width, light, dark, or darkened by force."""

import asyncio
import base64
import itertools
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp

from tests.fakes import folders

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)
_PATIENCE = 60  # seconds for the browser to start, and for each answer


def find_browser() -> str | None:
    """The browser's path, or None where there is none."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


class Browser:
    """One tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)

    async def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and give its result."""
        number = next(self._ids)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            answer = await self._socket.receive_json(timeout=_PATIENCE)
            if answer.get("id") == number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    async def show(
        self, page: str, width: int, *, dark: bool = False, forced: bool = False
    ) -> tuple[int, int]:
        """Lay a page out in a window so wide; the width and height that it takes, in CSS pixels."""
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        await self.ask("Emulation.setEmulatedMedia", features=scheme)
        await self.ask("Emulation.setAutoDarkModeOverride", enabled=forced)
        screen = {"width": width, "height": 100, "deviceScaleFactor": 2, "mobile": width < 600}
        await self.ask("Emulation.setDeviceMetricsOverride", **screen)
        frame = (await self.ask("Page.getFrameTree"))["frameTree"]["frame"]["id"]
        await self.ask("Page.setDocumentContent", frameId=frame, html=page)
        size = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        found = await self.ask("Runtime.evaluate", expression=size, returnByValue=True)
        wide, high = found["result"]["value"]
        return int(wide), int(high)

    async def picture(self, width: int, height: int, scale: float = 1.0) -> bytes:
        """The page as it is laid out, as PNG."""
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": scale}
        shot = await self.ask("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        return base64.b64decode(shot["data"])


@asynccontextmanager
async def browsing(program: str) -> AsyncIterator[Browser]:
    """Start a browser, use its first tab, end it."""
    with folders.short("rwch-") as folder:  # it has sockets in both places
        process = await asyncio.create_subprocess_exec(
            program,
            *_FLAGS,
            f"--user-data-dir={folder}",
            "about:blank",
            env={**os.environ, "TMPDIR": str(folder)},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            port = await asyncio.wait_for(_port(folder), _PATIENCE)
            async with aiohttp.ClientSession() as session:
                address = await _tab(session, port)
                async with session.ws_connect(address, max_msg_size=0) as socket:
                    yield Browser(socket)
        finally:
            with suppress(ProcessLookupError):  # it has ended by itself
                process.kill()
            await process.wait()


async def _port(folder: Path) -> int:
    file = folder / "DevToolsActivePort"
    while not (file.exists() and file.read_text()):
        await asyncio.sleep(0.05)
    return int(file.read_text().split()[0])


async def _tab(session: aiohttp.ClientSession, port: int) -> str:
    async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
        tabs = await answer.json()
    return str(next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page"))
