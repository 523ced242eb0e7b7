"""Mail addresses as they go over the wire. Pure."""


def ascii_address(address: str) -> str:
    """The address with its domain in ASCII (IDNA); ValueError where that cannot be."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{_ascii_domain(domain)}"


def domain_of(address: str) -> str:
    """The domain of an address, for ids."""
    return address.rpartition("@")[2]


def _ascii_domain(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii").lower() if not domain.isascii() else domain
    except UnicodeError:
        raise ValueError(f"{domain!r} is no domain that mail can be sent to") from None
