"""The HTTP client for all outgoing requests; it connects only to permitted addresses.

A URL in the configuration must not reach what only this machine can reach. So each address is checked
where the socket is made: after resolution, literal addresses included, on every hop and every attempt.
A proxy resolves names itself, so with one the name is resolved and checked before the proxy is asked.
"""

import asyncio
import re
import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import lru_cache, partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal, cast

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from httpx_aiohttp import AiohttpTransport
from httpx_aiohttp.transport import AiohttpResponseStream

from monitor.record.http.addresses import refusal, worded
from monitor.record.http.errors import ForbiddenError, translated
from monitor.record.http.status_first import StatusFirst
from monitor.record.settings import Http

_PIECE = 128 * 1024  # bytes of a body at a time: each step of the way costs the same for many as for few

SocketFactory = Callable[[tuple[Any, ...]], socket.socket]


class OutboundError(Exception):
    """[http] asks for something that cannot be set up; the message names the key."""


def user_agent(contact: str = "") -> str:
    """`recwatch/0.1.0 (+contact)`."""
    try:
        name = f"recwatch/{version('recwatch')}"
    except PackageNotFoundError:  # run from a copy that was not installed
        name = "recwatch"
    # A header takes printable ASCII; a contact that is none of it would fail every request.
    reachable = "".join(letter for letter in contact if " " <= letter <= "~" and letter not in "()").strip()
    return f"{name} (+{reachable})" if reachable else name


class RawResponse:
    """An unprocessed response: `status`, `headers` in order, and the body in pieces, still compressed."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers = response.raw_headers

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body piece by piece. Errors are httpx's."""
        try:
            async for piece in self._response.content.iter_chunked(_PIECE):
                yield piece
        except (aiohttp.ClientError, OSError) as error:
            raise translated(error) from error


class Client(httpx.AsyncClient):
    """A client that follows no redirect, keeps no cookie and reads nothing from the environment."""

    def __init__(self, sends: "GuardedTransport", seconds: float, agent: str) -> None:
        headers = {"User-Agent": agent, "Accept-Encoding": "gzip"}
        super().__init__(
            transport=sends,
            timeout=httpx.Timeout(seconds),
            headers=headers,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
            trust_env=False,
        )
        self._sends = sends
        self._own = [*headers.items(), ("Connection", "keep-alive")]
        self._seconds = aiohttp.ClientTimeout(connect=seconds, sock_connect=seconds, sock_read=seconds)

    @asynccontextmanager
    async def get_raw(self, url: str, headers: Mapping[str, str]) -> AsyncIterator[RawResponse]:
        """GET without httpx's own request and response, which cost as much as the request itself.

        The same session, and so the same checks, the same headers and the same errors. httpx.InvalidURL.
        """
        given = [*self._own, *headers.items()]
        if not _PLAIN.fullmatch(url):
            address = httpx.URL(url)
            if address.userinfo:
                credentials = b64encode(f"{address.username}:{address.password}".encode()).decode("ascii")
                given.append(("Authorization", f"Basic {credentials}"))
            url = str(address.copy_with(userinfo=b""))
        response = await self._sends.get(url, given, self._seconds)
        try:
            yield RawResponse(response)
        finally:
            # As httpx-aiohttp ends one: a body that was read gives its connection back, another closes it.
            await response.__aexit__(None, None, None)


# An address without credentials in which nothing needs encoding: httpx would leave it as it is.
_PLAIN = re.compile(
    r"https?://[a-z0-9.-]+(?::[1-9][0-9]{1,4})?(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?(?:\?[A-Za-z0-9._~=&-]*)?"
)


def client(http: Http, *, timeout: timedelta | None = None, limits: httpx.Limits | None = None) -> Client:
    """Open a client. Close it with `async with`.

    Errors are httpx's: ConnectError and ConnectTimeout when nothing was sent (AddressRefused among them),
    ReadError and ReadTimeout when it may have been. `timeout` is for each connect and each read; a total is
    the caller's. OutboundError: [http] cannot be used.
    """
    sends = transport(http, limits or httpx.Limits(max_connections=100, keepalive_expiry=15))
    return Client(sends, (timeout or http.timeout).total_seconds(), user_agent(http.contact))


def transport(http: Http, limits: httpx.Limits, *, status_first: bool = False) -> "GuardedTransport":
    """The transport of `client` alone, for callers that need no redirects, cookies or authentication.

    `status_first`: an answer that breaks off or cannot be read counts by its status (see there). Errors are
    those of `client`; timeouts are given in the request's extensions. Close it with `aclose`.
    """
    session = session_factory(http, limits, status_first=status_first)
    # Unused, since we make the session; this context would trust no certificate.
    nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return GuardedTransport(verify=nobody, limits=limits, client=session)


def session_factory(
    http: Http, limits: httpx.Limits, *, status_first: bool = False, **options: Any
) -> Callable[[], aiohttp.ClientSession]:
    """Prepare guarded sessions; each belongs to the loop in which it is made. OutboundError.

    `options` are aiohttp's for a session.
    """
    proxy = _proxy(http.proxy)
    trust = _trust(http.ca_file)
    make_socket = _plain_socket if proxy else _checked_socket(allow_private=http.allow_private_networks)
    traces = list(options.pop("trace_configs", ()))
    if proxy:
        traces.append(_check_before(allow_private=http.allow_private_networks))
        options["proxy"] = str(proxy.url)
        options["proxy_auth"] = aiohttp.BasicAuth(*proxy.auth) if proxy.auth else None

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            ssl=trust,
            resolver=_Resolver(),
            socket_factory=make_socket,
            limit=limits.max_connections or 0,
            keepalive_timeout=limits.keepalive_expiry,
        )
        if status_first:
            # aiohttp has no public way to choose the protocol; test_status_first.py notices if this one goes.
            connector._factory = cast("partial[ResponseHandler]", partial(StatusFirst, connector._loop))
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=_PIECE,
            trust_env=False,
            trace_configs=traces,
            **options,
        )

    return session


