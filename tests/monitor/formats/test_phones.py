"""No director's or contact's telephone number is kept, and nothing else is touched (promise 5)."""

import gzip
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.formats import extract
from monitor.formats.phones import blank_phones
from tests.monitor.formats.plain import agency_page, cells, group, report, table
from tests.monitor.formats.test_csv import HEADER, PREAMBLE, export, row
from tests.monitor.formats.test_saved import archive
from tests.monitor.formats.test_text import ROW, page

NUMBERS = ("(202) 512-0100", "202-512-0100", "202.512.0100 x12", "+1 202 512 0100 ext. 9", "5120100")
NARRATIVE = "Call (202) 555-0199 or 202-555-0198, about GAO-31-900001."


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_the_exports_phone_column_is_emptied(number: str, separator: str, codec: str) -> None:
    """In any encoding and with any separator; every other character stays."""
    cell = row(narrative=f"“{NARRATIVE}”", title='Lamps ""a"":\n A').replace('","', f'"{separator}"')
    empty = (PREAMBLE + HEADER.replace(",", separator) + cell * 2).encode(codec)
    filled = (
        empty.decode(codec)
        .replace(f'"A. Keeper"{separator}""', f'"A. Keeper"{separator}"{number}"')
        .encode(codec)
    )
    blanked = blank_phones(filled).decode(codec)
    assert number not in blanked
    assert blanked == empty.decode(codec).replace(f'"A. Keeper"{separator}""', f'"A. Keeper"{separator}')
    assert blank_phones(blank_phones(filled)) == blank_phones(filled)


def test_a_row_that_is_cut_off_or_badly_quoted_loses_its_number_too() -> None:
    """What is refused is kept as evidence, without the numbers."""
    whole = export(row(phone="(202) 512-0100"), row(phone="(202) 512-0101"))
    for at in range(len(export()), len(whole)):
        left = blank_phones(whole[:at])
        assert b"512-0100" not in left
        assert b"512-0101" not in left
    broken = export(row(phone="(202) 512-0100")).replace(b'"Lamps: A Title"', b'"Lamps "of" A Title, B"x"')
    assert b"512-0100" not in blank_phones(broken)


@pytest.mark.parametrize(
    "block",
    [
        '<div class="views-block-content-contacts"><div><div>A. Keeper</div><span>{}</span></div></div>',
        '<section id="block-contacts"><p>A. Keeper<br>{}</p></section>',
        '<article class="node--type-staff-profile"><span>{}</span></article>',
        '<p>Ask <a href="tel:{}">{}</a>.</p>',
        "<p>For more information, contact A. Keeper at {} or keeper@example.org.</p>",
        '<div class="contact"><div class="contact">x</div>{}</div>',
        '<div class="contact">{}',
    ],
)
@pytest.mark.parametrize(
    "number", ["(202) 512-0100", "202&nbsp;512-0100", "202\u2011512\u20110100", "+12025120100"]
)
@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_a_pages_contact_blocks_lose_their_numbers(block: str, number: str, codec: str) -> None:
    """By class, by id, as a link that dials, or in GAO's usual invitation. Narratives keep their figures."""
    body = report(table(cells(comment=NARRATIVE)) + block.replace("{}", number)).encode(codec)
    blanked = blank_phones(body).decode(codec)
    assert "0100" not in blanked
    assert NARRATIVE in blanked
    assert blanked.count("<") == body.decode(codec).count("<")
    assert blank_phones(blanked.encode(codec)) == blanked.encode(codec)


def test_a_wrapper_named_for_contacts_round_the_table_is_no_contact_block() -> None:
    """A narrative's figures are content wherever the page's layout puts them."""
    contact = '<div class="contact">202-512-0100</div>'
    body = report(f'<div class="has-contacts">{table(cells(comment=NARRATIVE))}{contact}</div>')
    blanked = blank_phones(body.encode()).decode()
    assert NARRATIVE in blanked
    assert "0100" not in blanked


