"""The way out refuses addresses that must not be asked, and says what went wrong."""

import asyncio
import shutil
import socket
import ssl
import subprocess
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import httpx
import pytest

from monitor.record.http import outbound
from monitor.record.http.addresses import refusal
from monitor.record.http.errors import AddressRefused, reason
from monitor.record.http.outbound import OutboundError, user_agent
from monitor.record.settings import Http
from tests.fakes.site import Answer, Site, open_site

OPEN = Http(allow_private_networks=True)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fec0::1",
        "fd00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)
def test_an_address_that_is_not_everybodys_is_refused(address: str) -> None:
    """Loopback, private, link-local, multicast and tunnelled ones are refused, however wrapped."""
    assert refusal(address, allow_private=False)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_a_public_address_is_admitted(address: str) -> None:
    """What everybody can reach may be asked, through NAT64 and as a mapped address, too."""
    assert refusal(address, allow_private=False) is None


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "::1", "fd00::1", "::ffff:192.168.0.9"])
def test_private_networks_are_admitted_where_the_owner_says_so(address: str) -> None:
    """allow_private_networks admits loopback and private addresses."""
    assert refusal(address, allow_private=True) is None


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0", "2002:a00:1::"])
def test_allowing_private_networks_does_not_admit_what_is_neither(address: str) -> None:
    """Link-local addresses, where cloud machines keep credentials, stay refused in any case."""
    assert refusal(address, allow_private=True)


METADATA = [
    "169.254.169.254",
    "169.254.170.2",
    "169.254.0.23",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
    "fd00:42::42",
    "fe80::a9fe:a9fe",
    "::ffff:168.63.129.16",
    "::ffff:100.100.100.200",
    "64:ff9b::a83f:8110",
    "64:ff9b::6464:64c8",
]


@pytest.mark.parametrize("allow_private", [True, False])
@pytest.mark.parametrize("address", METADATA)
def test_metadata_services_of_clouds_are_never_asked(address: str, allow_private: bool) -> None:
    """They give away a machine's credentials, in whatever network they are and however they are spelled."""
    assert refusal(address, allow_private=allow_private)


