"""The console channel writes to standard output, one message at a time."""

import asyncio
import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.record.settings import Settings
from tests.workers.channels.made_up import described, message
from workers.channels.console.render import render
from workers.channels.console.transport import ConsoleTransport, open_transport
from workers.values import TransportError


class Recording(io.RawIOBase):
    """Counts writes."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.writes.append(bytes(data))  # type: ignore[call-overload]
        return len(self.writes[-1])


def stream_of(raw: io.RawIOBase, encoding: str = "utf-8") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding=encoding)  # type: ignore[arg-type]


def show(stream: object) -> None:
    asyncio.run(ConsoleTransport(lambda: stream).send(message(described())))  # type: ignore[arg-type, return-value]


def test_a_message_is_one_write() -> None:
    """Two processes on one terminal do not mix their lines, however long the message is."""
    raw = Recording()
    stream = stream_of(raw)
    long = described(
        runs=[(kind, f"{kind} words {n}. ") for n in range(200) for kind in ("delete", "insert")]
    )
    asyncio.run(ConsoleTransport(lambda: stream).send(message(long)))
    assert len(raw.writes) == 1
    assert len(raw.writes[0]) > io.DEFAULT_BUFFER_SIZE
    assert raw.writes[0].decode() == render(message(long))


def test_what_stood_in_the_buffer_comes_first() -> None:
    """A line that somebody printed before is not overtaken."""
    raw = Recording()
    stream = stream_of(raw)
    stream.write("before\n")
    show(stream)
    assert b"".join(raw.writes).startswith(b"before\nGAO-23-105607")


def test_a_narrow_encoding_loses_characters_and_not_the_message() -> None:
    """In a terminal without UTF-8 an arrow is a question mark."""
    raw = Recording()
    stream = stream_of(raw, "ascii")
    show(stream)
    assert b"May 2024 ? Sep 2025" in raw.writes[0]


def test_a_stream_without_bytes_is_written_to_as_well() -> None:
    """Where standard output was replaced by a buffer of text."""
    stream = io.StringIO()
    show(stream)
    assert stream.getvalue() == render(message(described()))


def test_a_closed_console_is_a_failure_that_is_tried_again() -> None:
    """Nothing is lost where nobody can read it now."""
    stream = stream_of(Recording())
    stream.close()
    with pytest.raises(TransportError) as caught:
        show(stream)
    assert not caught.value.permanent


def test_a_full_device_is_a_failure_that_is_tried_again() -> None:
    """An error of the file is the message's, and may have come half way."""

    class Full(Recording):
        def write(self, data: object) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(TransportError, match="No space left") as caught:
        show(stream_of(Full()))
    assert caught.value.ambiguous


PROGRAM = """
import asyncio
from pathlib import Path
from monitor.record.settings import Settings
from tests.workers.channels.made_up import message, described
from workers.channels.console.transport import open_transport
asyncio.run(open_transport(Settings(), Path()).send(message(described())))
"""
ROOT = Path(__file__).parents[4]


def on_a_terminal(**environment: str) -> str:
    """Run the program on a pseudo-terminal and give back what it shows."""
    head, tail = pty.openpty()
    given = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLUMNS")}
    given |= {"TERM": "xterm", "PYTHONPATH": str(ROOT), **environment}
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=tail, env=given, cwd=ROOT):
        os.close(tail)
        parts = []
        try:
            while part := os.read(head, 65536):
                parts.append(part)
        except OSError:
            pass  # Linux's way of saying that the other end is closed
    os.close(head)
    return b"".join(parts).decode()


def test_a_terminal_gets_colours() -> None:
    """Styles are for terminals."""
    assert "\x1b[9;91m" in on_a_terminal()


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colours_can_be_had_without(environment: dict[str, str]) -> None:
    """https://no-color.org, and terminals that show none, get marks instead."""
    text = on_a_terminal(**environment)
    assert "\x1b" not in text
    assert "[-January 2024-]" in text


def test_a_pipe_gets_no_colours(capfd: pytest.CaptureFixture[str]) -> None:
    """Where standard output is a file or a pipe, marks stand for styles."""
    asyncio.run(open_transport(Settings(), Path()).send(message(described())))
    assert capfd.readouterr().out == render(message(described()))
