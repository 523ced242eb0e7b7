"""Runs, records and folding."""

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.record.values import State
from tests.workers.meaning.significance.table import make_event
from workers.meaning.difference import Segment, _bag, describe, fold_runs, narrative_runs
from workers.values import Run

_WORDS = st.sampled_from(
    [
        "The",
        "agency",
        "will",
        "issue",
        "a guide.",
        "In May 2024,",
        "the",
        "of",
        "$1.7",
        "\n\n",
        "  ",
        "No.",
        "5",
    ]
)
_TEXTS = st.one_of(st.lists(_WORDS, max_size=60).map(" ".join), st.text(max_size=60))


def _side(runs: tuple[Run, ...], without: str) -> str:
    return "".join(text for operation, text in runs if operation != without)


@given(_TEXTS, _TEXTS)
def test_both_narratives_can_be_rebuilt_to_the_letter(old: str, new: str) -> None:
    """Equal and delete give the old one, equal and insert the new one."""
    runs = narrative_runs(old, new)
    assert _side(runs, "insert") == old
    assert _side(runs, "delete") == new


@given(_TEXTS, _TEXTS)
def test_runs_are_not_empty_and_neighbours_differ(old: str, new: str) -> None:
    """A run has text, a deletion stands before its insertion, and no two of a kind stand side by side."""
    runs = narrative_runs(old, new)
    assert all(text for _, text in runs)
    for (before, _), (after, _) in pairwise(runs):
        assert before != after
        assert (before, after) != ("insert", "delete")


def test_equal_narratives_are_one_run() -> None:
    """Nothing changed: one equal run; nothing at all: none."""
    assert narrative_runs("The same.", "The same.") == (("equal", "The same."),)
    assert narrative_runs("", "") == ()


def test_figures_and_dates_stay_whole() -> None:
    """A run begins and ends at words: "$1.7" never becomes "$1.9" by one digit."""
    runs = narrative_runs("It cost $1.7 million by May 2024.", "It cost $1.9 million by May 2025.")
    assert ("delete", "$1.7 ") in runs
    assert ("insert", "$1.9 ") in runs
    assert ("insert", "2025.") in runs


def test_an_appended_sentence_is_one_insertion() -> None:
    """The sentence before it stays unchanged, although white space now follows it."""
    runs = narrative_runs("The guide is new.", "The guide is new. It is kept.")
    assert runs == (("equal", "The guide is new."), ("insert", " It is kept."))


def test_a_lone_glue_word_between_changes_joins_them() -> None:
    """An island such as "the" would chop a rewritten stretch to pieces."""
    old = "Officials at the port are drafting rules for the clerks who count crates at night in winter."
    new = "Officials at the port have posted forms from the union that count crates at night in winter."
    runs = narrative_runs(old, new)
    assert [operation for operation, _ in runs] == ["equal", "delete", "insert", "equal"]


@pytest.mark.parametrize(
    ("old", "new", "kinds"),
    [
        # "a" stands between two rewritten stretches
        (
            "The bureau was drafting a schedule for lamps.",
            "The bureau issued a draft schedule for lamps.",
            "=-+=",
        ),
        # a name and a figure are what a reader holds on to
        ("It had counted 14 of its 22 harbors now.", "It had counted all 22 harbors by then.", "=-+=-+"),
        # "by the" is longer than the one word that changed after it
        (
            "We plan to test it by the first quarter.",
            "We slipped and will test it by the fourth quarter.",
            "=-+=-+=",
        ),
        # nothing but insertions: the old words between them are plain to see
        (
            "NASA is revising its estimate.",
            "While NASA has updated it, it is still revising its estimate.",
            "+=+=+=",
        ),
        # two small edits, each clearer by itself
        ("They expanded the tests for two sites.", "They expanded these tests of two sites.", "=-+=-+="),
    ],
)
def test_a_few_equal_words_join_what_is_rewritten_around_them(old: str, new: str, kinds: str) -> None:
    """Equal words that weigh less than the changes on either side are part of the rewriting."""
    signs = {"equal": "=", "delete": "-", "insert": "+"}
    assert "".join(signs[operation] for operation, _ in narrative_runs(old, new)) == kinds


def test_where_little_survives_the_blocks_are_shown() -> None:
    """Fewer than a third of the words in common: the old sentence whole, the new one whole."""
    old = "Officials said the survey of boats is late."
    new = "A museum asked the survey of boats to lend it nine models, the last of which came in June."
    assert narrative_runs(old, new) == (("delete", old), ("insert", new))


def test_a_rewritten_sentence_is_compared_with_its_like() -> None:
    """Beside an inserted sentence, the other one is still compared word by word."""
    old = "The survey of patrol boats is late."
    new = "A museum asked for trucks in June. The survey of patrol boats is done."
    assert narrative_runs(old, new) == (
        ("insert", "A museum asked for trucks in June. "),
        ("equal", "The survey of patrol boats is "),
        ("delete", "late."),
        ("insert", "done."),
    )


def test_above_four_thousand_words_sentences_stay_whole() -> None:
    """Long rewrites are shown by the sentence, whatever their sentences share."""
    old = " ".join(f"Crate {n} holds ten heavy iron rods today." for n in range(600))
    new = old.replace("heavy", "light")
    runs = narrative_runs(old, new)
    assert {operation for operation, _ in runs} == {"delete", "insert"}


