"""The edge of the console channel: one message, one write to standard output."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from monitor.record.settings import Settings
from workers.channels.console.render import render
from workers.values import Message, Receipt, TransportError

_WIDEST = 100  # columns; longer lines are hard to read
_NO_TERMINAL = 80


class ConsoleTransport:
    """Writes to a stream, coloured where that is a terminal which shows colours.

    The stream is asked for at each message: tests and supervisors exchange it.
    """

    def __init__(self, stream: Callable[[], TextIO] = lambda: sys.stdout) -> None:
        self._stream = stream

    async def send(self, message: Message) -> Receipt:
        """Show one message; TransportError where nothing can be written any more."""
        stream = self._stream()
        is_terminal = _is_terminal(stream)
        text = render(message, width=_width(is_terminal), colour=is_terminal and _shows_colours())
        try:
            _write(stream, text)
        except (OSError, ValueError) as error:  # ValueError: the stream was closed
            raise TransportError(f"the console cannot be written to: {error}", ambiguous=True) from None
        return Receipt("shown")

    async def close(self) -> None:
        """Nothing is held: the stream is everybody's."""


def _is_terminal(stream: TextIO) -> bool:
    return not stream.closed and stream.isatty()


def _width(is_terminal: bool) -> int:
    columns = shutil.get_terminal_size((_NO_TERMINAL, 24)).columns if is_terminal else _NO_TERMINAL
    return min(columns, _WIDEST)


def _shows_colours() -> bool:
    """https://no-color.org, and terminals that say they can't."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _write(stream: TextIO, text: str) -> None:
    """Write in one go, so that two processes on one terminal do not mix their lines."""
    # A character that the terminal's encoding lacks is shown as "?".
    data = text.encode(stream.encoding or "utf-8", "replace")
    stream.flush()
    if (buffer := getattr(stream, "buffer", None)) is None:
        stream.write(data.decode(stream.encoding or "utf-8"))
    else:
        buffer.write(data)
        buffer.flush()
    stream.flush()


def open_transport(settings: Settings, home: Path) -> ConsoleTransport:  # noqa: ARG001 - no settings of its own
    """Open the channel for one job."""
    return ConsoleTransport()
