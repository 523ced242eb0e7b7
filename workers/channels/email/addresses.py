"""Mail addresses as they are sent. Pure."""

from email.utils import parseaddr

from workers.channels.email.settings import mail_address
from workers.channels.text.inert import one_line


def sender_address(sender: str) -> tuple[str, str]:
    """`Audit desk <desk@example.org>` as name and address; ValueError names the key."""
    name, address = parseaddr(sender)
    try:
        return one_line(name), ascii_address(mail_address(address))
    except ValueError:
        forms = "desk@example.org or Desk <desk@example.org>"
        raise ValueError(f"[email] from: {sender!r} is not a valid sender; write {forms}") from None


def ascii_address(address: str) -> str:
    """The address with its domain in ASCII (IDNA); ValueError where that cannot be."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{_ascii_domain(domain)}"


def domain_of(address: str) -> str:
    """The domain of an address, for ids."""
    return address.rpartition("@")[2]


def _ascii_domain(domain: str) -> str:
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise ValueError(f"{domain!r} is not a domain that mail can be sent to") from None
