"""Text from outside is inert in every kind of output."""

import json
import unicodedata

import pytest

from monitor.record.inert import inert, inert_cell, inert_json, inert_line, inert_log

HOSTILE = "a\x1b[2Jb\u202ec\x9bd\u2066e\x07f\x00g\u200fhi\U000e0041j\x7fk"


def dangerous(text: str) -> list[str]:
    """Letters that control or hide."""
    return [
        letter
        for letter in text
        if letter not in "\n\t" and unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    ]


@pytest.mark.parametrize("make", [inert, inert_line, inert_log, inert_cell, inert_json])
def test_nothing_controls_or_hides(make: object) -> None:
    """Whatever the output, control and direction characters do not reach it; words do."""
    made = make(HOSTILE)  # type: ignore[operator]
    assert dangerous(made) == []
    assert [letter for letter in made if letter in "abcdefghijk"][:1] == ["a"]
    assert "k" in made


def test_a_line_is_one_line() -> None:
    """Nor does a line separator that only some programs know begin another."""
    assert inert_line("a\r\nb\u2028c\x0bd\te") == "a b c d e"
    assert "\n" not in inert_log("a\r\x0b\x0cb").replace("\\n", "")


def test_json_says_the_same_as_before() -> None:
    """Escaped, its value is the same to the letter."""
    value = {"text": HOSTILE.replace("\x00", "")}
    assert json.loads(inert_json(json.dumps(value, ensure_ascii=False))) == value


@pytest.mark.parametrize(
    "text", ["=cmd", "+1", "-1", "@x", "\t=x", " =x", "＝x", "a;=cmd|' /C calc'!A0", "a\n=x", 'a;"=x']
)
def test_no_cell_is_a_formula_whatever_separates(text: str) -> None:
    """A spreadsheet of a country that separates by semicolons splits our cells at theirs."""
    for piece in inert_cell(text).replace("\n", ";").replace("\t", ";").split(";"):
        assert not piece.strip(' "\t').startswith(("=", "+", "-", "@", "＝"))


def test_an_ordinary_cell_stays_as_it_is() -> None:
    """Hyphens, dates and equations amid words are no formulas."""
    for text in ("GAO-24-106148", "a - b", "2+2=4; see 3", "10-K; 3-year", "a=b"):
        assert inert_cell(text) == text
