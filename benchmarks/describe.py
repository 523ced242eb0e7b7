"""What describing one event costs: difference and significance, beside plain difflib on words.

Run from the project's root: python -m benchmarks.describe
"""

import random
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from difflib import SequenceMatcher
from time import process_time

from monitor.record.values import Event, EventType, Kind, State, Subject
from workers.meaning.difference import describe
from workers.meaning.significance import assess

_WHEN = datetime(2026, 3, 1, tzinfo=UTC)
_OLD = (
    "DHS concurred with this recommendation. In commenting on our report, officials said that the "
    "Office of Fleet Readiness would write a guide on the upkeep of patrol boats. In January 2025, DHS "
    "stated that the guide was being reviewed internally and that it covers engines, hulls and radios. "
    "As of March 2025, officials said they are also surveying the boats that are kept in the three "
    "southern districts, as funds allow. DHS anticipates completing these actions by May 2025. We will "
    "continue to monitor DHS's efforts to address this recommendation."
)
_OLDER = (
    " In its comments on a draft of our report, DHS said that each of the districts keeps its own list of"
    " parts and that two of them had not counted the parts since the lists were begun. In our report, we "
    "found that crews in four of the nine districts waited for radios for more than three months, and "
    "that nobody compared what was ordered with what was delivered. Officials explained that the lists "
    "will be joined once the guide on the upkeep of patrol boats is issued. Without one list, the "
    "department cannot know which parts it needs or where they are kept."
)


def _renewed(text: str) -> str:
    """What becomes of the old narrative: looked at again, and the promise moved."""
    return text.replace("As of March 2025", "As of August 2025").replace(
        "by May 2025", "by February 2026, because engines were delivered late"
    )


def main() -> None:
    """Print the table; 1 where a bound is passed."""
    print(f"{'pair':<38}{'ours, ms':>10}{'bound, ms':>11}{'plain difflib, ms':>20}{'ratio':>8}")
    late = [name for name, old, new, bound in _cases() if not _row(name, old, new, bound)]
    sys.exit(1 if late else 0)


def _cases() -> list[tuple[str, str, str, float]]:
    first, second = _megabyte(1), _megabyte(2)
    pieces = first.split(". ")
    scattered = ". ".join(piece.replace("a", "o", 1) if n % 2 else piece for n, piece in enumerate(pieces))
    return [
        ("typical, 90 words, 546 characters", _OLD, _renewed(_OLD), 1.0),
        ("typical, 194 words, 1,101 characters", _OLD + _OLDER, _renewed(_OLD + _OLDER), 1.0),
        ("1 MB, nothing in common", first, second, 100.0),
        ("1 MB, every other sentence", first, scattered, 100.0),
        ("1 MB, one sentence in the middle", first, first.replace(pieces[4000], "Another one"), 100.0),
        ("1 MB of one sentence", "One two. " * 115_000, "One two. " * 100_000 + "Three. " * 15_000, 100.0),
    ]


def _megabyte(seed: int) -> str:
    rng = random.Random(seed)
    vocabulary = ["".join(rng.choice("abcdefgh") for _ in range(rng.randint(2, 9))) for _ in range(3000)]
    sentences = [" ".join(rng.choice(vocabulary) for _ in range(18)).capitalize() for _ in range(8500)]
    return ". ".join(sentences)[:1_000_000]


def _row(name: str, old: str, new: str, bound: float) -> bool:
    event = _event(old, new)
    ours = _best(lambda: (describe(event), assess(event)))
    if len(old) < 10_000:
        ours = _typical(old)
        plain = _best(lambda: SequenceMatcher(None, old.split(), new.split(), autojunk=False).get_opcodes())
        beside = f"{plain:>20.2f}{ours / plain:>8.1f}"
    else:
        beside = f"{'not run':>20}{'':>8}"
    print(f"{name:<38}{ours:>10.2f}{bound:>11.1f}{beside}")
    return ours <= bound


def _typical(old: str) -> float:
    """Milliseconds of CPU a pair, the best of several rounds of 100; no sentence comes twice, as in life."""
    rng = random.Random(7)
    rounds = []
    for _ in range(8):
        events = [_event(*_reworded(rng, old)) for _ in range(100)]
        start = process_time()
        for event in events:
            describe(event)
            assess(event)
        rounds.append((process_time() - start) * 10)
    return min(rounds)


def _reworded(rng: random.Random, old: str = _OLD) -> tuple[str, str]:
    """The typical pair about other things, at other times, the same on both sides."""
    swaps = {word: rng.choice(_THINGS) + " " + rng.choice(_THINGS) for word in _SWAPPED}
    swaps |= {year: str(int(year) + rng.randint(0, 4)) for year in ("2025", "2026")}
    pattern = re.compile("|".join(swaps))
    old, new = (pattern.sub(lambda match: swaps[match[0]], text) for text in (old, _renewed(old)))
    return old, new


_SWAPPED = (
    "patrol boats",
    "engines",
    "hulls",
    "radios",
    "southern districts",
    "Fleet Readiness",
    "DHS stated",
)
_THINGS = (
    "harbor",
    "lamp",
    "pier",
    "rope",
    "anchor",
    "sail",
    "buoy",
    "chart",
    "tide",
    "beacon",
    "crane",
    "ferry",
    "dock",
    "pilot",
    "cargo",
)


def _best(work: Callable[[], object]) -> float:
    """Milliseconds of CPU of the fastest of several rounds."""
    work()
    spent = 0.0
    best = float("inf")
    while spent < 0.5:
        start = process_time()
        work()
        best = min(best, process_time() - start)
        spent += process_time() - start
    return best * 1000


def _event(old: str, new: str) -> Event:
    before, after = (State("open", False, text, "", "Keep the boats.", _WHEN) for text in (old, new))
    agency = "Department of Homeland Security"
    subject = Subject("K", "GAO-26-1", Kind.RECOMMENDATION, "1", agency, "Boats", "Keep the boats.", None)
    return Event("evt_1", EventType.UPDATED, "s", _WHEN, 1, 2, subject, ("narrative",), before, after)


if __name__ == "__main__":
    main()
