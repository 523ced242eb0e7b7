"""One mail over one SMTP connection, blocking, with a deadline for the whole of it."""

import contextlib
import smtplib
import socket
import ssl
import time
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from workers.values import TransportError

_STALE = 50.0  # seconds: servers close an idle connection after a minute or later
_ASKS_FOR_LOGIN = frozenset((530, 534, 535, 538))


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed over; from `smtp_url`."""

    host: str
    port: int
    user: str
    password: str
    implicit_tls: bool
    starttls: bool

    @classmethod
    def parse(cls, url: str) -> "Server":
        """Read `smtp://user:password@host:port?starttls=off` or `smtps://…`; ValueError says what is wrong."""
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("[email] smtp_url names no host; write smtp://user:password@host:port")
        implicit = parts.scheme == "smtps"
        choice = parse_qs(parts.query).get("starttls", ["on"])[-1].lower()
        return cls(
            host=parts.hostname,
            port=parts.port or (465 if implicit else 587),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            implicit_tls=implicit,
            starttls=not implicit and choice not in ("off", "no", "false", "0"),
        )


class Connection:
    """A connection that is opened when it is needed and may carry several mails, one after another.

    A failure before the server has all of a mail is never ambiguous; one after that always is.
    """

    def __init__(self, server: Server, timeout: float, ca_file: str = "") -> None:
        self._server, self._timeout, self._ca_file = server, timeout, ca_file
        self._smtp: smtplib.SMTP | None = None
        self._used_at = 0.0
        self._deadline = 0.0

    def deliver(self, sender: str, recipient: str, mail: bytes, *, utf8: bool = False) -> str:
        """Hand over one mail; the server's last words. TransportError says what went wrong."""
        self._deadline = time.monotonic() + self._timeout
        try:
            self._ready()
            self._envelope(sender, recipient, utf8=utf8)
            return self._data(mail)
        except (OSError, smtplib.SMTPException):
            self.close()
            raise

    def close(self) -> None:
        """Hang up without a word: a server that does not answer would be waited for."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()

    def abort(self) -> None:
        """End a `deliver` in another thread: its next read or write fails."""
        smtp = self._smtp
        if smtp is not None and smtp.sock is not None:
            with contextlib.suppress(OSError):
                smtp.sock.shutdown(socket.SHUT_RDWR)

    def _ready(self) -> None:
        """A connection that answers: the one at hand, or a new one."""
        if self._smtp is not None:
            fresh = time.monotonic() - self._used_at < _STALE
            with contextlib.suppress(OSError, smtplib.SMTPException):
                if fresh and self._command("RSET")[0] == 250:
                    return
            self.close()
        self._open()

    def _open(self) -> None:
        server, wait = self._server, self._left()
        if server.implicit_tls:
            self._smtp = smtplib.SMTP_SSL(timeout=wait, context=self._tls())
        else:
            self._smtp = smtplib.SMTP(timeout=wait)
        # The name for TLS; smtplib sets it only where the constructor connects, which abort() could not end.
        self._smtp._host = server.host  # type: ignore[attr-defined]
        code, words = self._smtp.connect(server.host, server.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, words)
        self._greet()
        if server.starttls:
            if not self._smtp.has_extn("starttls"):
                raise smtplib.SMTPNotSupportedError("STARTTLS")
            self._pace()
            code, words = self._smtp.starttls(context=self._tls())
            if code != 220:
                raise smtplib.SMTPNotSupportedError("STARTTLS")
            self._greet()
        if server.user:
            self._pace()
            self._smtp.login(server.user, server.password)

    def _greet(self) -> None:
        self._pace()
        assert self._smtp is not None
        self._smtp.ehlo_or_helo_if_needed()

    def _envelope(self, sender: str, recipient: str, *, utf8: bool) -> None:
        assert self._smtp is not None
        if utf8 and not self._smtp.has_extn("smtputf8"):
            raise TransportError(
                f"the mail server takes no address like {recipient} (SMTPUTF8)", permanent=True
            )
        options = " SMTPUTF8" if utf8 else ""
        if utf8:
            self._smtp.command_encoding = "utf-8"
        code, words = self._command(f"MAIL FROM:<{sender}>{options}")
        if code != 250:
            raise smtplib.SMTPSenderRefused(code, words, sender)
        code, words = self._command(f"RCPT TO:<{recipient}>")
        if code not in (250, 251):
            raise smtplib.SMTPRecipientsRefused({recipient: (code, words)})

    def _data(self, mail: bytes) -> str:
        code, words = self._command("DATA")
        if code != 354:
            raise smtplib.SMTPDataError(code, words)
        assert self._smtp is not None
        try:
            self._pace()
            self._smtp.send(stuff(mail))
            self._pace()
            code, words = self._smtp.getreply()
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            self.close()
            late = isinstance(error, TimeoutError)
            what = "did not confirm the mail in time" if late else "went away before it confirmed the mail"
            raise TransportError(f"the mail server {what}", ambiguous=True, timed_out=late) from error
        if code != 250:
            raise smtplib.SMTPDataError(code, words)
        self._used_at = time.monotonic()
        return words.decode("utf-8", "replace")

    def _command(self, text: str) -> tuple[int, bytes]:
        self._pace()
        assert self._smtp is not None
        return self._smtp.docmd(text)

    def _pace(self) -> None:
        """Give the next step no more time than is left."""
        if self._smtp is not None and self._smtp.sock is not None:
            self._smtp.sock.settimeout(self._left())

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for this mail is over")
        return left

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._ca_file:
            context.load_verify_locations(self._ca_file)
        return context


def stuff(mail: bytes) -> bytes:
    """The mail as DATA wants it: dots doubled at line beginnings, a lone dot at the end."""
    body = mail if mail.endswith(b"\r\n") else mail + b"\r\n"
    body = body.replace(b"\r\n.", b"\r\n..")
    return (b"." if body.startswith(b".") else b"") + body + b".\r\n"
