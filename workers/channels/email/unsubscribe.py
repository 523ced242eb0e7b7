"""How a recipient unsubscribes: RFC 2369 and RFC 8058. Pure."""

from dataclasses import dataclass
from urllib.parse import quote

from monitor.record.settings import Subscription
from workers.values import Message


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """`address` is for people to click; `headers` for their mail program."""

    address: str
    headers: tuple[tuple[str, str], ...]


def unsubscribe(message: Message, sender: str) -> Unsubscribe:
    """By a mail to the operators; by one click as well once there are pages over https.

    The page is `{base_url}/unsubscribe/{message id}`: it acts on POST alone, and the id, which only the
    recipient has, is what lets somebody in.
    """
    operators = message.operators_address or sender
    subject = quote(f"unsubscribe {message.recipient} from {message.subscription.id}", safe="")
    by_mail = f"mailto:{quote(operators, safe='@+')}?subject={subject}"
    if message.subscription.id == Subscription.OPERATORS or not message.base_url.startswith("https://"):
        return Unsubscribe(by_mail, (("List-Unsubscribe", f"<{by_mail}>"),))
    page = f"{message.base_url.rstrip('/')}/unsubscribe/{quote(message.id, safe='')}"
    return Unsubscribe(
        page,
        (
            ("List-Unsubscribe", f"<{page}>, <{by_mail}>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ),
    )
