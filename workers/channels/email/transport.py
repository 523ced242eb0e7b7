"""The edge to mail: over SMTP, or into files in a folder."""

import asyncio
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Protocol
from urllib.parse import unquote, urlsplit

from monitor.record.settings import Settings
from workers.channels.email.addresses import sender_address
from workers.channels.email.render import render, wire
from workers.channels.email.smtp import Connection, Server
from workers.values import Message, Receipt, TransportError

_PATIENCE = 1.25  # times the deadline before a thread that hangs is given up; the lease is twice as long


class _Carrier(Protocol):
    async def carry(self, mail: EmailMessage) -> str:
        """Take one mail where its header says; what was answered."""

    async def close(self) -> None:
        """Let connections go."""


class EmailTransport:
    """Renders and hands over. What the configuration gets wrong is said at each send, and tried again."""

    def __init__(self, sender: str, carrier: _Carrier | None, trouble: str = "") -> None:
        self._sender, self._carrier, self._trouble = sender, carrier, trouble

    async def send(self, message: Message) -> Receipt:
        """Hand over one mail; receipt data `{"message_id"}`, the mail's own."""
        if self._carrier is None:
            raise TransportError(self._trouble)
        try:
            mail = render(message, self._sender)
        except ValueError as error:  # an address that no mail can be sent to
            raise TransportError(f"the mail cannot be addressed: {error}", permanent=True) from error
        said = await self._carrier.carry(mail)
        return Receipt(" ".join(said.split())[:120], {"message_id": str(mail["Message-ID"])})

    async def close(self) -> None:
        """Hang up."""
        if self._carrier is not None:
            await self._carrier.close()


class _Smtp:
    """Connections for a job: as many as there are mails under way, each used again when free."""

    def __init__(self, server: Server, timeout: timedelta, ca_file: str) -> None:
        self._server, self._timeout, self._ca_file = server, timeout.total_seconds(), ca_file
        self._free: list[Connection] = []

    async def carry(self, mail: EmailMessage) -> str:
        sender, recipient = (mail[name].addresses[0].addr_spec for name in ("From", "To"))
        utf8 = not (sender.isascii() and recipient.isascii())
        connection = self._free.pop() if self._free else self._connection()
        work = asyncio.to_thread(connection.deliver, sender, recipient, wire(mail, utf8=utf8), utf8=utf8)
        try:
            said = await asyncio.wait_for(work, _PATIENCE * self._timeout)
        except TimeoutError as error:
            connection.abort()  # a server that trickles its answer outlives each read's own time limit
            slow = "the mail server did not answer in time"
            raise TransportError(slow, ambiguous=True, timed_out=True) from error
        except BaseException:
            connection.abort()  # cancelled: the thread must not go on sending what nobody waits for
            raise
        self._free.append(connection)
        return said

    def _connection(self) -> Connection:
        return Connection(self._server, self._timeout, self._ca_file)

    async def close(self) -> None:
        while self._free:
            self._free.pop().close()


class _Folder:
    """One .eml file a mail, named after the message: a repeat replaces the file with the same bytes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def carry(self, mail: EmailMessage) -> str:
        name = str(mail["Message-ID"]).strip("<>").partition("@")[0]
        utf8 = not str(mail["To"]).isascii()
        try:
            return await asyncio.to_thread(self._write, wire(mail, utf8=utf8), f"{name}.eml")
        except OSError as error:
            raise TransportError(f"{self._folder} cannot be written to ({error.strerror})") from error

    def _write(self, body: bytes, name: str) -> str:
        self._folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=self._folder, prefix=".", suffix=".part", delete=False) as file:
            file.write(body)
        path = self._folder / name
        Path(file.name).replace(path)
        return path.name

    async def close(self) -> None:
        """Nothing is held open."""


def open_transport(settings: Settings, home: Path) -> EmailTransport:
    """Open the channel for one job."""
    email, timeout = settings.email, settings.delivery.request_timeout
    url = email.smtp_url.get_secret_value()
    if not url or not email.sender:
        missing = "smtp_url" if not url else "from"
        return EmailTransport(email.sender, None, f"[email] {missing} is empty; mail cannot be sent")
    try:
        sender_address(email.sender)
        if urlsplit(url).scheme == "file":
            return EmailTransport(email.sender, _Folder(folder_below(home, url)))
        return EmailTransport(email.sender, _Smtp(Server.parse(url), timeout, settings.http.ca_file))
    except ValueError as error:
        return EmailTransport(email.sender, None, str(error))


def folder_below(home: Path, url: str) -> Path:
    """The folder that `file:mail` names; ValueError where it leads out of the home."""
    parts = urlsplit(url)
    if parts.netloc:
        raise ValueError("[email] smtp_url: write file: and a folder below the home, as in file:mail")
    folder = (home / unquote(parts.path)).resolve()
    if not folder.is_relative_to(home.resolve()):
        raise ValueError("[email] smtp_url leads out of the home; write a folder below it, as in file:mail")
    return folder
