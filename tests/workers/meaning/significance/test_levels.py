"""Events as wholes: types, record signals, slips, bounds."""

from dataclasses import replace
from time import process_time

import pytest

from monitor.record.values import Event, EventType, State
from tests.workers.meaning.significance.table import make_event
from workers.meaning.significance import assess
from workers.values import Level, Significance

_PROMISE = "FEMA plans to publish the ledger guide by {}."


def _assess(event: Event, history: tuple[str, ...] = ()) -> Significance:
    return assess(event, history)


def _slip(old: str, new: str, *earlier: str) -> int | None:
    event = make_event(_PROMISE.format(old), _PROMISE.format(new), "Federal Emergency Management Agency")
    (signal,) = _assess(event, tuple(_PROMISE.format(when) for when in earlier)).signals
    assert signal.kind == "deadline_moved"
    return signal.slips


@pytest.mark.parametrize("kind", [EventType.OPENED, EventType.VANISHED, EventType.OVERDUE, EventType.STALLED])
def test_what_the_clock_or_the_list_says_is_substantive_without_signals(kind: EventType) -> None:
    """Opened, vanished, overdue and stalled speak for themselves."""
    event = make_event("CBP concurred with this recommendation.", "CBP concurred with this recommendation.")
    missing: dict[str, State | None] = {"old": None} if kind is EventType.OPENED else {}
    said = _assess(replace(event, type=kind, **missing))  # type: ignore[arg-type]
    assert said == Significance(Level.SUBSTANTIVE)


def test_a_closed_event_says_so_with_both_statuses() -> None:
    """The signal carries the status before and after."""
    event = make_event("Same.", "Same.", statuses=("open", "closed-not-implemented"))
    (signal,) = _assess(event).signals
    assert (signal.kind, signal.old, signal.new) == ("closed", "open", "closed-not-implemented")


def test_a_status_word_of_the_page_s_own_is_substantive_without_a_signal() -> None:
    """`status_moved` is only between the two kinds of open."""
    said = _assess(make_event("Same.", "Same.", statuses=("open", "Under review")))
    assert said == Significance(Level.SUBSTANTIVE)


def test_a_recommendation_s_own_text_rewritten_is_substantive() -> None:
    """A typo mended in it is cosmetic."""
    rewritten = make_event("Same.", "Same.", texts=("Keep a ledger.", "Keep two ledgers and a clerk."))
    mended = make_event("Same.", "Same.", texts=("Keep a complete inventry.", "Keep a complete inventory."))
    assert _assess(rewritten).level is Level.SUBSTANTIVE
    assert _assess(mended).level is Level.COSMETIC


def test_a_first_slip_counts_one() -> None:
    """Nothing earlier is known to have moved."""
    assert _slip("May 2024", "May 2025") == 1


def test_slips_are_counted_through_the_history() -> None:
    """Each move to a later date counts, this one included; narratives where it stood still do not."""
    assert _slip("May 2025", "May 2026", "May 2023", "May 2024", "May 2024", "May 2025") == 3


def test_the_event_s_own_old_narrative_may_end_the_history() -> None:
    """It is not counted twice."""
    assert (
        _slip("May 2024", "May 2025", "May 2023")
        == _slip("May 2024", "May 2025", "May 2023", "May 2024")
        == 2
    )


def test_a_move_to_an_earlier_date_is_no_slip() -> None:
    """It counts for nothing; later ones before it still count."""
    assert _slip("May 2025", "May 2024") == 0
    assert _slip("May 2025", "January 2025", "May 2024") == 1


def test_another_deed_s_deadline_does_not_count() -> None:
    """Only the moves of this deadline are slips of it."""
    earlier = "FEMA plans to hire nine divers by May 2022."
    event = make_event(_PROMISE.format("May 2024"), _PROMISE.format("May 2025"), "FEMA")
    (signal,) = _assess(event, (earlier, earlier.replace("2022", "2023"))).signals
    assert signal.slips == 1


def test_a_change_far_into_a_long_narrative_is_read() -> None:
    """Of a long narrative the words around the first change are read."""
    long = "".join(f"Crate {n} holds ten heavy iron rods. " for n in range(2000))
    event = make_event(
        long + "CBP is drafting a guide.", long + "CBP expects to issue the guide by May 2026."
    )
    said = _assess(event)
    assert [(signal.kind, signal.new) for signal in said.signals] == [("deadline_set", "2026-05")]


def test_a_redated_long_narrative_is_redated() -> None:
    """Length alone makes nothing substantive."""
    long = "".join(f"Crate {n} holds ten heavy iron rods. " for n in range(2000))
    event = make_event("As of May 2024, CBP is at it. " + long, "As of May 2025, CBP is at it. " + long)
    assert _assess(event) == Significance(Level.REDATED)


def test_changes_beyond_what_is_read_are_substantive() -> None:
    """A narrative too long to be read whole is never called cosmetic."""
    long = "".join(f"Crate {n} holds ten heavy iron rods. " for n in range(2000))
    event = make_event(
        "CBP is developping it. " + long + "Nothing.", "CBP is developing it. " + long + "Much."
    )
    assert _assess(event).level is Level.SUBSTANTIVE


@pytest.mark.parametrize(
    "piece",
    ["a ", "A. ", "by May 2025, and ", "CBP said that ", "(((", "\n", "which was issued by the ", "1/"],
)
def test_no_narrative_takes_long(piece: str) -> None:
    """A megabyte of anything takes a fraction of a second (benchmarks/describe.py has the figures)."""
    old = piece * (1_000_000 // len(piece))
    event = make_event(old, "CBP issued it. " + old[::-1])
    start = process_time()
    assess(event)
    assert process_time() - start < 2


def _numbered(text: str) -> str:
    return " ".join(text.format(number, 2025 + number % 60) for number in range(100_000 // len(text)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("by May 2025, and " * 6_000, "by June 2026, or " * 6_000),
        (_numbered("CBP expects to complete part {} by May {}."), _numbered("CBP plans step {} by June {}.")),
        (
            _numbered("CBP issued guide {} and trained {} people."),
            _numbered("CBP issued guide {}, {} times."),
        ),
        (_numbered("DHS said that crate {} of {} is new. "), _numbered("Crate {} of {} is new, DHS said. ")),
    ],
)
def test_dates_and_repetitions_are_read_in_half_a_second(old: str, new: str) -> None:
    """100 kB of dates, and of sentences that repeat each other, cost as little as any narrative."""
    event = make_event(old, new)
    assess(make_event("CBP issued it in May 2025.", "CBP issued them in May 2026."))
    start = process_time()
    assess(event)
    assert process_time() - start < 0.5 * _SLOW


_SLOW = 3  # a machine that does other work beside it


@pytest.mark.parametrize(("sentences", "kinds"), [(3, {"text_removed"}), (30, set())])
def test_nothing_is_called_removed_where_a_long_narrative_is_quite_another(
    sentences: int, kinds: set[str]
) -> None:
    """What stands for what cannot be told among so many; among few a sentence of others is missed."""
    old = " ".join(f"Suppliers lost {n} barrels and anchors near pier {n}." for n in range(sentences))
    new = " ".join(f"The river {n} froze over its whole breadth at mile {n}." for n in range(sentences))
    assert {signal.kind for signal in _assess(make_event(old, new)).signals} == kinds
