"""How a recipient unsubscribes: RFC 2369. Pure."""

from dataclasses import dataclass
from urllib.parse import quote

from workers.values import Message


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """`address` is for people to click; `headers` for their mail program."""

    address: str
    headers: tuple[tuple[str, str], ...]


def unsubscribe(message: Message, sender: str) -> Unsubscribe:
    """By a mail to the operators. One click (RFC 8058) needs a page that answers; there is none yet."""
    operators = message.operators_address or sender
    subject = quote(f"unsubscribe {message.recipient} from {message.subscription.id}", safe="")
    by_mail = f"mailto:{quote(operators, safe='@+')}?subject={subject}"
    return Unsubscribe(by_mail, (("List-Unsubscribe", f"<{by_mail}>"),))
