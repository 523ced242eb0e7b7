"""One mail over one SMTP connection, blocking, with a deadline for the whole of it."""

import contextlib
import smtplib
import socket
import ssl
import time
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from workers.channels.email.answers import judge, timed_out
from workers.values import TransportError

_STALE = 50.0  # seconds: servers close an idle connection after a minute or later


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
        """Read `smtp://user:password@host:port?starttls=off` or `smtps://…`; else ValueError."""
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("[email] smtp_url has no host; write smtp://user:password@host:port")
        try:
            port = parts.port
        except ValueError:
            raise ValueError("[email] smtp_url has a port that is not a number") from None
        implicit = parts.scheme == "smtps"
        choice = parse_qs(parts.query).get("starttls", ["on"])[-1].lower()
        return cls(
            host=parts.hostname,
            port=port or (465 if implicit else 587),
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
            smtp = self._ready()
            self._envelope(smtp, sender, recipient, utf8=utf8)
            return self._data(smtp, mail)
        except TransportError:
            self.close()
            raise
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise judge(error, f"{self._server.host}:{self._server.port}") from error

    def close(self) -> None:
        """Close without QUIT: a server that does not answer would be waited for."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()

    def abort(self) -> None:
        """End a `deliver` in another thread: its next read or write fails."""
        smtp = self._smtp
        if smtp is not None and smtp.sock is not None:
            with contextlib.suppress(OSError):
                smtp.sock.shutdown(socket.SHUT_RDWR)

    def _ready(self) -> smtplib.SMTP:
        """A connection that answers: the one at hand, or a new one."""
        smtp = self._smtp
        if smtp is not None:
            fresh = time.monotonic() - self._used_at < _STALE
            with contextlib.suppress(OSError, smtplib.SMTPException):
                if fresh and self._command(smtp, "RSET")[0] == 250:
                    return smtp
            self.close()
        return self._open()

    def _open(self) -> smtplib.SMTP:
        server = self._server
        smtp = self._smtp = self._unconnected()
        # The name that TLS checks. The constructor sets it only where it connects by itself, and
        # abort() could not end that.
        smtp._host = server.host  # type: ignore[attr-defined]
        code, words = smtp.connect(server.host, server.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, words)
        self._greet(smtp)
        if server.starttls:
            self._pace(smtp)
            smtp.starttls(context=self._tls())
            self._greet(smtp)
        if server.user:
            self._pace(smtp)
            smtp.login(server.user, server.password)
        return smtp

    def _unconnected(self) -> smtplib.SMTP:
        if self._server.implicit_tls:
            return smtplib.SMTP_SSL(timeout=self._left(), context=self._tls())
        return smtplib.SMTP(timeout=self._left())

    def _greet(self, smtp: smtplib.SMTP) -> None:
        self._pace(smtp)
        smtp.ehlo_or_helo_if_needed()

    def _envelope(self, smtp: smtplib.SMTP, sender: str, recipient: str, *, utf8: bool) -> None:
        if utf8 and not smtp.has_extn("smtputf8"):
            what = f"the mail server takes no address like {recipient} (SMTPUTF8)"
            raise TransportError(what, permanent=True)
        smtp.command_encoding = "utf-8" if utf8 else "ascii"
        code, words = self._command(smtp, f"MAIL FROM:<{sender}>{' SMTPUTF8' if utf8 else ''}")
        if not _accepted(code):
            raise smtplib.SMTPSenderRefused(code, words, sender)
        code, words = self._command(smtp, f"RCPT TO:<{recipient}>")
        if not _accepted(code):
            raise smtplib.SMTPRecipientsRefused({recipient: (code, words)})

    def _data(self, smtp: smtplib.SMTP, mail: bytes) -> str:
        code, words = self._command(smtp, "DATA")
        if code != 354:
            raise smtplib.SMTPDataError(code, words)
        try:
            self._pace(smtp)
            smtp.send(stuff(mail))
            self._pace(smtp)
            code, words = smtp.getreply()
        except (smtplib.SMTPException, OSError) as error:
            late = timed_out(error)
            what = "did not confirm the mail in time" if late else "went away before it confirmed the mail"
            raise TransportError(f"the mail server {what}", ambiguous=True, timed_out=late) from error
        if code < 0:
            raise TransportError("the mail server's answer to the mail is not SMTP", ambiguous=True)
        if not _accepted(code):
            raise smtplib.SMTPDataError(code, words)
        self._used_at = time.monotonic()
        return words.decode("utf-8", "replace")

    def _command(self, smtp: smtplib.SMTP, text: str) -> tuple[int, bytes]:
        self._pace(smtp)
        return smtp.docmd(text)

    def _pace(self, smtp: smtplib.SMTP) -> None:
        """Give the next step no more time than is left."""
        if smtp.sock is not None:
            smtp.sock.settimeout(self._left())

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


def _accepted(code: int) -> bool:
    """The first digit decides, RFC 5321, 4.2.1: servers differ in the others."""
    return 200 <= code < 300


def stuff(mail: bytes) -> bytes:
    """The mail as DATA wants it: dots doubled at line beginnings, a lone dot at the end."""
    body = mail if mail.endswith(b"\r\n") else mail + b"\r\n"
    body = body.replace(b"\r\n.", b"\r\n..")
    return (b"." if body.startswith(b".") else b"") + body + b".\r\n"
