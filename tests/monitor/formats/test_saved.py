"""What people save: rendered pages, web archives, other encodings, compressed files."""

import base64
import gzip
import quopri
from collections.abc import Callable

import pytest

from monitor.formats import extract
from monitor.record.values import Capture
from tests.monitor.formats.plain import agency_page, cells, group, read, refusal, report, table
from tests.monitor.formats.test_csv import export, row

PAGE = agency_page(group("Lamps: A", cells(comment="The bureau’s answer — “yes” — came in §\u00a04.")))
ADDRESS = "https://www.gao.gov/agencies/united-states-lighthouse-bureau"


def same(capture: Capture) -> bool:
    """Whether a capture says what the plain page says."""
    return capture.recommendations == read(PAGE).recommendations


def archive(page: bytes, transfer: str, *, charset: str = "utf-8", line: str = "\r\n") -> bytes:
    """A web archive as browsers write it, the page in it encoded one way or the other."""
    encoders: dict[str, Callable[[bytes], bytes]] = {
        "base64": base64.encodebytes,
        "quoted-printable": quopri.encodestring,
        "8bit": bytes,
    }
    encoded = encoders[transfer](page).replace(b"\r\n", b"\n")
    text = (
        f"From: <Saved by Blink>\nSnapshot-Content-Location: {ADDRESS}\nSubject: Lamps\nMIME-Version: 1.0\n"
        'Content-Type: multipart/related;\n\ttype="text/html";\n\tboundary="----Lamps--42"\n\n\n'
        "------Lamps--42\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n\n"
        f"------Lamps--42\nContent-Type: text/html; charset={charset}\nContent-ID: <f@mhtml.blink>\n"
        f"Content-Transfer-Encoding: {transfer}\nContent-Location: {ADDRESS}\n\n"
    )
    whole = (
        text.encode() + encoded + b"\n------Lamps--42\nContent-Type: text/css\n\np{}\n\n------Lamps--42--\n"
    )
    return whole.replace(b"\n", line.encode())


@pytest.mark.parametrize(
    "codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-32"]
)
def test_a_page_is_read_in_any_encoding(codec: str) -> None:
    """With a byte order mark and without, declared or not."""
    assert same(extract(PAGE.encode(codec)))


def test_a_declared_encoding_is_used_where_the_bytes_are_no_utf_8() -> None:
    """By the page itself or by the response's header."""
    word = PAGE.replace("The bureau’s answer — “yes” — came in §\u00a04.", "Ångström: ŠŽ.")
    latin2 = word.replace("Å", "A").encode("iso8859-2")
    declared = (
        word.replace("Å", "A").replace("<head>", "<head><meta charset='iso-8859-2'>").encode("iso8859-2")
    )
    for capture in (extract(latin2, content_type="text/html; charset=ISO-8859-2"), extract(declared)):
        assert capture.recommendations[0].narrative == "Angström: ŠŽ."


def test_a_damaged_byte_costs_one_character_and_not_the_encoding() -> None:
    """UTF-8 with a byte gone wrong is still read as UTF-8."""
    body = PAGE.encode().replace(b"yes", b"y\xff")
    assert extract(body).recommendations[0].narrative == "The bureau’s answer — “y\ufffd” — came in §\u00a04."


@pytest.mark.parametrize(
    ("note", "address"),
    [
        (f"<!-- saved from url=(0060){ADDRESS} -->", ADDRESS),
        (f"<!--\n Page saved with SingleFile \n url: {ADDRESS} \n saved date: today\n-->", ADDRESS),
        ("<!-- saved from url=(0014)about:internet -->", None),
    ],
)
def test_a_saved_page_says_where_it_was_saved_from(note: str, address: str | None) -> None:
    """The browser's own comment gives the address."""
    capture = read(PAGE.replace("<html>", f"<!DOCTYPE html>\n{note}\n<html>"))
    assert same(capture)
    assert capture.url == address


def test_the_address_asked_for_comes_before_the_one_noted() -> None:
    """What was fetched is known better than what a page says of itself."""
    noted = f"<!-- saved from url=(0060){ADDRESS} -->{PAGE}".encode()
    assert extract(noted, url="https://www.gao.gov/x").url == "https://www.gao.gov/x"
    assert extract(noted, url="a-file.html").url == ADDRESS


@pytest.mark.parametrize("transfer", ["base64", "quoted-printable", "8bit"])
@pytest.mark.parametrize("line", ["\n", "\r\n"])
def test_a_web_archive_is_read_as_its_page(transfer: str, line: str) -> None:
    """The HTML part, its transfer encoding undone, its location the address."""
    capture = extract(archive(PAGE.encode(), transfer, line=line))
    assert same(capture)
    assert capture.url == ADDRESS


def test_a_web_archives_own_charset_counts() -> None:
    """The part says how its bytes are to be read."""
    body = PAGE.replace("’", "Š").encode("iso8859-2", "replace")
    assert "bureauŠs" in extract(archive(body, "base64", charset="iso-8859-2")).recommendations[0].narrative


def test_a_web_archive_without_its_end_is_refused() -> None:
    """A page cut inside an archive is cut."""
    whole = archive(PAGE.encode(), "quoted-printable")
    assert "cut off" in refusal(whole[: whole.index(b"</table>")]).reason
    assert "holds no page" in refusal(whole[: whole.index(b"Content-Type: text/html")]).reason


def test_a_compressed_page_is_read() -> None:
    """gzip, undone within bounds."""
    assert same(extract(gzip.compress(PAGE.encode())))
    assert "cut off" in refusal(gzip.compress(PAGE.encode())[:-30]).reason
    assert "more than a page" in refusal(gzip.compress(b"\0" * 70_000_000)).reason
    assert "damaged" in refusal(b"\x1f\x8b" + b"x" * 99).reason


def test_a_rendered_reports_page_is_read_as_the_raw_one() -> None:
    """A browser has tooltips built and the inner ends of texts gone when it saves."""
    tooltip = '<span class="usa-tooltip tooltip-icon" title="x"></span>'
    raw = report(table(cells(status=f'<span class="code">Open {tooltip}</span>')))
    rendered = raw.replace(
        tooltip,
        '<span class="usa-tooltip"><span class="tooltip-icon usa-tooltip__trigger"></span>'
        '<span class="usa-tooltip__body" role="tooltip">Actions are being planned.</span></span>',
    )
    assert read(raw).recommendations == read(rendered).recommendations
    assert read(rendered).recommendations[0].status == "open"


def test_an_export_in_an_archive_or_compressed_is_an_export() -> None:
    """Wrapping changes nothing about what is inside."""
    assert len(extract(gzip.compress(export(row()))).recommendations) == 1
