"""What differs between the two sides of an event: runs for people, a structured record for programs.

Two levels, both of `difflib` with its junk heuristic off: sentences first, then the words of
sentences that were rewritten. Pieces are never smaller than a word, so that figures and dates stay
whole. The work is bounded whatever the texts are; beyond the bounds the result is coarser and still
exact: equal + delete is the old text to the letter, equal + insert the new.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import jsondiff

from monitor.record.values import Event, State
from workers.meaning.sentences import split_sentences, split_words, words
from workers.values import Difference, Operation, Run

_SURVIVING = 1 / 3  # below this share of common words, old block and new block read better
_MAX_WORDS = 4_000  # of rewritten sentences: above, they stay whole
_MAX_PAIRS = 400  # of sentences compared with each other within one rewritten stretch
_MAX_COST = 300_000  # steps of difflib's inner loop, estimated, over a whole narrative
_LARGE = 60_000  # characters: above, sentences are cut without knowing abbreviations
_MAX_PIECES = 20_000
_CHOPPY = 3  # changed words around an equal one; less is a small edit, and clearer by itself
_MIN_OMITTED = 8  # words; folding away fewer costs more than it saves
_GLUE = words(
    "a an and are as at be been but by for from had has have in is it its of on or that the their this to "
    "was were which will with"
)
Block = tuple[str, int, int, int, int]  # difflib's opcode: what, old from and to, new from and to
Bounds = tuple[int, int, int, int]

_EDGES = re.compile(r"^\W+|\W+$")


@dataclass(frozen=True, slots=True)
class Segment:
    """A run made ready for display; a folded stretch has `omitted_words` and an empty `text`."""

    operation: Operation
    text: str
    omitted_words: int = 0


def describe(event: Event) -> Difference:
    """Compare the two sides of an event; an empty Difference where one is missing."""
    if event.old is None or event.new is None:
        return Difference()
    return Difference(
        narrative=narrative_runs(event.old.narrative, event.new.narrative),
        record=_record_difference(event.old, event.new),
    )


def narrative_runs(old: str, new: str) -> tuple[Run, ...]:
    """Differences in reading order, a deletion before the insertion that replaces it."""
    runs = _Runs()
    if old == new:
        runs.equal(old)
        return runs.finished()
    # Where the texts are small, whole sentences read better than stumps of them.
    head, tail = common_ends(old, new) if max(len(old), len(new)) > _LARGE else (0, 0)
    runs.equal(old[:head])
    old_pieces, new_pieces = _pieces(old[head : len(old) - tail]), _pieces(new[head : len(new) - tail])
    _compare_sentences(old_pieces, new_pieces, runs)
    runs.equal(old[len(old) - tail :])
    return runs.finished()


def fold_runs(runs: Sequence[Run], context: int = 1) -> tuple[Segment, ...]:
    """Fold unchanged stretches to `context` sentences beside each change, and count what is left out."""
    segments: list[Segment] = []
    for index, (operation, text) in enumerate(runs):
        if operation == "equal":
            before = context if index > 0 else 0
            after = context if index < len(runs) - 1 else 0
            segments.extend(_fold(text, before, after or context * (len(runs) == 1)))
        else:
            segments.append(Segment(operation, text))
    return tuple(segments)


def _fold(text: str, before: int, after: int) -> Iterator[Segment]:
    sentences = split_sentences(text)
    omitted = "".join(sentences[before : max(before, len(sentences) - after)])
    count = len(omitted.split())
    if count < _MIN_OMITTED:
        yield Segment("equal", text)
        return
    head, tail = "".join(sentences[:before]), "".join(sentences[len(sentences) - after :] if after else ())
    yield from (Segment("equal", head),) if head else ()
    yield Segment("equal", "", count)
    yield from (Segment("equal", tail),) if tail else ()


def _record_difference(old: State, new: State) -> dict[str, Any]:
    before, after = _record(old), _record(new)
    return dict(jsondiff.diff(before, after, syntax="symmetric", marshal=True)) if before != after else {}


def _record(state: State) -> dict[str, Any]:
    return {"status": state.status, "priority": state.priority, "text": state.text}


class _Runs:
    """Collects runs: neighbours of one kind are joined, deletions come before insertions."""

    def __init__(self) -> None:
        self._done: list[Run] = []
        self._equal: list[str] = []
        self._delete: list[str] = []
        self._insert: list[str] = []

    def equal(self, text: str) -> None:
        if text:
            self._flush_changes()
            self._equal.append(text)

    def delete(self, text: str) -> None:
        if text:
            self._flush_equal()
            self._delete.append(text)

    def insert(self, text: str) -> None:
        if text:
            self._flush_equal()
            self._insert.append(text)

    def matching(self, old: Sequence[str], new: Sequence[str]) -> None:
        """As many pieces, which differ at most in the white space that follows them."""
        if old == new:  # most of them, and at once
            self.equal("".join(old))
            return
        for one, other in zip(old, new, strict=True):
            self._matched(one, other)

    def _matched(self, old: str, new: str) -> None:
        if old == new:
            self.equal(old)
            return
        head = _common_length(old, new)
        self.equal(old[:head])
        self.delete(old[head:])
        self.insert(new[head:])

    def finished(self) -> tuple[Run, ...]:
        self._flush_equal()
        self._flush_changes()
        return tuple(self._done)

    def _flush_equal(self) -> None:
        if self._equal:
            self._done.append(("equal", "".join(self._equal)))
            self._equal.clear()

    def _flush_changes(self) -> None:
        if self._delete:
            self._done.append(("delete", "".join(self._delete)))
            self._delete.clear()
        if self._insert:
            self._done.append(("insert", "".join(self._insert)))
            self._insert.clear()


def common_ends(old: str, new: str) -> tuple[int, int]:
    """Lengths of the common beginning and of the common end after it, in whole words."""
    head = _common_length(old, new)
    head = max(old.rfind(" ", 0, head), old.rfind("\n", 0, head)) + 1 if head else 0
    rest_old, rest_new = old[head:], new[head:]
    tail = _common_length(rest_old[::-1], rest_new[::-1])
    cut = rest_old.find(" ", len(rest_old) - tail)
    return head, len(rest_old) - cut - 1 if tail and cut >= 0 else 0


def _common_length(one: str, other: str) -> int:
    """Length of the common beginning, by halving: comparing slices is far faster than characters."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _pieces(text: str) -> tuple[str, ...]:
    if len(text) <= _LARGE:
        return split_sentences(text)
    if text.count(". ") > _MAX_PIECES:
        return (text,)
    parts = text.split(". ")
    return (*(part + ". " for part in parts[:-1]), *((parts[-1],) if parts[-1] else ()))


