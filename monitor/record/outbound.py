"""The way out: an HTTP client that connects only to addresses it may connect to.

Whoever can write a URL into the configuration must not reach what only this machine can reach, so
each address is looked at where the socket is made: after resolution, for literal addresses too, on
every hop and every attempt. With a proxy, which resolves by itself, the name is resolved and
checked before the proxy is asked.
"""

import asyncio
import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.metadata import PackageNotFoundError, version
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any, Literal

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from httpx_aiohttp import AiohttpTransport
from httpx_aiohttp.transport import AiohttpResponseStream

from monitor.record.settings import Http

_PRIVATE = tuple(
    ip_network(block)
    for block in (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::1/128",
        "fc00::/7",
    )
)
_PIECE = 128 * 1024  # bytes of a body at a time: each step of the way costs the same for many as for few
_OWN, _INSIDE = "an address of this machine", "a private address"
_NAT64 = IPv6Network("64:ff9b::/96")
# Tunnels name an IPv4 address that somebody else's relay would connect to.
_TUNNELS = tuple(IPv6Network(block) for block in ("2002::/16", "2001::/32", "::/96", "64:ff9b:1::/48"))

SocketFactory = Callable[[tuple[Any, ...]], socket.socket]


class OutboundError(Exception):
    """[http] asks for something that cannot be set up; the message names the key."""


class AddressRefused(httpx.ConnectError):
    """The name leads to an address that must not be asked; nothing was sent."""


class _ForbiddenError(OSError):
    """Travels through the connector, which passes only OSErrors on; becomes AddressRefused."""


def refusal(address: str, *, allow_private: bool) -> str | None:
    """Say why an IP address must not be connected to ("a private address"), or None where it may.

    `allow_private` admits loopback and private networks; never link-local addresses, where cloud
    machines keep their credentials, nor multicast.
    """
    found = _unwrapped(ip_address(address.partition("%")[0]))
    if any(found.version == block.version and found in block for block in _PRIVATE):
        return None if allow_private else _private_word(found)
    if isinstance(found, IPv6Address) and (found.is_site_local or any(found in block for block in _TUNNELS)):
        return "a site-local or tunnelled address"
    if found.is_multicast:
        return "a multicast address"
    return None if found.is_global else "an address of special use"


def _private_word(address: IPv4Address | IPv6Address) -> str:
    return _OWN if address.is_loopback else _INSIDE


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Give the IPv4 address inside a v4-mapped or NAT64 one: that is where the packets go."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def user_agent(contact: str = "") -> str:
    """Who asks: `recwatch/0.1.0 (+contact)`."""
    try:
        name = f"recwatch/{version('recwatch')}"
    except PackageNotFoundError:  # run from a copy that was not installed
        name = "recwatch"
    # A header takes printable ASCII; a contact that is none of it would fail every request.
    reachable = "".join(letter for letter in contact if " " <= letter <= "~" and letter not in "()").strip()
    return f"{name} (+{reachable})" if reachable else name


class Client(httpx.AsyncClient):
    """A client that follows no redirect, keeps no cookie and reads nothing from the environment."""

    def __init__(self, sends: httpx.AsyncBaseTransport, seconds: float, agent: str) -> None:
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
        self._extensions = {"timeout": self.timeout.as_dict()}

    @asynccontextmanager
    async def get_below(self, url: str, headers: Mapping[str, str]) -> AsyncIterator[httpx.Response]:
        """GET, past what is for cookies, redirects and sign-on: it costs as much as the request itself."""
        address = httpx.URL(url)
        given = [*self._own, *headers.items()]
        if address.userinfo:
            credentials = b64encode(f"{address.username}:{address.password}".encode()).decode("ascii")
            given.append(("Authorization", f"Basic {credentials}"))
        request = httpx.Request("GET", address, headers=given, extensions=self._extensions)
        response = await self._sends.handle_async_request(request)
        try:
            yield response
        finally:
            await response.aclose()