def _proxy(address: str) -> httpx.Proxy | None:
    if not address:
        return None
    try:
        proxy = httpx.Proxy(address)
    except (ValueError, httpx.InvalidURL) as error:
        raise OutboundError(f"[http] proxy: {error}") from None
    if proxy.url.scheme not in ("http", "https"):
        raise OutboundError("[http] proxy: write http://host:port or https://host:port")
    return proxy


def warm(http: Http) -> None:
    """Read what every client needs, once, before a process forks."""
    _trust(http.ca_file)


@lru_cache(maxsize=4)
def _trust(ca_file: str) -> ssl.SSLContext | Literal[True]:
    """The system's certificates (httpx's own where the system has none), and those of `ca_file`.

    True for aiohttp's own context, which holds the system's since it was imported. Kept: reading certificates
    takes 20 ms, and a worker's jobs each open a client.
    """
    if not ca_file and _system_has_certificates():
        return True
    context = (
        ssl.create_default_context()
        if _system_has_certificates()
        else httpx.create_ssl_context(trust_env=False)
    )
    if ca_file:
        try:
            context.load_verify_locations(cafile=ca_file)
        except OSError as error:
            raise OutboundError(
                f"[http] ca_file: {ca_file} holds no certificates that can be read: {error}"
            ) from None
    return context


def _system_has_certificates() -> bool:
    paths = ssl.get_default_verify_paths()
    folder = Path(paths.capath) if paths.capath else None
    return bool(paths.cafile) or (folder is not None and folder.is_dir() and any(folder.iterdir()))


def _plain_socket(where: tuple[Any, ...]) -> socket.socket:
    family, kind, protocol, *_ = where
    return socket.socket(family, kind, protocol)


def _checked_socket(*, allow_private: bool) -> SocketFactory:
    def make(where: tuple[Any, ...]) -> socket.socket:
        address = str(where[4][0])
        if why := refusal(address, allow_private=allow_private):
            raise ForbiddenError(worded(address, why))
        return _plain_socket(where)

    return make


def _check_before(*, allow_private: bool) -> aiohttp.TraceConfig:
    """Check each request's host before a proxy is asked for it."""

    async def check(_session: object, _context: object, request: aiohttp.TraceRequestStartParams) -> None:
        try:
            found = await _look_up(request.url.raw_host or "", 0, socket.AF_UNSPEC)
        except OSError:
            if allow_private:
                return  # a private name that perhaps only the proxy can resolve
            raise
        # The proxy picks one of them, so each must do.
        for _, _, _, _, address in found:
            if why := refusal(str(address[0]), allow_private=allow_private):
                raise ForbiddenError(worded(str(address[0]), why))

    tracing = aiohttp.TraceConfig()
    tracing.on_request_start.append(check)
    return tracing


async def _look_up(host: str, port: int, family: socket.AddressFamily) -> list[tuple[Any, ...]]:
    """Resolve in a daemon thread: a dead name server must not delay a shutdown."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[tuple[Any, ...]]] = loop.create_future()

    def settle(found: list[tuple[Any, ...]] | None, error: OSError | None) -> None:
        if not answer.done():
            answer.set_exception(error) if error else answer.set_result(found or [])

    def ask() -> None:
        found, error = None, None
        try:
            found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
        except OSError as caught:
            error = caught
        except ValueError:  # a label too long, or empty
            error = socket.gaierror(socket.EAI_NONAME, "not a name")
        with suppress(RuntimeError):  # the loop was closed meanwhile
            loop.call_soon_threadsafe(settle, found, error)

    threading.Thread(target=ask, daemon=True, name="resolve").start()
    return await answer


class _Resolver(AbstractResolver):
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=found,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for found, _, protocol, _, address in await _look_up(host, port, family)
        ]

    async def close(self) -> None:
        """Nothing is held."""


class GuardedTransport(AiohttpTransport):
    """aiohttp under httpx, with errors that say whether anything was sent."""

    async def get(
        self, url: str, headers: list[tuple[str, str]], seconds: aiohttp.ClientTimeout
    ) -> aiohttp.ClientResponse:
        """Send a GET as httpx-aiohttp would; errors are httpx's. The caller ends what it gets."""
        if not isinstance(self.client, aiohttp.ClientSession):
            self.client = self.get_client()
        try:
            return await self.client.get(
                url, headers=headers, allow_redirects=False, auto_decompress=False, timeout=seconds
            )
        except (aiohttp.ClientError, OSError) as error:
            raise translated(error) from error

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request. Errors are httpx's."""
        try:
            if request.url.userinfo:
                # httpx has made a header of it, and aiohttp refuses credentials given twice.
                request.url = request.url.copy_with(userinfo=b"")
            response = await super().handle_async_request(request)
        except (httpx.TransportError, aiohttp.ClientError, OSError) as error:
            raise translated(error) from error
        if isinstance(response.stream, AiohttpResponseStream):
            response.stream.CHUNK_SIZE = _PIECE
        return response