def test_pages_that_are_no_pages_lose_their_numbers_too() -> None:
    """An interstitial or an unknown page may be kept as evidence."""
    body = b'<html><body><h1>Access Denied</h1><div id="contact-us">202-512-0100</div></body></html>'
    assert blank_phones(body) == body.replace(b"202-512-0100", b"")


def test_a_texts_contacts_lose_their_numbers() -> None:
    """Below a heading for contacts, up to the next recommendations."""
    text = (
        f"{page(ROW.replace('agreed', 'agreed 202-555-0199'))}\n\nGAO Contacts\nA. Keeper\n(202) 512-0100\n"
    )
    blanked = blank_phones(text.encode()).decode()
    assert "0100" not in blanked
    assert "202-555-0199" in blanked


@pytest.mark.parametrize("transfer", ["base64", "quoted-printable", "8bit"])
@pytest.mark.parametrize("line", ["\n", "\r\n"])
def test_web_archives_lose_them_and_are_still_read(transfer: str, line: str) -> None:
    """The part is written back under its own encoding; the others keep their bytes."""
    inner = report(
        table(cells(comment=NARRATIVE + " It’s — so.")) + '<div class="contact">(202) 512-0100</div>'
    )
    body = archive(inner.encode(), transfer, line=line)
    blanked = blank_phones(body)
    assert extract(blanked).recommendations == extract(body).recommendations
    assert blank_phones(blanked) == blanked
    assert blanked.startswith(body[:300])
    assert b"0100" not in blanked.replace(b"=\r\n", b"").replace(b"=\n", b"")
    plain = archive(inner.replace("(202) 512-0100", "").encode(), transfer, line=line)
    assert blank_phones(plain) == plain


def test_a_compressed_page_loses_them() -> None:
    """It comes back plain where it held any, and as it was where not."""
    filled, empty = export(row(phone="202-512-0100")), export(row())
    assert b"0100" not in blank_phones(gzip.compress(filled))
    assert extract(blank_phones(gzip.compress(filled))).recommendations == extract(filled).recommendations
    assert blank_phones(gzip.compress(empty)) == gzip.compress(empty)


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"<html>", export(), b"\x1f\x8b", b"\xff\xfe", b"MIME-Version: 1.0\n"]),
)
def test_any_bytes_are_taken_and_taken_twice_alike(tail: bytes, head: bytes) -> None:
    """Blanking never fails, and blanking twice is blanking once."""
    once = blank_phones(head + tail)
    assert blank_phones(once) == once


@pytest.mark.parametrize("said", ["202-512-0100", "2025120100;ext=" + "0" * 60, "Congress" * 30])
def test_a_link_for_the_telephone_is_emptied_at_once(said: str) -> None:
    """However long what stands in it: a page that is released is blanked once more, and is still the same."""
    body = report(table(cells()) + f'<a href="tel:{said}">Ask</a>').encode()
    once = blank_phones(body)
    assert b'<a href="tel:">Ask</a>' in once
    assert blank_phones(once) == once


def test_a_whole_export_takes_a_moment() -> None:
    """Seven megabytes, well within a second on any machine."""
    body = export(*[row(phone="202-512-0100", narrative="It agreed. " * 110) for _ in range(5_000)])
    start = time.process_time()
    assert b"512-0100" not in blank_phones(body)
    assert time.process_time() - start < 5


def test_no_capture_holds_a_number() -> None:
    """Whatever the page, what is read of it has no director's or contact's number in it."""
    contact = '<div class="contact">(202) 512-0100</div>'
    pages = (
        export(row(phone="(202) 512-0100")),
        report(table(cells()) + contact).encode(),
        agency_page(group("Lamps: A", cells()), contact).encode(),
        f"{page(ROW)}\n\nGAO Contacts\nA. Keeper\n(202) 512-0100".encode(),
    )
    for body in pages:
        assert "512-0100" not in repr(extract(body))
