"""Handing mail over, against a mail server on loopback."""

import asyncio
import shutil
import smtplib
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from monitor.record.settings import Settings
from tests.fakes.smtp import FakeSmtp
from tests.workers.channels.email.sending import by_mail
from tests.workers.channels.made_up import described, state
from workers.channels.email.answers import judge
from workers.channels.email.smtp import Server, stuff
from workers.channels.email.transport import open_transport
from workers.values import Message, Receipt, TransportError

HOME = Path("/nonexistent")


def configured(
    url: str, *, lease: str = "60s", sender: str = "watch@agency.example", ca_file: str = ""
) -> Settings:
    return Settings.model_validate(
        {
            "email": {"smtp_url": url, "from": sender},
            "delivery": {"lease": lease},
            "http": {"ca_file": ca_file},
        }
    )


def send(settings: Settings, *messages: Message, home: Path = HOME) -> list[Receipt]:
    async def all_of_them() -> list[Receipt]:
        transport = open_transport(settings, home)
        try:
            return [await transport.send(message) for message in messages]
        finally:
            await transport.close()

    return asyncio.run(all_of_them())


def failure(settings: Settings, message: Message | None = None, home: Path = HOME) -> TransportError:
    with pytest.raises(TransportError) as caught:
        send(settings, message or by_mail(described()), home=home)
    return caught.value


@pytest.fixture
def server() -> Iterator[FakeSmtp]:
    with FakeSmtp() as running:
        yield running


def test_a_mail_arrives_as_it_was_rendered(server: FakeSmtp) -> None:
    """One recipient in the envelope, the sender's plain address, both parts, and a receipt."""
    (receipt,) = send(configured(server.url, sender="Desk <watch@agency.example>"), by_mail(described()))
    (envelope,), (mail,) = server.accepted, server.messages
    assert (envelope.mail_from, envelope.rcpt_tos) == ("watch@agency.example", ["audit@example.org"])
    assert mail["Subject"].startswith("GAO-23-105607 rec. 5 (CBP)")
    assert receipt.data == {"message_id": mail["Message-ID"]}
    assert receipt.detail == "Accepted"


def test_a_connection_is_used_again_within_a_job(server: FakeSmtp) -> None:
    """Three mails, one greeting."""
    send(configured(server.url), *(by_mail(described(), id=f"msg_{number}") for number in range(3)))
    assert len(server.accepted) == 3
    assert server.sessions == 1


def test_mails_under_way_at_once_have_connections_of_their_own(server: FakeSmtp) -> None:
    """A slow mail holds up no other."""

    async def both() -> None:
        transport = open_transport(configured(server.url), HOME)
        await asyncio.gather(
            *(transport.send(by_mail(described(), id=f"msg_{number}")) for number in range(4))
        )
        await transport.close()

    asyncio.run(both())
    assert sorted(mail["Message-ID"][1:6] for mail in server.messages) == ["msg_0", "msg_1", "msg_2", "msg_3"]


def test_a_connection_that_the_server_closed_is_replaced(server: FakeSmtp) -> None:
    """A refused mail costs its connection; the next one opens another and goes out."""
    server.rcpt.append("550 no such mailbox")

    async def two() -> None:
        transport = open_transport(configured(server.url), HOME)
        with pytest.raises(TransportError):
            await transport.send(by_mail(described()))
        await transport.send(by_mail(described()))
        for connection in transport._carrier._free:  # type: ignore[union-attr]
            connection._smtp.sock.shutdown(socket.SHUT_RDWR)
        await transport.send(by_mail(described()))
        await transport.close()

    asyncio.run(two())
    assert len(server.accepted) == 2
    assert server.sessions == 3


@pytest.mark.parametrize("stage", ["ehlo", "mail", "rcpt", "data"])
@pytest.mark.parametrize(
    "reply", ["451 try later", "421 shutting down", "550 no", "552 no", "553 no", "554 no"]
)
def test_4xx_is_tried_again_and_5xx_is_final_once_the_recipient_was_named(
    server: FakeSmtp, stage: str, reply: str
) -> None:
    """Earlier it is about us: a sender that is not allowed, a daily limit. It pauses nobody."""
    getattr(server, stage).extend([reply, reply])  # HELO is tried after a refused EHLO
    error = failure(configured(server.url))
    final = stage in ("rcpt", "data") and reply.startswith("5")
    assert (error.permanent, error.pauses, error.ambiguous) == (final, False, False)
    assert reply[:3] in error.message


@pytest.mark.parametrize("reply", [b"550 5.7.1 daily limit\r\n", b"554 no service\r\n", b"421 busy\r\n"])
def test_a_refusal_at_connect_is_tried_again(reply: bytes) -> None:
    """No recipient was named."""

    def refuse() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(reply)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=refuse, daemon=True)
        thread.start()
        error = failure(configured(f"smtp://127.0.0.1:{listener.getsockname()[1]}?starttls=off"))
        thread.join(60)
    assert (error.permanent, error.ambiguous) == (False, False)


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
@pytest.mark.parametrize("code", ["200", "250", "251", "252"])
def test_any_2xx_is_accepted(code: str, stage: str) -> None:
    """The first digit decides."""
    keep = {"choose": lambda _: f"{code} fine"} if stage == "data" else {}
    with FakeSmtp(**keep) as server:
        if stage != "data":
            server.relaxed = f"{code} fine"
        (receipt,) = send(configured(server.url), by_mail(described()))
    assert receipt.data