def _adversaries() -> list[tuple[str, str]]:
    rng = random.Random(7)
    vocabulary = [f"w{n}" for n in range(60)]
    few = [" ".join(rng.choice(vocabulary) for _ in range(1900)) for _ in range(2)]
    kinds = [f"{rng.choice('AB')}{n} {n} ok" for n in range(8)]
    shuffled = [". ".join(rng.choice(kinds) for _ in range(15_000)) for _ in range(2)]
    names = [f"name{n}" for n in range(1900)]
    return [
        ("A. " * 333_333, "B. " * 333_333),
        ("a " * 500_000, "a " * 400_000 + "b " * 100_000),
        ("x" + " " * 999_999, " " * 999_999 + "x"),
        ("One two. " * 50_000, "One two. Two. " * 30_000),
        (few[0], few[1]),
        (shuffled[0], shuffled[1]),
        (" ".join(names), " ".join("x" if n % 2 else name for n, name in enumerate(names))),
        ("\n- " * 300_000, "\n- " * 299_999 + "x"),
    ]


@pytest.mark.parametrize(("old", "new"), _adversaries(), ids=range(8))
def test_no_text_takes_long(old: str, new: str) -> None:
    """A megabyte of anything takes a fraction of a second, and is exact (figures: benchmarks/)."""
    start = process_time()
    runs = narrative_runs(old, new)
    assert process_time() - start < 5
    assert _side(runs, "insert") == old
    assert _side(runs, "delete") == new


def test_the_record_holds_each_changed_field_with_both_values() -> None:
    """Status, priority and text as [old, new]; the narrative is left out."""
    event = make_event(
        "Old.", "New.", statuses=("open", "closed-implemented"), priorities=(False, True), texts=("A.", "B.")
    )
    assert describe(event).record == {
        "status": ["open", "closed-implemented"],
        "priority": [False, True],
        "text": ["A.", "B."],
    }


def test_an_unchanged_record_is_empty() -> None:
    """Only the narrative changed: no record difference."""
    assert describe(make_event("Old.", "New.")).record == {}


@pytest.mark.parametrize("side", ["old", "new"])
def test_where_a_side_is_missing_there_is_no_difference(side: str) -> None:
    """Opened and vanished events have one side."""
    missing: dict[str, State | None] = {side: None}
    difference = describe(replace(make_event("Old.", "New."), **missing))  # type: ignore[arg-type]
    assert difference.narrative == ()
    assert difference.record == {}


_LONG = "".join(f"Sentence {n} tells of crates and rods. " for n in range(9))


def test_long_unchanged_stretches_are_folded_and_counted() -> None:
    """A sentence stays on each side of a change; the words left out are counted."""
    runs: tuple[Run, ...] = (("equal", _LONG), ("delete", "Old. "), ("insert", "New. "), ("equal", _LONG))
    assert fold_runs(runs) == (
        Segment("equal", "", 56),
        Segment("equal", "Sentence 8 tells of crates and rods. "),
        Segment("delete", "Old. "),
        Segment("insert", "New. "),
        Segment("equal", "Sentence 0 tells of crates and rods. "),
        Segment("equal", "", 56),
    )


def test_between_two_changes_both_neighbours_stay() -> None:
    """A stretch in the midst keeps its first and its last sentence."""
    runs: tuple[Run, ...] = (("delete", "Old. "), ("equal", _LONG), ("insert", "New."))
    kept = [segment.text for segment in fold_runs(runs) if segment.operation == "equal" and segment.text]
    assert kept == ["Sentence 0 tells of crates and rods. ", "Sentence 8 tells of crates and rods. "]


def test_short_stretches_are_not_folded() -> None:
    """Leaving out a few words costs more than it saves."""
    runs: tuple[Run, ...] = (("delete", "Old. "), ("equal", "One. Two. Three. "), ("insert", "New."))
    assert Segment("equal", "One. Two. Three. ") in fold_runs(runs)


@given(_TEXTS, _TEXTS)
def test_folding_loses_no_word_uncounted(old: str, new: str) -> None:
    """Words shown and words left out are together the words of the runs."""
    runs = narrative_runs(old, new)
    shown = sum(len(segment.text.split()) + segment.omitted_words for segment in fold_runs(runs))
    assert shown == sum(len(text.split()) for _, text in runs)


def test_times_of_the_sides_play_no_part() -> None:
    """Only what the page says is compared."""
    event = make_event("Same.", "Same.")
    assert event.new
    later = replace(event, new=replace(event.new, observed_at=datetime(2030, 1, 1, tzinfo=UTC)))
    assert describe(later) == describe(event)


@given(_TEXTS, _TEXTS)
def test_words_that_two_sentences_share_are_counted_as_often_as_both_have_them(one: str, other: str) -> None:
    """A word that stands twice in one and once in the other is shared once."""
    shared = Counter(one.split()) & Counter(other.split())
    assert len(_bag(one) & _bag(other)) == shared.total()
    assert len(_bag(one)) == len(one.split())
