"""What encodings and escaping do to a text is undone, and what only looks like damage is left alone."""

import pytest

from monitor.record.damage import mend_marks, reread, unescape


@pytest.mark.parametrize(
    ("escaped", "plain"),
    [
        ("R&amp;D", "R&D"),
        ("R&AMP;D", "R&D"),
        ("&lt;1&gt;", "<1>"),
        ("&Eacute;", "É"),
        ("&frac12;&sup2;", "½²"),
        ("&#9;&#167;", "\t§"),
        ("&#1114109;", "\U0010fffd"),
        ("&#xA7;&#Xa7;&#x9;&#xbd;", "§§\t½"),
        ("&#x10FFFD;", "\U0010fffd"),
        ("&CounterClockwiseContourIntegral;", "∳"),
        ("&amp;amp;amp;amp;lt;", "<"),
        ("&amp;#167;", "§"),
        ("&#38;#38;#167;", "§"),
    ],
)
def test_an_entity_is_what_it_stands_for(escaped: str, plain: str) -> None:
    """By name, by number in tens or sixteens, and where it was escaped again, up to three times over."""
    assert unescape(escaped) == plain


@pytest.mark.parametrize(
    "text",
    ["R&D", "AT&T; R&D", "R&sectD", "&#11141111;", "&#x1000000;", "&nosuch;", "&;", "&#;", "&#x;", "a & b;"],
)
def test_what_is_no_entity_stays(text: str) -> None:
    """An ampersand in its own right, a name that is none, a number beyond all characters."""
    assert unescape(text) == text


def test_what_was_escaped_more_than_three_times_over_stays_partly_escaped() -> None:
    """The work that a text can ask for has a bound."""
    assert unescape("&#38;#38;#38;#167;") == "&#167;"


SIGNS = "é ü ñ ſ § ° ½ \u00a0 ‘ ’ “ – — … • ™ € ™ \u2000 ⋿ \ufeff \ufffd"


@pytest.mark.parametrize("char", SIGNS.split(" "))
def test_utf8_that_was_read_as_a_western_encoding_is_read_again(char: str) -> None:
    """Once over or twice, as Latin-1 or as windows-1252."""
    once = char.encode().decode("latin-1")
    assert reread(f"a {once} b") == f"a {char} b"
    assert reread("a " + once.encode().decode("latin-1") + " b") == f"a {char} b"
    try:
        windows = char.encode().decode("cp1252")
    except UnicodeDecodeError:  # some of its bytes have no meaning there
        return
    assert reread(f"a {windows} b") == f"a {char} b"
    assert reread(f"{windows}{windows}") == char * 2


@pytest.mark.parametrize("char", "ЖߐἿ⌀一😀")
def test_what_would_be_no_english_text_is_not_read_again(char: str) -> None:
    """Accented letters, punctuation and symbols are plausible; other scripts are not."""
    mistaken = char.encode().decode("latin-1").translate(dict.fromkeys(range(0x80, 0xA0), 0xBF))
    assert reread(mistaken) == mistaken


@pytest.mark.parametrize(
    "text",
    [
        "pâté",
        "naïve façade",
        "Ça va",
        "À la",
        "Âge",
        "Ã la",
        "coöperate",
        "¬x",
        "‚x‘",
        "à¿¿",
        "Æ€",
        "á¿¿",
        "âŒ€",
        "ð¿¿¿",
        "â€s"[:1],
    ],
)
def test_accented_words_stay(text: str) -> None:
    """A letter that could be the first byte of another one is damage only with the rest of it."""
    assert reread(text) == text


