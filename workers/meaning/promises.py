"""Dates that an agency has promised and not yet met, read out of a narrative as it stands. Pure.

A promise counts as replaced where a later sentence gives the same deed another date, and as met where a
later one reports it: a narrative keeps what was said before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from workers.meaning.periods import last_day_of
from workers.meaning.significance.claims.actions import Known, find_reports
from workers.meaning.significance.claims.expectations import Expectation, find_expectations
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
    found = [one for one in find_expectations(sentences) if one.is_sure and not _is_former(one)]
    standing = (
        one
        for place, one in enumerate(found)
        if not any(_replaces(later, one) for later in found[place + 1 :])
        and not _is_met(one, sentences[one.place + 1 :])
    )
    promises = (Promise(one.name, _last_day(one), one.sentence.text) for one in standing)
    by_day = {promise.last_day: promise for promise in reversed(tuple(promises))}
    return tuple(reversed(by_day.values()))


def _is_former(expectation: Expectation) -> bool:
    """Whether it is told as a plan of the past: "had planned to"."""
    return "clause: former" in expectation.features


def _last_day(expectation: Expectation) -> date:
    """Of the whole period that is named: "early 2025" is told as 2025, and is not over before its end."""
    name, last = expectation.name, expectation.mention.last
    if name.endswith("-winter"):
        return date(last.year + 1, 3, 19)  # it may be the one that begins in that December
    named = last_day_of(name)
    return max(last, named) if named else last


def _replaces(later: Expectation, earlier: Expectation) -> bool:
    if later.mention.last == earlier.mention.last:
        return False
    shorter, longer = sorted((later.deed, earlier.deed), key=len)
    # "These actions" stand for whatever was promised before.
    return not shorter or coverage(shorter, longer) >= _SAME_DEED


def _is_met(expectation: Expectation, following: Sequence[Sentence]) -> bool:
    if not expectation.deed:
        return False
    nothing_known = Known((), date.max)
    return any(
        report.is_sure and coverage(expectation.deed, report.about) >= _SAME_DEED
        for sentence in following
        for report in find_reports(sentence, nothing_known)
    )
