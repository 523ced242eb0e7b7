"""An export that a spreadsheet saved as its plain CSV: characters that this cannot hold are no change."""

import pytest

from monitor.formats import extract
from tests.fakes import pages
from tests.fakes.pages import Row, rows
from tests.monitor.intake.conftest import Scene

_SPECIAL = (
    "In fiscal\u202f2031 the Bureau\u2019s cross\u2011cutting plan\u200b \u2013 see 19 U.S.C. "
    "\u00a7\u00a01592 \u2013 was \u201ccaf\u00e9\u201d\u2026 done."
)
LISTED = [
    *rows(6),
    Row(
        narrative=_SPECIAL, text="The Director of Harbor\u202fLights should fill each long\u2011lasting lamp."
    ),
    Row(
        number="",
        product="GAO-31-7",
        title="Oil",
        narrative=_SPECIAL,
        text="Fill each long\u2011lasting lamp soon.",
    ),
]


def plain(listed: list[Row], codec: str, mark: str = "?") -> bytes:
    """The export in a single-byte encoding, what it cannot hold replaced."""
    text = pages.export(listed).decode()
    return "".join(char if _holds(codec, char) else mark for char in text).encode(codec)


def _holds(codec: str, char: str) -> bool:
    try:
        char.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


ENCODINGS = [("cp1252", "?"), ("mac-roman", "?"), ("mac-roman", "_")]


@pytest.mark.parametrize(("codec", "mark"), ENCODINGS)
def test_what_a_plain_csv_cannot_hold_is_no_change(scene: Scene, codec: str, mark: str) -> None:
    """Nor is it when the next export has it again; an edit beside it is told without the damage."""
    scene.take(pages.export(LISTED))
    before = scene.state()
    assert scene.take(plain(LISTED, codec, mark)).events == ()
    assert scene.state() == before
    edited = [*LISTED[:6], LISTED[6].but(narrative=f"{_SPECIAL} It ended."), *LISTED[7:]]
    (event,) = scene.events(scene.take(plain(edited, codec, mark)))
    assert event.new is not None
    assert event.new.narrative == f"{_SPECIAL} It ended."
    assert scene.take(pages.export(edited)).events == ()


@pytest.mark.parametrize(("codec", "mark"), ENCODINGS)
def test_what_a_plain_csv_lost_may_come_back(scene: Scene, codec: str, mark: str) -> None:
    """The first export was the damaged one."""
    scene.take(plain(LISTED, codec, mark))
    assert scene.take(pages.export(LISTED)).events == ()
    assert scene.take(plain(LISTED, codec, mark)).events == ()


def test_a_real_question_mark_is_a_change(scene: Scene) -> None:
    """Where the known text has no character that could have been lost."""
    scene.take(pages.export([*rows(6), Row(narrative="Is it caf\u00e9 or long lasting.")]))
    assert (
        scene.take(pages.export([*rows(6), Row(narrative="Is it caf\u00e9 or long?lasting.")])).updated == 1
    )


def test_mac_roman_is_read_as_such() -> None:
    """Quotes, dashes and accents as they were."""
    assert plain(LISTED, "mac-roman") != plain(LISTED, "cp1252")
    for codec in ("cp1252", "mac-roman"):
        read = extract(plain(LISTED, codec)).recommendations[6].narrative
        assert "Bureau\u2019s" in read
        assert "\u201ccaf\u00e9\u201d\u2026" in read
