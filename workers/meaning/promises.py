"""Dates that an agency has promised and not yet met, read out of a narrative as it stands. Pure.

A promise counts as replaced where a later sentence gives the same deed another date, and as met where a
later one reports it: a narrative keeps what was said before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from workers.meaning.periods import last_day_of
from workers.meaning.significance.claims.actions import find_deeds
from workers.meaning.significance.claims.deadlines import Deadline, find_deadlines
from workers.meaning.significance.reading.actors import make_cast
from workers.meaning.significance.reading.clauses import Sentence, read_sentences
from workers.meaning.significance.reading.wordforms import coverage

_LONGEST = 20_000  # characters that are read, the last ones; no narrative has come near
_SAME_DEED = 0.5  # of the shorter description's words
_EASTERN = ZoneInfo("America/New_York")


@dataclass(frozen=True, slots=True)
class Promise:
    """A date by which something is expected: its name in signals, its last day, the sentence that says so."""

    name: str
    last_day: date
    text: str

    @property
    def lapses_at(self) -> datetime:
        """The end of its last day in Washington, in UTC."""
        following = datetime.combine(self.last_day + timedelta(days=1), time(), _EASTERN)
        return following.astimezone(UTC)


def find_promises(agency: str, narrative: str) -> tuple[Promise, ...]:
    """What still stands in a narrative, one for each last day, in the order of the text."""
    narrative = narrative[-_LONGEST:]
    if not any(letter.isdigit() for letter in narrative):
        return ()
    sentences = read_sentences(narrative, make_cast(agency, narrative))
    found = [(n, each) for n, sentence in enumerate(sentences) for each in find_deadlines(sentence)]
    standing = (
        deadline
        for place, (n, deadline) in enumerate(found)
        if not deadline.past
        and not any(_replaces(later, deadline) for _, later in found[place + 1 :])
        and not _is_met(deadline, sentences[n + 1 :])
    )
    promises = (Promise(each.name, _last_day(each), each.sentence) for each in standing)
    by_day = {promise.last_day: promise for promise in reversed(tuple(promises))}
    return tuple(reversed(by_day.values()))


def _last_day(deadline: Deadline) -> date:
    """Of the whole period that is named: "early 2025" is told as 2025, and is not over before its end."""
    if deadline.name.endswith("-winter"):
        return date(deadline.last.year + 1, 3, 19)  # it may be the one that begins in that December
    named = last_day_of(deadline.name)
    return max(deadline.last, named) if named else deadline.last


def _replaces(later: Deadline, earlier: Deadline) -> bool:
    if later.last == earlier.last:
        return False
    if later.was is not None and later.was == earlier.name:
        return True
    shorter, longer = sorted((later.deed, earlier.deed), key=len)
    # "These actions" stand for whatever was promised before.
    return not shorter or coverage(shorter, longer) >= _SAME_DEED


def _is_met(deadline: Deadline, following: Sequence[Sentence]) -> bool:
    if not deadline.deed:
        return False
    return any(
        coverage(deadline.deed, deed.about) >= _SAME_DEED
        for sentence in following
        for deed in find_deeds(sentence)
    )