@pytest.mark.parametrize(
    ("damaged", "mended"),
    [
        ("said â€œnoâ€\ufffd twice", 'said “no" twice'),
        ("said â€œnoâ€? twice", 'said “no" twice'),
        ("said â€œnoâ€ twice", 'said “no" twice'),
        *((f"lampsÂ{mark}", f"lamps{mark}") for mark in (" and", ".", ",", ";", ":", ")", "\n", "")),
        ("‚Äô", "'"),
        ("‚Äò", "'"),
        ("‚Äú", '"'),
        ("‚Äù", '"'),
        ("‚Äì", "-"),
        ("‚Äî", "-"),
        ("‚Ä¶", "..."),
        ("¬ß", "§"),
        ("¬†", " "),
        ("â‚¬ß", "€ß"),
        ("\x93no\x94", "“no”"),
        ("it\x92s", "it’s"),
        ("\x80\x9f", "€Ÿ"),
        ("a\x85b", "a\x85b"),
        ("\x81", "\ufffd"),
    ],
)
def test_other_damage_of_its_kind_is_mended(damaged: str, mended: str) -> None:
    """A closing quote without its last byte, a lone first byte, Mac Roman, windows-1252's own controls."""
    assert reread(damaged) == mended


@pytest.mark.parametrize("lost", ["?", "??", "????", "\ufffd", "\ufffd\ufffd"])
@pytest.mark.parametrize(
    "place",
    [
        "19 U.S.C. {}1592",
        "19 U.S.C.{} 1592",
        "U. S. C. {} 12",
        "U. S. C.{}12",
        "C. F.R.{}12",
        "C.F. R.{}12",
        "USC{}12",
        "USC {}12",
        "C.F.R. {} 12",
        "C. F. R.{}12",
        "CFR{}12",
    ],
)
def test_a_lost_section_sign_after_a_code_is_put_back(lost: str, place: str) -> None:
    """Up to four signs for one, with or without spaces."""
    assert mend_marks(place.format(lost)) == mend_marks(place.format("§"))


@pytest.mark.parametrize("place", ["under {} 12", "under {}12", "({} 12)", "{} 12", "\t{}12"])
def test_a_lost_section_sign_that_stands_free_before_a_figure_is_put_back(place: str) -> None:
    """A question mark closes a word; one that does not is none."""
    for lost in ("?", "????", "\ufffd"):
        assert mend_marks(place.format(lost)) == mend_marks(place.format("§"))


@pytest.mark.parametrize(
    "text",
    [
        "It did? 12 lamps.",
        "U.S.C.?????12",
        "Is it 19 U.S.C. 12?",
        "x?12",
        "under ????? 12",
        "under ? x",
        "MUSC? 12",
        "XCFR? 12",
        "USCX? 12",
        "?",
        "? ?",
    ],
)
def test_a_question_mark_stays(text: str) -> None:
    """At a word, before no figure, more of them than any sign left."""
    assert mend_marks(text) == text


@pytest.mark.parametrize(
    "word", ["bureau{}s", "can{}t", "we{}re", "we{}ve", "we{}ll", "we{}d", "I{}m", "A{}s"]
)
def test_a_lost_apostrophe_is_put_back(word: str) -> None:
    """Before the endings that follow one."""
    for lost in ("?", "???", "\ufffd"):
        assert mend_marks(word.format(lost) + " x") == word.format("'") + " x"


@pytest.mark.parametrize(
    "text", ["page?s=2", "page?s&t", "a????s", "did?save", "did?x", "1?s", "?s", "why? so", "a?then"]
)
def test_a_question_mark_in_an_address_or_at_a_word_stays(text: str) -> None:
    """Only a letter, a sign and the ending of a contraction make one."""
    assert mend_marks(text) == text


@pytest.mark.parametrize(
    ("lost", "mended"),
    [
        ("long\ufffdterm", "long-term"),
        ("long\ufffd\ufffdterm", "long-term"),
        ("lamps \ufffd oil", "lamps - oil"),
        ("said \ufffdno\ufffd twice", 'said "no" twice'),
        ("\ufffdno\ufffd", '"no"'),
        ("no.\ufffd So", 'no." So'),
        ("5\ufffd7", "5-7"),
    ],
)
def test_a_lost_sign_is_guessed_by_its_neighbours(lost: str, mended: str) -> None:
    """A dash between words, a quote at a word's edge."""
    assert mend_marks(lost) == mended


@pytest.mark.parametrize(
    "written", ["19 U.S.C.§1592", "19 U.S.C. § 1592", "19 U.S.C.  §\n1592", "19 U.S.C. § § 1592"]
)
def test_section_signs_are_spaced_alike(written: str) -> None:
    """One or two of them, tight or wide."""
    assert mend_marks(written) == "19 U.S.C. §1592"
