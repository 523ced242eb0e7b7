"""A posted message's answer counts by its status; a page's answer must be whole."""

import asyncio

import httpx
import pytest

from monitor.record.http import outbound
from monitor.record.http.posting import open_poster
from monitor.record.http.status_first import final_status
from monitor.record.settings import Http
from tests.fakes.receiver import ODD_ACCEPTS, Answer, Receiver

OPEN = Http(allow_private_networks=True, timeout="3s")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nX: y\r\n", (200, b"X: y\r\n")),
        (b"HTTP/1.1 204\n", (204, b"")),
        (b"\r\nHTTP/1.0 410 Gone\r\n", (410, b"")),
        (b"HTTP/2 200 ", (200, b"")),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\n", (202, b"")),
        (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n", None),
        (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", None),
        (b"HTTP/1.1 200", None),
        (b"HTTP/1.1 2000 \r\n", None),
        (b"HTTP/1.1 600 Odd\r\n", None),
        (b"x HTTP/1.1 200 OK\r\n", None),
        (b"", None),
    ],
)
def test_the_first_final_status(head: bytes, expected: tuple[int, bytes] | None) -> None:
    """Informational answers are passed over, and a status of which a digit may be missing is none."""
    assert final_status(head) == expected


@pytest.mark.parametrize(
    "name",
    ["nothing after the status line", "a chunk cut off", "two lengths", "too long a length", "a bad chunk"],
)
def test_a_page_must_be_whole(name: str) -> None:
    """The client for pages takes no status for an answer: half a page must not pass for a whole one."""

    async def get() -> None:
        async with outbound.client(OPEN) as client:
            await client.get(receiver.url)

    with Receiver(otherwise=ODD_ACCEPTS[name]) as receiver, pytest.raises(httpx.TransportError):
        asyncio.run(get())


def test_useful_headers_survive() -> None:
    """When to try again, and where the receiver moved, are read out of an answer that cannot be parsed."""
    raw = b"HTTP/1.1 429 Slow down\r\nretry-after: 7 \r\nLocation:  /x\r\nContent-Length: x\r\n\r\n"

    async def post() -> httpx.Headers:
        poster = open_poster(OPEN, OPEN.timeout)
        try:
            return (await poster.post(httpx.URL(receiver.url), [], b"{}")).headers
        finally:
            await poster.close()

    with Receiver(otherwise=Answer(raw=(raw,))) as receiver:
        assert dict(asyncio.run(post())) == {"retry-after": "7", "location": "/x"}