def client(http: Http, *, timeout: timedelta | None = None, limits: httpx.Limits | None = None) -> Client:
    """Open a client. Close it with `async with`.

    Errors are httpx's: ConnectError and ConnectTimeout when nothing was sent (AddressRefused among them),
    ReadError and ReadTimeout when it may have been. `timeout` is for each connect and each read; a total is
    the caller's. OutboundError: [http] cannot be used.
    """
    sends = transport(http, limits or httpx.Limits(max_connections=100, keepalive_expiry=15))
    return Client(sends, (timeout or http.timeout).total_seconds(), user_agent(http.contact))


def transport(http: Http, limits: httpx.Limits) -> httpx.AsyncBaseTransport:
    """What `client` sends with, for who needs no more than one request and its answer.

    Errors are those of `client`; times belong into the request's extensions. Close it with `aclose`.
    """
    proxy = _proxy(http.proxy)
    trust = _trust(http.ca_file)
    make_socket = _plain_socket if proxy else _checked_socket(allow_private=http.allow_private_networks)

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            ssl=trust,
            resolver=_Resolver(),
            socket_factory=make_socket,
            limit=limits.max_connections or 0,
            keepalive_timeout=limits.keepalive_expiry,
        )
        jar = aiohttp.DummyCookieJar()
        return aiohttp.ClientSession(connector=connector, cookie_jar=jar, read_bufsize=_PIECE)

    before = _check_name(allow_private=http.allow_private_networks) if proxy else None
    # Not used, since the session is ours; as it stands it would trust nobody.
    nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return _Guarded(verify=nobody, limits=limits, proxy=proxy, client=session, before=before)


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
            raise _ForbiddenError(_worded(address, why))
        return _plain_socket(where)

    return make


def _worded(address: str, why: str) -> str:
    hint = "; allow_private_networks = true in [http] admits it" if why in (_OWN, _INSIDE) else ""
    return f"{address} is {why}{hint}"


def _check_name(*, allow_private: bool) -> Callable[[str], Awaitable[None]]:
    async def check(host: str) -> None:
        try:
            found = await _look_up(host, 0, socket.AF_UNSPEC)
        except OSError:
            if allow_private:
                return  # a name inside, which the proxy alone may know
            raise
        # The proxy picks one of them, so each must do.
        for _, _, _, _, address in found:
            if why := refusal(str(address[0]), allow_private=allow_private):
                raise _ForbiddenError(_worded(str(address[0]), why))

    return check


async def _look_up(host: str, port: int, family: socket.AddressFamily) -> list[tuple[Any, ...]]:
    """Resolve in a thread that nobody waits for: a dead name server must not hold up a shutdown."""
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


class _Guarded(AiohttpTransport):
    """aiohttp under httpx, with errors that say whether anything was sent."""

    def __init__(self, *, before: Callable[[str], Awaitable[None]] | None, **options: Any) -> None:
        super().__init__(**options)
        self._before = before

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            if self._before:
                await self._before(request.url.host)
            if request.url.userinfo:
                # httpx has made a header of it, and aiohttp refuses to be told twice.
                request.url = request.url.copy_with(userinfo=b"")
            response = await super().handle_async_request(request)
        except (httpx.TransportError, aiohttp.ClientError, OSError) as error:
            raise _translated(error) from error
        if isinstance(response.stream, AiohttpResponseStream):
            response.stream.CHUNK_SIZE = _PIECE
        return response


def _translated(error: Exception) -> httpx.TransportError:
    """httpx-aiohttp calls every lost connection a ConnectTimeout: here, what happened."""
    chain = _causes(error)
    for cause in chain:
        if isinstance(cause, _ForbiddenError):
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
        if isinstance(cause, _ForbiddenError | AddressRefused):
            return str(cause)
    for kind, words in _WORDS:
        # The innermost first: the outer ones repeat it less precisely.
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
