"""Extracts recommendations from pages: one file a format, and the recognition of formats. Pure.

`extract` reads any format in any encoding or wrapping. It raises no exception but NotAPage, with a reason and
advice.
"""

import re
from datetime import datetime
from itertools import chain

from monitor.formats import gao_agency, gao_csv, gao_product, gao_text, limited, recognise
from monitor.formats.export_rows import Blanked, RawRows, take_apart
from monitor.formats.page.decode import decode, inflate, inflate_some, with_plain_lines
from monitor.formats.page.errors import NotAPage
from monitor.formats.page.markup import is_cheap, parse
from monitor.formats.page.saved import is_archive, noted_address, page_part
from monitor.formats.phones import blank_phones
from monitor.record.bodies import Body, Packed, whole
from monitor.record.folding import is_staging
from monitor.record.values import Capture, Format

__all__ = ["HEAD", "NotAPage", "extract", "extract_apart", "stamp_of"]

HEAD = 100_000  # bytes: in any encoding more than the part that is searched for an export's header


def extract(
    body: Body,
    *,
    format: Format | None = None,
    content_type: str | None = None,
    url: str | None = None,
) -> Capture:
    """Read one page.

    `format` None: it is recognised. `content_type` is the response's header, used for its charset. `url` is
    the address requested, which goes before the address that a saved page notes. NotAPage where the bytes are
    not a page of recommendations, incomplete, or not of the format given. A large export is never in memory
    as a whole.
    """
    if isinstance(body, Packed) and format in (None, Format.CSV) and (raw := take_apart(body, b"")):
        return extract_apart(body, raw, format=format, content_type=content_type, url=url)
    plain = inflate(whole(body))
    if is_archive(plain):
        part = page_part(plain)
        plain, content_type, url = part.payload(plain), part.charset, url or part.location
    text = decode(plain, content_type)
    url = _address(text, url)
    return _markup(text, format, url) if recognise.is_markup(text) else _plain(text, format, url)


def extract_apart(
    body: Body,
    raw: RawRows,
    *,
    format: Format | None = None,
    content_type: str | None = None,
    url: str | None = None,
) -> Capture:
    """Read an export that was taken apart, block by block and without its telephone numbers.

    The result equals that of `extract`.
    """
    blocks = iter(Blanked(body, raw))
    first = decode(next(blocks), content_type)
    header = gao_csv.find_header(first)
    if header is None or not raw.begins_at(body, header):
        return extract(blank_phones(body), format=format, content_type=content_type, url=url)
    _fits(Format.CSV, format)
    texts = chain([first], (with_plain_lines(block.decode()) for block in blocks))
    return gao_csv.extract_whole_rows(texts, header, _address(first, url))


def stamp_of(body: Body, content_type: str | None = None) -> datetime | None:
    """When an export says that it was made, from its first lines; None for any other page.

    A stamp does not mean that the rest of it can be read.
    """
    head = body[:HEAD]
    try:
        text = decode(inflate_some(head, HEAD), content_type)
    except NotAPage:
        return None
    header = None if recognise.is_markup(text) else gao_csv.find_header(text)
    return gao_csv.stamp_of(text[: header.start]) if header else None


def _markup(text: str, wanted: Format | None, url: str | None) -> Capture:
    if not is_cheap(text):
        return limited.run(text, wanted, url)
    return read_markup(text, wanted, url)


def read_markup(text: str, wanted: Format | None, url: str | None) -> Capture:
    """Read a page in markup, whatever it costs."""
    tree = parse(text)
    form = recognise.of_markup(text, tree, url)
    _fits(form, wanted)
    if form is Format.PRODUCT:
        return gao_product.extract(text, tree, url)
    return gao_agency.extract(text, tree, url)


def _plain(text: str, wanted: Format | None, url: str | None) -> Capture:
    form = recognise.of_plain(text)
    _fits(form, wanted)
    return gao_csv.extract(text, url) if form is Format.CSV else gao_text.extract(text, url)


def _fits(form: Format, wanted: Format | None) -> None:
    if wanted is not None and wanted is not form:
        raise NotAPage(
            f"this is {recognise.NAMES[form]} ({form}), not {recognise.NAMES[wanted]} ({wanted})",
            f"name the format {form}, or none",
        )


def _address(text: str, url: str | None) -> str | None:
    """A page's address: the one requested, else the one that it notes itself."""
    url = _web_address(url) or _web_address(noted_address(text))
    if url and is_staging(url):
        raise NotAPage("this is a copy on GAO's staging host", "open the page at www.gao.gov")
    return url


def _web_address(url: str | None) -> str | None:
    return url if url and re.match(r"https?://\S{1,2000}\Z", url, re.IGNORECASE) else None