def test_a_mail_refused_for_a_daily_limit_goes_out_later(server: FakeSmtp) -> None:
    """The same message is accepted once the limit is over."""
    server.mail.append("550 5.4.5 Daily sending quota exceeded")
    assert "sender" in failure(configured(server.url)).message
    send(configured(server.url), by_mail(described()))
    assert len(server.accepted) == 1


@pytest.mark.parametrize("stage", ["mail", "rcpt"])
def test_a_connection_dropped_before_the_data_is_not_ambiguous(server: FakeSmtp, stage: str) -> None:
    """Nothing of the mail was there yet."""
    getattr(server, stage).append("drop")
    error = failure(configured(server.url))
    assert (error.permanent, error.ambiguous) == (False, False)


@pytest.mark.parametrize("script", ["drop", "drop-after"])
def test_a_connection_dropped_after_the_data_is_ambiguous(server: FakeSmtp, script: str) -> None:
    """The mail may be on its way; it is tried again and may arrive twice, under one Message-ID."""
    server.data.append(script)
    error = failure(configured(server.url))
    assert (error.permanent, error.ambiguous, error.timed_out) == (False, True, False)


def test_silence_after_the_data_is_ambiguous(server: FakeSmtp) -> None:
    """Half the lease is the time for the whole mail."""
    server.data.append("hang")
    error = failure(configured(server.url, lease="6s"))
    assert (error.ambiguous, error.timed_out) == (True, True)


def test_nobody_at_the_port_is_not_ambiguous() -> None:
    """And the message says where nobody was."""
    with FakeSmtp() as gone:
        url, port = gone.url, gone.port
    error = failure(configured(url))
    assert (error.permanent, error.ambiguous) == (False, False)
    assert f"127.0.0.1:{port} cannot be reached" in error.message


def trickle(listener: socket.socket, stop: threading.Event) -> None:
    """Greet with an answer that never ends, a byte at a time."""
    connection, _ = listener.accept()
    with connection:
        while not stop.wait(0.1):
            try:
                connection.sendall(b"2")
            except OSError:
                return


def test_a_server_that_trickles_is_given_up() -> None:
    """Each read would be in time; the mail as a whole is not, and the thread that waits is ended."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=trickle, args=(listener, stop), daemon=True)
        thread.start()
        url = f"smtp://127.0.0.1:{listener.getsockname()[1]}?starttls=off"
        error = failure(configured(url, lease="1s"))
        stop.set()
        thread.join(60)
    assert error.timed_out
    assert not thread.is_alive()


def test_a_login_that_is_refused_is_for_the_owner_to_mend() -> None:
    """The message is not dead: with the right password it goes out."""
    with FakeSmtp(login=("desk", "right:pass@word")) as server:
        wrong = f"smtp://desk:wrong@127.0.0.1:{server.port}?starttls=off"
        error = failure(configured(wrong))
        assert (error.permanent, error.ambiguous) == (False, False)
        assert "smtp_url" in error.message
        assert "wrong" not in error.message
        send(
            configured(f"smtp://desk:right%3Apass%40word@127.0.0.1:{server.port}?starttls=off"),
            by_mail(described()),
        )
        assert len(server.accepted) == 1


def test_a_login_that_is_missing_is_for_the_owner_to_mend() -> None:
    """530 is about the configuration, not about the mail."""
    with FakeSmtp(login=("desk", "secret")) as server:
        error = failure(configured(server.url))
    assert not error.permanent
    assert "530" in error.message
    assert "smtp_url" in error.message


def test_without_starttls_nothing_is_sent_in_the_clear(server: FakeSmtp) -> None:
    """It is asked for unless the address says otherwise; the message says how."""
    error = failure(configured(f"smtp://127.0.0.1:{server.port}"))
    assert "?starttls=off" in error.message
    assert not error.permanent
    assert server.accepted == []


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate and its key in one file, for localhost alone."""
    if (openssl := shutil.which("openssl")) is None:
        pytest.skip("TLS: no openssl on this machine")
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    arguments = (
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    )
    names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", "-", "-out", "-"]
    made = subprocess.run([openssl, *arguments.split(), *names], check=True, capture_output=True)
    path.write_bytes(made.stdout)
    return path