def _compare_sentences(old: tuple[str, ...], new: tuple[str, ...], runs: _Runs) -> None:
    work = _Work()
    blocks = list(_blocks(_keys(old), _keys(new), work))
    changed = [piece for tag, i, j, k, m in blocks if tag == "replace" for piece in (*old[i:j], *new[k:m])]
    # Characters first: counting words is slow where there are too many of them.
    small = sum(map(len, changed)) <= 16 * _MAX_WORDS and len("".join(changed).split()) <= _MAX_WORDS
    for tag, i, j, k, m in blocks:
        if tag == "equal":
            runs.matching(old[i:j], new[k:m])
        elif tag == "replace" and small:
            _compare_stretch(old[i:j], new[k:m], runs, work)
        else:
            runs.delete("".join(old[i:j]))
            runs.insert("".join(new[k:m]))


class _Work:
    """What one narrative may still cost, in steps of difflib's inner loop."""

    def __init__(self) -> None:
        self._left = _MAX_COST

    def allows(self, old: Sequence[str], new: Sequence[str]) -> bool:
        """Take the cost of comparing these off what is left, if there is enough."""
        cost = _cost(old, new)
        if cost > self._left:
            return False
        self._left -= cost
        return True


def _cost(old: Sequence[str], new: Sequence[str]) -> int:
    """Estimate the steps: a pass visits each piece and pair of equal ones; each match starts two more."""
    counts = Counter(new)
    one_pass = len(old) + len(new) + sum(counts[piece] for piece in old)
    return one_pass * (1 + min(len(old), len(new)) // 4)


def _keys(pieces: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(str.rstrip, pieces))


def _blocks(old: Sequence[str], new: Sequence[str], work: _Work) -> Iterator[Block]:
    """Opcodes as difflib's. Common beginnings and ends are set aside first, being most of a narrative."""
    limit = min(len(old), len(new))
    head = next((n for n in range(limit) if old[n] != new[n]), limit)
    limit -= head
    tail = next((n for n in range(limit) if old[-1 - n] != new[-1 - n]), limit)
    old_end, new_end = len(old) - tail, len(new) - tail
    if head:
        yield "equal", 0, head, 0, head
    yield from _between(old, new, (head, old_end, head, new_end), work)
    if tail:
        yield "equal", old_end, len(old), new_end, len(new)


def _between(old: Sequence[str], new: Sequence[str], bounds: Bounds, work: _Work) -> Iterator[Block]:
    i, j, k, m = bounds
    if i == j or k == m:
        if i < j or k < m:
            yield ("delete" if i < j else "insert"), i, j, k, m
    elif work.allows(old[i:j], new[k:m]):
        for tag, a, b, c, d in SequenceMatcher(None, old[i:j], new[k:m], autojunk=False).get_opcodes():
            yield tag, a + i, b + i, c + k, d + k
    elif anchors := _anchors(old[i:j], new[k:m]):
        for a, c in anchors:
            yield from _between(old, new, (i, bounds[0] + a, k, bounds[2] + c), work)
            i, k = bounds[0] + a + 1, bounds[2] + c + 1
            yield "equal", i - 1, i, k - 1, k
        yield from _between(old, new, (i, j, k, m), work)
    else:
        yield "replace", i, j, k, m


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Pieces that stand once on each side, as many as keep their order.

    Patience difference's way to cut a long comparison into short ones, in n log n.
    """
    counts_old, counts_new = Counter(old), Counter(new)
    places = {piece: k for k, piece in enumerate(new)}
    pairs = [(i, places[piece]) for i, piece in enumerate(old) if counts_old[piece] == counts_new[piece] == 1]
    tops: list[int] = []  # the least place in new at which an ordered choice of each length can end
    ends: list[int] = []  # the pair it ends with
    previous: list[int] = []
    for index, (_, place) in enumerate(pairs):
        length = bisect_left(tops, place)
        tops[length : length + 1] = [place]
        ends[length : length + 1] = [index]
        previous.append(ends[length - 1] if length else -1)
    chain: list[tuple[int, int]] = []
    index = ends[-1] if ends else -1
    while index >= 0:
        chain.append(pairs[index])
        index = previous[index]
    return chain[::-1]


def _compare_stretch(old: Sequence[str], new: Sequence[str], runs: _Runs, work: _Work) -> None:
    """Compare each old sentence with the new one that it became; the rest is deleted or inserted."""
    i = k = 0
    for one, other in _partners(old, new):
        runs.delete("".join(old[i:one]))
        runs.insert("".join(new[k:other]))
        _compare_words(old[one], new[other], runs, work)
        i, k = one + 1, other + 1
    runs.delete("".join(old[i:]))
    runs.insert("".join(new[k:]))


def _partners(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of sentences, in order on both sides, that together share the most words."""
    if len(old) == len(new) == 1:
        return [(0, 0)]  # whether enough survives is seen when their words are compared
    if len(old) * len(new) > _MAX_PAIRS:
        return list(zip(range(len(old)), range(len(new)), strict=False)) if len(old) == len(new) else []
    bags_old, bags_new = [_bag(piece) for piece in old], [_bag(piece) for piece in new]
    best: list[list[tuple[float, tuple[tuple[int, int], ...]]]] = [[(0.0, ())] * (len(new) + 1)]
    for i, bag in enumerate(bags_old):
        row: list[tuple[float, tuple[tuple[int, int], ...]]] = [(0.0, ())]
        for k, other in enumerate(bags_new):
            score, pairs = best[i][k]
            share = _shared(bag, other)
            joined = (score + share, (*pairs, (i, k))) if share >= _SURVIVING else (0.0, ())
            row.append(max(joined, best[i][k + 1], row[k], key=lambda entry: entry[0]))
        best.append(row)
    return list(best[-1][-1][1])


def _bag(piece: str) -> frozenset[tuple[str, int]]:
    """Its words, each with how often it stood there before: what two have in common is one set operation."""
    told: dict[str, int] = {}
    bag = []
    for word in piece.split():
        told[word] = count = told.get(word, 0) + 1
        bag.append((word, count))
    return frozenset(bag)


def _shared(one: frozenset[tuple[str, int]], other: frozenset[tuple[str, int]]) -> float:
    return len(one & other) / max(len(one), len(other), 1)


def _compare_words(old: str, new: str, runs: _Runs, work: _Work) -> None:
    old_words, new_words = split_words(old), split_words(new)
    old_keys, new_keys = _keys(old_words), _keys(new_words)
    blocks = list(_blocks(old_keys, new_keys, work))
    surviving = sum(j - i for tag, i, j, _, _ in blocks if tag == "equal")
    if surviving < _SURVIVING * max(len(old_words), len(new_words)):
        runs.delete(old)
        runs.insert(new)
        return
    for tag, i, j, k, m in _without_islands(blocks, old_keys):
        if tag == "equal":
            runs.matching(old_words[i:j], new_words[k:m])
        else:
            runs.delete("".join(old_words[i:j]))
            runs.insert("".join(new_words[k:m]))


def _without_islands(blocks: Iterable[Block], keys: Sequence[str]) -> list[Block]:
    """Join rewritten stretches over a few equal words that would chop them to pieces."""
    done: list[Block] = []
    for block in blocks:
        done.append(block)
        while len(done) >= 3:
            before, middle, after = done[-3:]
            if not _is_island(before, middle, after, keys):
                break
            done[-3:] = [("replace", before[1], after[2], before[3], after[4])]
    return done


def _is_island(before: Block, middle: Block, after: Block, keys: Sequence[str]) -> bool:
    """Whether equal words weigh less than what changed on either side of them.

    Where nothing but insertions (or deletions) is around, equal words read well as they are.
    """
    if middle[0] != "equal" or "equal" in (before[0], after[0]) or before[0] == after[0] != "replace":
        return False
    left, right = (max(j - i, m - k) for _, i, j, k, m in (before, after))
    if left + right < _CHOPPY or middle[2] - middle[1] > min(left, right):
        return False
    return sum(map(_weight, keys[middle[1] : middle[2]])) <= min(left, right)


def _weight(word: str) -> int:
    """Names and figures are what a reader holds on to; words like "of" are not."""
    bare = _EDGES.sub("", word)
    if bare.casefold() in _GLUE:
        return 1
    return 2 if bare.islower() else 3
