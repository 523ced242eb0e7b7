"""The export taken apart: in blocks of whatever size, what is read and kept of it is the whole reader's."""

import csv
import gzip
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.formats import NotAPage, extract, extract_apart, stamp_of
from monitor.formats.export_rows import Blanked, RawRows, only, take_apart
from monitor.formats.phones import blank_phones
from monitor.formats.stable_content import stable_content
from monitor.record import bodies
from monitor.record.bodies import Body, filled
from tests.fakes import pages

_NAMES = ["Publication Name", "Publication  Number", "Director Phone", "Agency", "Recommendation", "Status"]
_NAMES += ["Priority", "Comments", "Fax Number"]
_PHONES = st.sampled_from(
    ["(202) 555-0147", "202.555.0147 x 12", '"', " ", "", "none", "+1 202-555-0147\n555-0148"]
)
_WORDS = st.text(
    st.sampled_from(list('ab,;\t"\n\r <&é\u202f\u2013\U0001f6a20123456789()-.')), max_size=60
) | st.sampled_from(
    ["call, 202-555-0147, or", ",(202) 555-0147,", "a,2025550147,b", "&amp; <p>x</p>", "(Recommendation 3)"]
)
_PRIORITY = st.sampled_from(["No"] * 20 + ["Yes", "Perhaps"])


@contextmanager
def _blocks(step: int, plain: int) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bodies, "STEP", step)
        patch.setattr(bodies, "PLAIN", max(plain, step))
        yield


@st.composite
def _exports(draw: st.DrawFn) -> bytes:
    """Exports with numbers in every place, lines within cells, odd characters; some of them damaged."""
    out = io.StringIO()
    separator = draw(st.sampled_from([",", ",", ";", "\t"]))
    ending = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    stamp = "status as of Sep 28, 2030 at 7:05 PM EST"
    out.write(draw(st.sampled_from(["", "\ufeff"])) + f'"Title: Results",,\r\n"Source: GAO, {stamp}" ,,\r\n')
    names = [name for name in _NAMES if draw(st.integers(0, 3)) or ("hone" not in name and "Fax" not in name)]
    writer = csv.writer(out, delimiter=separator, lineterminator=ending)
    writer.writerow(names)
    for number in range(draw(st.integers(1, 6))):
        row = {name: draw(_WORDS) for name in names}
        row |= {name: draw(_PHONES) for name in names if "hone" in name or "Fax" in name}
        row |= {"Publication  Number": f"GAO-30-80000{number}", "Status": "Open", "Priority": draw(_PRIORITY)}
        row["Recommendation"] = f"See to pier {number}. {row['Recommendation']}"
        writer.writerow([row[name] for name in names])
    body = out.getvalue().encode()
    damage = draw(st.sampled_from([b""] * 8 + [b'"cut', b",,,,\n", b"\xff\n", b"\x00\n", b" \n\n", b"a,b\n"]))
    body += damage
    return body[: len(body) - draw(st.sampled_from([0, 0, 0, 1]))]


def _result(read: Any, *args: Any) -> object:
    try:
        # Where each row stood is known here even if lines of nothing follow.
        return replace(read(*args), places=())
    except NotAPage as error:
        return str(error)


@given(body=_exports(), step=st.integers(1, 400), plain=st.integers(1, 2000))
def test_in_blocks_it_is_the_same_as_whole(body: bytes, step: int, plain: int) -> None:
    """Rows, hashes, what is kept and what is read: none of it depends on where a block ends."""
    raw = take_apart(body, b"salt")
    with _blocks(step, plain):
        held: Body = filled([body])
        assert take_apart(held, b"salt") == take_apart(body, b"salt") == raw
        if raw is None:
            return
        assert b"".join(Blanked(held, raw)) == blank_phones(body)
        assert _result(extract_apart, held, raw) == _result(extract, blank_phones(body))
        places = range(0, len(raw.hashes), 2)
        assert only(held, raw, places) == body[: raw.start] + b"".join(
            body[slice(*raw.span(place))] for place in places
        )


def test_most_made_up_exports_are_taken_apart() -> None:
    """Plain ones, with numbers and odd characters, so that the rule above holds of something."""
    listed = pages.rows(9, agency="Bureau, “of”\u202fHarbor Lights")
    raw = take_apart(pages.export(listed), b"salt")
    assert isinstance(raw, RawRows)
    assert len(raw.hashes) == len(raw.phones) / 2 == 9


@pytest.mark.parametrize(
    "body",
    [
        b"<html><body>" + pages.export(pages.rows(2)),
        b"From: a\nMIME-Version: 1.0\nContent-Type: text/csv\n\n" + pages.export(pages.rows(2)),
        b" <!doctype html>\n" + pages.export(pages.rows(2)),
    ],
)
def test_what_only_holds_an_export_is_not_taken_apart(body: bytes) -> None:
    """A page or an archive is for the reader that looks into them."""
    assert take_apart(body, b"salt") is None


_LISTED = pages.rows(300)


@pytest.mark.parametrize("packed", [bytes, gzip.compress])
@pytest.mark.parametrize(
    "page",
    [
        pages.export(_LISTED),
        pages.export(_LISTED).decode().encode("utf-16"),
        b"\xef\xbb\xbf" + pages.export(_LISTED),
        pages.export(_LISTED).replace(b"\n", b"\r\n"),
        pages.agency(_LISTED),
        pages.report(_LISTED),
        pages.agency_text(_LISTED),
    ],
    ids=["export", "UTF-16", "marked", "CRLF", "agency", "report", "text"],
)
def test_an_exports_stamp_is_seen_without_reading_it(page: bytes, packed: Callable[[bytes], bytes]) -> None:
    """The same as if it were read; no other page has one."""
    assert stamp_of(packed(page)) == extract(page).stamp


def test_a_line_without_end_is_left_to_the_other_reader() -> None:
    """In good time: nothing is tried again from each of its letters."""
    body = pages.export(pages.rows(2)) + b"a" * 3_000_000
    assert take_apart(body, b"salt") is None
    assert take_apart(filled([body] * 8), b"salt") is None


def test_a_large_export_is_settled_as_a_small_one_is() -> None:
    """Its stamp is set aside, and nothing else is."""
    with _blocks(512, 1024):
        listed = pages.rows(20)
        one = stable_content(filled([pages.export(listed)]))
        again = stable_content(filled([pages.export(listed).replace(b"at 12:05 PM", b"at 12:06 PM")]))
        other = stable_content(filled([pages.export(listed).replace(b"pier 20 is", b"pier 21 is")]))
    assert one is not None
    assert again is not None
    assert other is not None
    assert (one.digest, again.digest == other.digest) == (again.digest, False)
    assert one.stamp != again.stamp