@pytest.mark.parametrize(
    "address",
    ["192.0.0.9", "192.88.99.1", "198.51.100.7", "2001:1::1", "2001:db8::1", "3fff::1", "5f00::1", "400::1"],
)
def test_special_addresses_do_not_depend_on_pythons_version(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `is_global` says has changed between versions, and is not asked."""
    for kind in (IPv4Address, IPv6Address):
        monkeypatch.setattr(kind, "is_global", property(lambda _: True))
    assert refusal(address, allow_private=True)


def test_the_user_agent_says_who_asks_and_whom_to_write_to() -> None:
    """The contact goes into the User-Agent; what no header can carry is left out."""
    assert user_agent("ops@example.org").startswith("recwatch/")
    assert user_agent("ops@example.org").endswith(" (+ops@example.org)")
    assert "\n" not in user_agent("a\r\nb: c\u2013d")
    assert "(" not in user_agent("")


Get = Callable[[outbound.Client, str], Awaitable[tuple[int, str]]]


async def _by_httpx(client: outbound.Client, url: str) -> tuple[int, str]:
    answer = await client.get(url)
    return answer.status_code, answer.text


async def _below(client: outbound.Client, url: str) -> tuple[int, str]:
    async with client.get_raw(url, {}) as answer:
        return answer.status, b"".join([piece async for piece in answer.pieces()]).decode()


both_ways = pytest.mark.parametrize("get", [_by_httpx, _below])


def _with_site(check: Callable[[Site], Awaitable[None]]) -> None:
    async def run() -> None:
        async with open_site() as site:
            await check(site)

    asyncio.run(run())


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
@both_ways
def test_no_spelling_of_this_machine_is_connected_to(get: Get, name: str) -> None:
    """The check is at the socket, so that names, short forms and literal addresses all meet it."""

    async def check(site: Site) -> None:
        async with outbound.client(Http()) as client:
            with pytest.raises(httpx.TransportError):
                await get(client, f"http://{name}:{site.port}/")
        assert site.asked == []

    _with_site(check)


@both_ways
def test_a_refused_address_is_told_apart_from_a_failed_connection(get: Get) -> None:
    """AddressRefused names the address and the key that would admit it."""

    async def check(site: Site) -> None:
        async with outbound.client(Http()) as client:
            with pytest.raises(AddressRefused, match=r"127\.0\.0\.1.*this machine.*allow_private_networks"):
                await get(client, site.url("/"))

    _with_site(check)


@both_ways
def test_with_a_proxy_the_address_is_checked_before_the_proxy_is_asked(get: Get) -> None:
    """The proxy resolves by itself, so it hears of no name that leads inside."""

    async def check(site: Site) -> None:
        async with outbound.client(Http(proxy=site.url(""))) as client:
            with pytest.raises(AddressRefused):
                await get(client, "http://localhost/secret")
        assert site.asked == []

    _with_site(check)


@both_ways
def test_a_proxy_on_a_private_address_is_the_owners_choice_and_is_asked(get: Get) -> None:
    """The proxy's own address is not a target that somebody typed into a subscription."""

    async def check(site: Site) -> None:
        site.answers("http://8.8.8.8/page", Answer(200, b"through the proxy"))
        async with outbound.client(Http(proxy=site.url(""))) as client:
            assert (await get(client, "http://8.8.8.8/page"))[1] == "through the proxy"

    _with_site(check)


@both_ways
def test_a_password_in_the_address_goes_out_as_a_header(get: Get) -> None:
    """As any client does, and not into the request's line."""

    async def check(site: Site) -> None:
        site.answers("/", Answer(200, b"known"))
        async with outbound.client(OPEN) as client:
            assert (await get(client, f"http://me:secret@{site.host}/"))[1] == "known"
        assert site.asked[-1].headers["authorization"] == "Basic bWU6c2VjcmV0"
        assert site.asked[-1].headers["host"] == site.host

    _with_site(check)


@pytest.mark.parametrize("address", ["http://example.org:99999/", "http://xn--a/"])
@pytest.mark.parametrize("proxy", ["", "http://127.0.0.1:9"])
def test_an_address_that_is_none_is_an_error_of_httpx(address: str, proxy: str) -> None:
    """With a proxy, too: it is looked at before the transport would say so."""

    async def ask() -> None:
        async with outbound.client(Http(proxy=proxy)) as client, client.get_raw(address, {}):
            pass

    with pytest.raises((httpx.HTTPError, httpx.InvalidURL)):
        asyncio.run(ask())


@pytest.mark.parametrize("named", ["me:secret@", "me@", "m%20e:p%40w@", ""])
def test_below_the_client_the_same_request_goes_out(named: str) -> None:
    """What the shorter way leaves out shows in no header, and redirects are not followed on it either."""

    async def check(site: Site) -> None:
        site.answers("/a", Answer(302, headers={"Location": "/b", "Set-Cookie": "id=1; Path=/"}))
        url, wanted = f"http://{named}{site.host}/a", {"Accept": "text/csv", "If-None-Match": '"1"'}
        async with outbound.client(OPEN) as client:
            for _ in range(2):
                async with client.get_raw(url, wanted) as response:
                    assert response.status == 302
            await client.get(url, headers=wanted)
        below, again, above = (dict(asked.headers) for asked in site.asked)
        assert below == again == above

    _with_site(check)


@pytest.mark.parametrize(
    "path",
    [
        "/a/b.html?q=1&r=_~",
        "/a//b",
        "/a/./b",
        "/a/../b",
        "/a/.",
        "/a/b/..?q",
        "/..b",
        "/%41%2f",
        "/a b|c",
        "/\u00e9?\u00e9",
        "?q",
    ],
)
def test_below_the_client_the_same_address_is_asked_for(path: str) -> None:
    """An address that is left as it is reaches the site as one that httpx has taken apart."""

    async def check(site: Site) -> None:
        async with outbound.client(OPEN) as client:
            for get in (_by_httpx, _below):
                await get(client, f"http://{site.host}{path}")
        below, above = (asked.path for asked in site.asked)
        assert below == above

    _with_site(check)


@both_ways
def test_redirects_are_not_followed_and_cookies_not_kept(get: Get) -> None:
    """What follows from an answer is the caller's to decide."""

    async def check(site: Site) -> None:
        site.answers("/a", Answer(302, headers={"Location": "/b", "Set-Cookie": "id=1; Path=/"}))
        by_name = f"http://localhost:{site.port}/a"
        async with outbound.client(OPEN) as client:
            for url in (site.url("/a"), site.url("/a"), by_name, by_name):
                assert (await get(client, url))[0] == 302
        assert site.paths() == ["/a"] * 4
        assert all("cookie" not in asked.headers for asked in site.asked)

    _with_site(check)


@both_ways
def test_the_environments_proxies_are_not_used(get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the configuration says through what we go."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")

    async def check(site: Site) -> None:
        site.answers("/", Answer(200, b"direct"))
        async with outbound.client(OPEN) as client:
            assert (await get(client, site.url("/")))[1] == "direct"

    _with_site(check)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@both_ways
def test_a_connection_that_was_refused_sent_nothing(get: Get) -> None:
    """ConnectError, and "connection refused" in words."""

    async def run() -> None:
        async with outbound.client(OPEN) as client:
            with pytest.raises(httpx.ConnectError) as caught:
                await get(client, f"http://127.0.0.1:{_free_port()}/")
        assert reason(caught.value) == "connection refused"

    asyncio.run(run())


@both_ways
def test_a_name_that_does_not_exist_is_said_to_be_unknown(get: Get) -> None:
    """A resolver's error comes out in words, and as an error that sent nothing."""

    async def run() -> None:
        async with outbound.client(OPEN) as client:
            with pytest.raises(httpx.ConnectError) as caught:
                await get(client, "http://no-such-host.invalid/")
        assert reason(caught.value) in ("name not known", "the name server does not answer")

    asyncio.run(run())


def test_a_connection_lost_after_the_request_may_have_arrived() -> None:
    """ReadError, not a connect error: whoever posted must not take it for unsent."""

    async def check(site: Site) -> None:
        site.answers("/", Answer(200, b"cut", cut=0, headers={"Content-Length": "100"}))
        async with outbound.client(OPEN) as client:
            with pytest.raises(httpx.ReadError) as caught:
                await client.post(site.url("/"), content=b"x")
        assert reason(caught.value) == "the connection broke off"

    _with_site(check)


@both_ways
def test_an_answer_that_is_not_http_is_an_error_of_the_transport(get: Get) -> None:
    """No exception of the library underneath comes through."""

    async def run() -> None:
        async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.write(b"SSH-2.0-OpenSSH\r\n\r\n")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(babble, "127.0.0.1", 0)
        async with server, outbound.client(OPEN) as client:
            with pytest.raises(httpx.RemoteProtocolError):
                await get(client, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")

    asyncio.run(run())


@both_ways
def test_silence_is_a_read_timeout(get: Get) -> None:
    """A server that takes the request and says nothing is given up after the time-out."""

    async def check(site: Site) -> None:
        site.answers("/", Answer(wait=5))
        async with outbound.client(Http(allow_private_networks=True, timeout="200ms")) as client:  # type: ignore[arg-type]
            with pytest.raises(httpx.ReadTimeout) as caught:
                await get(client, site.url("/"))
        assert reason(caught.value) == "no answer in time"

    _with_site(check)


@pytest.mark.parametrize("keys", [{"proxy": "socks5://127.0.0.1:1"}, {"ca_file": "/no/such/file.pem"}])
def test_what_cannot_be_set_up_names_its_key(keys: dict[str, str]) -> None:
    """A proxy of another kind and a missing file are errors that name the key."""
    with pytest.raises(OutboundError, match=next(iter(keys))):
        outbound.client(Http(**keys))  # type: ignore[arg-type]


@both_ways
def test_only_a_certificate_that_somebody_vouches_for_is_trusted(get: Get, tmp_path: Path) -> None:
    """The system's certificates say who; one's own authority is a file that the configuration names."""
    if (openssl := shutil.which("openssl")) is None:
        pytest.skip("TLS: no openssl on this machine")
    certificate = tmp_path / "site.pem"
    arguments = f"req -x509 -newkey rsa:2048 -nodes -days 2 -keyout {certificate} -out {certificate}.crt"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([openssl, *arguments.split(), *names], check=True, capture_output=True)
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown.load_cert_chain(f"{certificate}.crt", certificate)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()

    async def ask(**known: str) -> str:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=shown)
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with server, outbound.client(Http(allow_private_networks=True, **known)) as client:
            try:
                return str((await get(client, url))[0])
            except httpx.ConnectError as error:
                return reason(error)

    assert "certificate is not valid here" in asyncio.run(ask())
    assert asyncio.run(ask(ca_file=f"{certificate}.crt")) == "204"


@both_ways
def test_a_connection_closed_without_an_answer_broke_off(get: Get) -> None:
    """It was no time-out, whatever the transport calls it."""

    async def run() -> None:
        async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.close()

        server = await asyncio.start_server(close, "127.0.0.1", 0)
        async with server, outbound.client(OPEN) as client:
            with pytest.raises(httpx.TransportError) as caught:
                await get(client, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        assert reason(caught.value) == "the connection broke off"

    asyncio.run(run())
