"""A mail server on loopback, with scripted failures."""

import asyncio
import email
import email.policy
import logging
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

# It tells of every connection from a thread of its own, also when the test whose output that was is over.
logging.getLogger("mail.log").setLevel(logging.CRITICAL)


@dataclass
class FakeSmtp:
    """Use as a context manager.

    `ehlo`, `mail`, `rcpt` and `data`: replies for the next commands of that name, one each ("" accepts);
    "drop" closes the connection at that point; on `data` "drop-after" keeps the message, then closes
    without an answer, and "hang" keeps it and says nothing. `login`: the name and password asked for,
    None where none is. `tls` is offered by STARTTLS, or spoken from the start if `implicit`.
    `starttls` is the reply to STARTTLS where it is offered but refused. `relaxed` is said instead of 250.
    `choose` gives the reply to a mail once `data` is used up. `at` is the port, 0 for any.
    """

    ehlo: deque[str] = field(default_factory=deque)
    mail: deque[str] = field(default_factory=deque)
    rcpt: deque[str] = field(default_factory=deque)
    data: deque[str] = field(default_factory=deque)
    login: tuple[str, str] | None = None
    tls: ssl.SSLContext | None = None
    implicit: bool = False
    smtputf8: bool = False
    starttls: str = ""
    relaxed: str = "250 OK"
    accepted: list[Envelope] = field(default_factory=list)
    sessions: int = 0
    at: int = 0
    choose: Callable[[Envelope], str] | None = None

    def __enter__(self) -> Self:
        self._controller = _Controller(self)
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    @property
    def port(self) -> int:
        server = self._controller.server
        assert server is not None
        return int(server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?starttls=off"

    @property
    def messages(self) -> list[EmailMessage]:
        """What was accepted, read as a mail program would."""
        policy = email.policy.default
        return [
            email.message_from_bytes(envelope.original_content or b"", policy=policy)  # type: ignore[misc]
            for envelope in self.accepted
        ]

    def authenticate(self, _server: object, _session: object, _envelope: object, _how: str, data: Any) -> Any:
        given = (data.login.decode(), data.password.decode())
        return AuthResult(success=given == self.login, handled=False)


class _Hooks:
    """What the server calls. Not the fake itself: each connection reads every member of it, all mails too."""

    def __init__(self, fake: FakeSmtp) -> None:
        self._fake = fake

    async def handle_MAIL(  # noqa: N802 - the hook's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if (reply := _next(self._fake.mail)) == "drop":
            return await _close(server)
        if not reply:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return reply or self._fake.relaxed

    async def handle_RCPT(  # noqa: N802 - the hook's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if (reply := _next(self._fake.rcpt)) == "drop":
            return await _close(server)
        if not reply:
            envelope.rcpt_tos.append(address)
        return reply or self._fake.relaxed

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        fake = self._fake
        reply = fake.choose(envelope) if fake.choose and not fake.data else _next(fake.data)
        if reply == "drop":
            return await _close(server)
        if reply in ("", "drop-after", "hang"):
            self._fake.accepted.append(envelope)
        if reply == "drop-after":
            return await _close(server)
        if reply == "hang":
            await asyncio.sleep(30)
        return reply or "250 Accepted"


def _next(script: deque[str]) -> str:
    return script.popleft() if script else ""


async def _close(server: SMTP) -> str:
    assert server.transport is not None
    server.transport.abort()
    return "421 gone"


class _Server(SMTP):
    """aiosmtpd's server, with what it cannot be told to do."""

    fake: FakeSmtp

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802 - the hook's name
        self.fake.sessions += 1
        if reply := _next(self.fake.ehlo):
            await self.push(reply)
        else:
            await super().smtp_EHLO(hostname)

    async def smtp_HELO(self, hostname: str) -> None:  # noqa: N802 - the hook's name
        if reply := _next(self.fake.ehlo):
            await self.push(reply)
        else:
            await super().smtp_HELO(hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802 - the hook's name
        if self.fake.starttls:
            await self.push(self.fake.starttls)
        else:
            await super().smtp_STARTTLS(arg)


class _Controller(Controller):
    def __init__(self, fake: FakeSmtp) -> None:
        self._fake = fake
        super().__init__(
            _Hooks(fake),
            hostname="127.0.0.1",
            port=fake.at,
            authenticator=fake.authenticate,
            auth_required=fake.login is not None,
            auth_require_tls=False,
            tls_context=None if fake.implicit else fake.tls,
            ssl_context=fake.tls if fake.implicit else None,
            enable_SMTPUTF8=fake.smtputf8,
        )

    def factory(self) -> SMTP:
        server = _Server(self.handler, **self.SMTP_kwargs)
        server.fake = self._fake
        return server

    def _trigger_server(self) -> None:
        """Port 0 was asked for: look which one came, then go on as ever."""
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()
