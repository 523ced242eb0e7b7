"""The keys of a subscription by email. CONTRACT of every key: config/recwatch.toml."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from monitor.record.settings import Subscription

_ATOM = r"[^\s\x00-\x20\x7f<>()\[\]:;@\\,\"]+"
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_ADDRESS = re.compile(rf"(?P<local>{_ATOM})@(?P<domain>{_LABEL}(?:\.{_LABEL})*)")
_LONGEST = 254  # RFC 5321, 4.5.3.1.3


def mail_address(value: str) -> str:
    """Check one plain address, `name@example.org`; ValueError says what it should look like.

    No display name and no quoting: what passes cannot end a header or an SMTP command.
    """
    match = _ADDRESS.fullmatch(value)
    dots = match is not None and not all(match["local"].split("."))
    if not match or dots or len(value.encode("utf-8", "replace")) > _LONGEST:
        raise ValueError(f"{value!r} is not a valid mail address; write one like audit@example.org")
    return value


MailAddress = Annotated[str, AfterValidator(mail_address)]


class EmailSubscription(Subscription):
    """A subscription by email; each address gets its own messages."""

    channel: Literal["email"]
    to: tuple[MailAddress, ...] = Field(min_length=1)

    def recipients(self) -> tuple[str, ...]:
        """The addresses, each once."""
        return tuple(dict.fromkeys(self.to))