def presenting(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_smtps_checks_the_certificate_against_the_name(certificate: Path) -> None:
    """TLS from the start, under the same conditions."""
    with FakeSmtp(tls=presenting(certificate), implicit=True) as server:
        send(configured(f"smtps://localhost:{server.port}", ca_file=str(certificate)), by_mail(described()))
        assert len(server.accepted) == 1
        error = failure(configured(f"smtps://127.0.0.1:{server.port}", ca_file=str(certificate)))
        assert "no trusted connection" in error.message


@pytest.fixture
def guarded(certificate: Path) -> Iterator[FakeSmtp]:
    with FakeSmtp(tls=presenting(certificate)) as running:
        yield running


def test_starttls_checks_the_certificate_against_the_name(guarded: FakeSmtp, certificate: Path) -> None:
    """With the authority known and the name right the mail goes out; without either it does not."""
    right = configured(f"smtp://localhost:{guarded.port}", ca_file=str(certificate))
    send(right, by_mail(described()))
    assert len(guarded.accepted) == 1
    for wrong in (
        configured(f"smtp://localhost:{guarded.port}"),
        configured(f"smtp://127.0.0.1:{guarded.port}", ca_file=str(certificate)),
    ):
        error = failure(wrong)
        assert "no trusted connection" in error.message
        assert (error.permanent, error.ambiguous) == (False, False)
    assert len(guarded.accepted) == 1


@pytest.mark.parametrize("reply", ["454 TLS not available", "501 no"])
def test_starttls_that_is_refused_is_no_verdict_on_the_mail(guarded: FakeSmtp, reply: str) -> None:
    """Even a 5xx there is about the connection; nothing is sent in the clear instead."""
    guarded.starttls = reply
    error = failure(configured(f"smtp://localhost:{guarded.port}"))
    assert not error.permanent
    assert guarded.accepted == []


def test_dots_at_line_beginnings_survive(server: FakeSmtp) -> None:
    """A lone dot in a narrative does not end the mail."""
    told = described(new=state("First.\n.\n..\nLast."))
    send(configured(server.url), by_mail(told))
    assert len(server.accepted) == 1
    assert stuff(b".a\r\n.\r\n") == b"..a\r\n..\r\n.\r\n"
    assert stuff(b"a") == b"a\r\n.\r\n"


def test_an_address_in_another_alphabet_needs_a_server_that_takes_it() -> None:
    """Where it does not, trying again cannot help."""
    message = by_mail(described(), recipient="prüfung@bücher.example")
    with FakeSmtp() as plain:
        error = failure(configured(plain.url), message)
    assert error.permanent
    with FakeSmtp(smtputf8=True) as able:
        send(configured(able.url), message)
        assert able.accepted[0].rcpt_tos == ["prüfung@xn--bcher-kva.example"]


def test_a_file_a_mail_below_the_home(tmp_path: Path) -> None:
    """A mail program opens it; a repeat replaces it with the same bytes, and nothing unfinished stays."""
    settings = configured("file:mail/out")
    (receipt,) = send(settings, by_mail(described()), home=tmp_path)
    (path,) = (tmp_path / "mail" / "out").iterdir()
    assert path.name == receipt.detail == "msg_5kTq2VwJb8RrXn4HsLm6Zd.eml"
    first = path.read_bytes()
    send(settings, by_mail(described()), home=tmp_path)
    assert [each.read_bytes() for each in path.parent.iterdir()] == [first]
    assert message_from_bytes(first, policy=default)["To"] == "audit@example.org"


@pytest.mark.parametrize(
    "url", ["file:../elsewhere", "file:/etc/mail", "file://host/mail", "file:mail/../../x"]
)
def test_no_file_outside_the_home(tmp_path: Path, url: str) -> None:
    """Everything the program writes is below --home."""
    home = tmp_path / "home"
    error = failure(configured(url), home=home)
    assert "home" in error.message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "sender", "complaint"),
    [
        ("", "watch@agency.example", "smtp_url is empty"),
        ("file:mail", "", "from is empty"),
        ("file:mail", "not an address", "is not a valid sender"),
    ],
)
def test_what_is_configured_wrongly_waits_to_be_mended(
    tmp_path: Path, url: str, sender: str, complaint: str
) -> None:
    """No message dies of it: the error names the key."""
    error = failure(configured(url, sender=sender), home=tmp_path)
    assert complaint in error.message
    assert not error.permanent


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", ("mail.example", 587, False, True)),
        ("smtp://mail.example:25?starttls=off", ("mail.example", 25, False, False)),
        ("smtps://mail.example", ("mail.example", 465, True, False)),
        ("smtp://[::1]:2525", ("::1", 2525, False, True)),
    ],
)
def test_addresses_of_servers(url: str, expected: tuple[Any, ...]) -> None:
    """The usual ports, and encryption unless it is turned off."""
    server = Server.parse(url)
    assert (server.host, server.port, server.implicit_tls, server.starttls) == expected


@pytest.mark.parametrize(
    "error",
    [
        smtplib.SMTPHeloError(550, b"go away"),
        smtplib.SMTPConnectError(554, b"no service"),
        smtplib.SMTPException("odd"),
        smtplib.SMTPNotSupportedError("AUTH"),
        socket.gaierror(-2, "Name or service not known"),
        TimeoutError(),
    ],
)
def test_trouble_with_the_connection_is_no_verdict_on_the_mail(error: OSError) -> None:
    """A server that lets nobody in is mended by its owner or ours; the message waits."""
    judged = judge(error, "mail.example:25")
    assert (judged.permanent, judged.ambiguous) == (False, False)
