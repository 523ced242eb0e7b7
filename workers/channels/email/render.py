"""A message as a mail: subject, text, HTML and headers, byte for byte the same on every attempt. Pure."""

import hashlib
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from typing import Any

from workers.channels.email import html, text
from workers.channels.email.addresses import ascii_address, domain_of, sender_address
from workers.channels.email.cards import compose
from workers.values import DescribedEvent, Message

_WHOLE = frozenset(
    ("list-unsubscribe", "list-unsubscribe-post", "list-id", "references", "in-reply-to", "message-id")
)
_LONG = SMTP.clone(max_line_length=998)  # the default encodes a long List-Unsubscribe to uselessness
_MOST_REFERENCES = 20


class _Policy(EmailPolicy):
    """Addresses and ids on one line; everything else at 78, where encoded words stay within RFC 2047.

    A subject that is not ASCII is encoded as a whole: the library's own folding doubles the space where
    a line ends between plain and encoded words.
    """

    def fold(self, name: str, value: Any) -> str:
        if name.lower() == "subject" and not value.isascii():
            encoded = Header(str(value), "utf-8", maxlinelen=75, header_name=name).encode(
                linesep=self.linesep
            )
            return f"{name}: {encoded}{self.linesep}"
        folded: str = _LONG.fold(name, value) if name.lower() in _WHOLE else super().fold(name, value)
        # A value that fits a line without its name would be put below it, and be read with a blank in front.
        return _LONG.fold(name, value) if folded.startswith(f"{name}:{self.linesep}") else folded

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name.lower() == "subject":
            return self.fold(name, value).encode("ascii")
        if name.lower() in _WHOLE:
            return _LONG.fold_binary(name, value)
        return super().fold_binary(name, value)


_POLICY = _Policy(linesep="\r\n")
_UTF8 = _Policy(linesep="\r\n", utf8=True)


def render(message: Message, sender: str) -> EmailMessage:
    """The mail; `sender` is `[email] from`, with or without a name before the address."""
    name, plain = sender_address(sender)
    frame = compose(message, plain)
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = address(plain, name or "recwatch")
    mail["To"] = address(ascii_address(message.recipient))
    mail["Subject"] = frame.subject
    mail["Date"] = format_datetime(message.created_at)
    mail["Message-ID"] = _reference(message.id, plain)
    if root := _root(message):
        mail["In-Reply-To"] = _reference(root, plain)
        mail["References"] = _reference(root, plain)
    mail["List-Id"] = f"<{_label(message.subscription.id)}.recwatch.{domain_of(plain)}>"
    for name, value in frame.unsubscribe.headers:
        mail[name] = value
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Recwatch-Subscription"] = message.subscription.id
    mail["X-Recwatch-Events"] = _events(message.described_events) or message.id
    mail.set_content(text.write(frame), cte="quoted-printable")
    mail.add_alternative(html.write(frame), subtype="html", cte="quoted-printable")
    mail.set_boundary(f"=_{message.id}_=")  # the default draws one: an attempt would differ from the next
    return mail


def wire(mail: EmailMessage, *, utf8: bool = False) -> bytes:
    """The mail's bytes; `utf8` for a server that takes non-ASCII addresses (SMTPUTF8)."""
    return mail.as_bytes(policy=_UTF8 if utf8 else _POLICY)


def address(plain: str, name: str = "") -> Address:
    """An address for a header. Address(addr_spec=…) takes no non-ASCII name before the @, this does."""
    local, _, domain = plain.rpartition("@")
    return Address(name, local, domain)


def _root(message: Message) -> str:
    """The id that threads mails: no mail was sent under it, but those that belong together share it."""
    if message.notice is not None:
        return f"concern-{_digest(message.notice.concerns)}"
    subjects = {described.event.subject.key for described in message.described_events}
    if len(subjects) == 1 and message.watch is None:
        return f"recommendation-{_digest(*subjects)}"
    return f"subscription-{_digest(message.subscription.id)}"


def _reference(name: str, sender: str) -> str:
    return f"<{name}@recwatch.{domain_of(sender)}>"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def _label(subscription: str) -> str:
    """A subscription's id as a label of a List-Id."""
    return "".join(each if each.isalnum() else "-" for each in subscription).strip("-") or "list"


def _events(described_events: tuple[DescribedEvent, ...]) -> str:
    ids = [described.event.id for described in described_events]
    return " ".join(ids[:_MOST_REFERENCES])
