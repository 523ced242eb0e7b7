"""Which IP addresses a request may go to. Pure.

The networks are written out: what Python's `is_global` says of them differs between its versions.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
_Networks = tuple[IPv4Network | IPv6Network, ...]

OWN = "an address of this machine"
PRIVATE = "a private address"


def _networks(*blocks: str) -> _Networks:
    return tuple(ip_network(block) for block in blocks)


# Clouds answer here with a machine's credentials; some of these are in private or public networks.
_METADATA = _networks(
    "169.254.0.0/16",  # link-local: AWS, Azure, Google, Oracle, OpenStack and others
    "fe80::/10",
    "100.100.100.200/32",  # Alibaba
    "168.63.129.16/32",  # Azure
    "192.0.0.192/32",  # Oracle, the older one
    "fd00:ec2::/32",  # AWS
    "fd20:ce::254/128",  # Google
    "fd00:c1::a9fe:a9fe/128",  # Oracle
    "fd00:42::42/128",  # Scaleway
)
_LOOPBACK = _networks("127.0.0.0/8", "::1/128")
_PRIVATE = _networks("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
_MULTICAST = _networks("224.0.0.0/4", "ff00::/8")
# Tunnels contain an IPv4 address that somebody else's relay would connect to.
_TUNNELS = _networks("fec0::/10", "2002::/16", "2001::/32", "::/96", "64:ff9b:1::/48", "192.88.99.0/24")
_SPECIAL = _networks(
    "0.0.0.0/8",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "240.0.0.0/4",
    "2001::/23",
    "2001:db8::/32",
    "3fff::/20",
)
_NAT64 = IPv6Network("64:ff9b::/96")
_GLOBAL_IPV6 = _networks("2000::/3")  # all that is allocated to the public; the rest is special or unused

_REFUSED = (
    (_METADATA, "an address of a cloud's metadata service, or link-local"),
    (_TUNNELS, "a site-local or tunnelled address"),
    (_MULTICAST, "a multicast address"),
    (_SPECIAL, "an address of special use"),
)


def refusal(address: str, *, allow_private: bool) -> str | None:
    """Say why an IP address must not be connected to ("a private address"), or None where it may.

    `allow_private` admits loopback and private networks; nothing else, and no metadata service in them.
    """
    found = _unwrapped(ip_address(address.partition("%")[0]))
    if _is_in(found, _LOOPBACK):
        return None if allow_private else OWN
    if why := next((why for networks, why in _REFUSED if _is_in(found, networks)), None):
        return why
    if _is_in(found, _PRIVATE):
        return None if allow_private else PRIVATE
    if found.version == 6 and not _is_in(found, _GLOBAL_IPV6):
        return "an address of special use"
    return None


def worded(address: str, why: str) -> str:
    """Name the address and why it is refused, and the key that would admit it where one does."""
    hint = "; allow_private_networks = true in [http] admits it" if why in (OWN, PRIVATE) else ""
    return f"{address} is {why}{hint}"


def _is_in(address: Address, networks: _Networks) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _unwrapped(address: Address) -> Address:
    """Take the IPv4 address out of a v4-mapped or NAT64 one: that is where the packets go."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
