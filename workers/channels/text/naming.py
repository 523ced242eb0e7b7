"""How a recommendation is named, and the address of its page. Pure."""

import re
from urllib.parse import urlsplit

from monitor.record.folding import product_url
from monitor.record.values import Kind, Subject
from workers.channels.text.inert import one_line
from workers.channels.text.words import agency_in_short, cut

_GAO = "https://www.gao.gov"
_PRODUCT = re.compile(r"[A-Za-z0-9-]+")


def short_name(subject: Subject) -> str:
    """`GAO-23-105607 rec. 5`; without a report's number its title, without its own number neither."""
    report = one_line(subject.product or "") or cut(one_line(subject.title), 60)
    if not subject.number:
        return report
    return f"{report} {'matter' if subject.kind == Kind.MATTER else 'rec.'} {one_line(subject.number)}"


def name(subject: Subject) -> str:
    """`GAO-23-105607 rec. 5 (CBP)`."""
    agency = agency_in_short(subject.agency)
    return f"{short_name(subject)} ({agency})" if agency else short_name(subject)


def link(subject: Subject) -> str:
    """The report's page, an http or https address; the site's own where the report is not known."""
    url = subject.url or ""
    if _is_address(url):
        return url
    product = subject.product or ""
    return product_url(product) if _PRODUCT.fullmatch(product) else _GAO


def link_label(subject: Subject) -> str:
    """`View GAO-23-105607 on gao.gov`: a link named as what it is, by the host that it leads to."""
    host = (urlsplit(link(subject)).hostname or "").removeprefix("www.")
    what = one_line(subject.product or "") or "the report"
    return f"View {cut(what, 40)} on {host}"


def _is_address(url: str) -> bool:
    """Whether it can stand in a link as it is: a host, and nothing that ends an attribute or a line."""
    if not url.isascii() or not url.isprintable() or set(url) & set(" <>\"'\\"):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:  # brackets that enclose no address
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)
