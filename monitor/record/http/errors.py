"""Why a request failed: aiohttp's errors as httpx's, and either in plain words. Pure."""

import socket
import ssl
from collections.abc import Callable

import aiohttp
import httpx


class AddressRefused(httpx.ConnectError):
    """The name resolves to an address that is not permitted; nothing was sent."""


class ForbiddenError(OSError):
    """Passes through the connector, which lets only OSErrors out; becomes AddressRefused."""


def translated(error: Exception) -> httpx.TransportError:
    """Give httpx's error for one of aiohttp's: httpx-aiohttp calls every lost connection a ConnectTimeout."""
    chain = _causes(error)
    for cause in chain:
        if isinstance(cause, ForbiddenError):
            return AddressRefused(str(cause))
    origin = next((cause for cause in chain if isinstance(cause, (aiohttp.ClientError, TimeoutError))), error)
    for kind, into in _MEANINGS:
        if isinstance(origin, kind):
            return into(reason(error))
    return error if isinstance(error, httpx.TransportError) else httpx.ReadError(reason(error))


_MEANINGS: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (aiohttp.ClientHttpProxyError, httpx.ProxyError),
    (aiohttp.ClientProxyConnectionError, httpx.ProxyError),
    (aiohttp.ClientConnectorError, httpx.ConnectError),
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
    (aiohttp.SocketTimeoutError, httpx.ReadTimeout),
    (aiohttp.InvalidURL, httpx.UnsupportedProtocol),
    (aiohttp.ClientResponseError, httpx.RemoteProtocolError),
    (aiohttp.ClientError, httpx.ReadError),
    (TimeoutError, httpx.ReadTimeout),
)


def _causes(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    found: BaseException | None = error
    while found is not None and found not in chain:
        chain.append(found)
        inner = getattr(found, "os_error", None)
        found = inner if isinstance(inner, OSError) and inner is not found else found.__cause__
    return chain


def reason(error: BaseException) -> str:
    """Say in plain words why a request failed: "name not known", "connection refused"."""
    chain = _causes(error)
    for cause in chain:
        if isinstance(cause, ForbiddenError | AddressRefused):
            return str(cause)
    for kind, words in _WORDS:
        # Innermost first: the outer ones repeat it less precisely.
        for cause in reversed(chain):
            if isinstance(cause, kind):
                return words(cause)
    return str(error) or type(error).__name__


def _name_words(error: BaseException) -> str:
    again = isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN
    return "the name server does not answer" if again else "name not known"


def _certificate_words(error: BaseException) -> str:
    detail = getattr(error, "verify_message", "") or str(error)
    return f"its certificate is not valid here ({detail})"


_WORDS: tuple[tuple[type[BaseException], Callable[[BaseException], str]], ...] = (
    (socket.gaierror, _name_words),
    (ssl.SSLCertVerificationError, _certificate_words),
    (ssl.SSLError, lambda error: f"no secure connection ({getattr(error, 'reason', None) or error})"),
    (ConnectionRefusedError, lambda _: "connection refused"),
    (aiohttp.ClientHttpProxyError, lambda error: f"the proxy refused ({getattr(error, 'status', '?')})"),
    (TimeoutError, lambda _: "no answer in time"),
    (ConnectionResetError, lambda _: "the connection broke off"),
    (aiohttp.ServerDisconnectedError, lambda _: "the connection broke off"),
    (aiohttp.ClientPayloadError, lambda _: "the connection broke off"),
    # After those: the transport calls every connection that was lost on the way a time-out.
    (httpx.TimeoutException, lambda _: "no answer in time"),
    (aiohttp.ClientResponseError, lambda _: "its answer is not HTTP"),
    (OSError, lambda error: getattr(error, "strerror", None) or str(error)),
)
