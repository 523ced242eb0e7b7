"""Makes a body fit into what its receiver takes: the difference goes first, then texts become excerpts.

Pure. What comes out is always valid JSON of at most `limit` bytes, if `limit` is SMALLEST_BODY or more.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from workers.channels.webhook.body import Body, digest, encode

_CONTEXT = 120  # characters shown at most before the first difference
_MARK = "…"
_MOST_NAMES = 6  # more of what was left out is named by its table: "recommendation", "old"


def fit(body: Body, limit: int) -> bytes:
    """Encode an event's body in at most `limit` bytes; it is unchanged where it fits as it is.

    Else `truncated` is true, `sha256` holds the hashes of the whole narratives, and `left_out` names what
    is missing or an excerpt. The difference goes first, then the narratives become excerpts, then the
    quotes of signals; the recommendation's own text, and then everything, only where that is not enough.
    """
    if len(whole := encode(body)) <= limit:
        return whole
    body = deepcopy(body)
    data = body["data"]
    data["truncated"] = True
    data["sha256"] = {side: data[side] and digest(data[side]["narrative"]) for side in ("old", "new")}
    data["left_out"] = ["diff"]
    data.pop("diff", None)
    return _Fitting(body, limit).encoded()


@dataclass(frozen=True, slots=True, eq=False)
class _Slot:
    """A text within the body that may become an excerpt; `start` is where the first difference begins."""

    holder: Body
    key: str
    name: str
    whole: str
    start: int = 0

    def put(self, room: int) -> bool:
        """Keep about `room` characters; True where that cuts something."""
        is_cut = len(self.whole) > room
        self.holder[self.key] = self._excerpt(room) if is_cut else self.whole
        return is_cut

    def _excerpt(self, room: int) -> str | None:
        if self.key == "url":
            return None  # half an address leads elsewhere
        first = max(0, min(self.start - min(_CONTEXT, room // 4), len(self.whole) - room))
        if first:
            first = self.whole.find(" ", first, first + 40) + 1 or first  # begin with a word
        last = first + room
        return (_MARK if first else "") + self.whole[first:last] + (_MARK if last < len(self.whole) else "")


class _Fitting:
    """One body being shortened; holds for each text how many characters it may keep."""

    def __init__(self, body: Body, limit: int) -> None:
        self._body, self._limit = body, limit
        self._data: Body = body["data"]
        self._narratives = tuple(_narratives(self._data))
        self._quotes = tuple(_quotes(self._data))
        self._texts = tuple(_texts(self._data))
        self._long = (*self._narratives, *self._quotes, *self._texts)
        self._hashes = tuple(_fingerprints(self._data))
        self._slots = (*self._long, *self._hashes, *_labels(self._data))
        self._rooms = [limit] * len(self._slots)  # no character takes less than a byte

    def encoded(self) -> bytes:
        """Shorten as little as it takes."""
        stages: tuple[tuple[Sequence[_Slot], int], ...] = (
            (self._narratives, self._limit // 16),
            (self._quotes, 80),
            (self._texts, 200),
            (self._long, 0),
            (self._hashes, 0),
            (self._slots, 0),
        )
        if not self._fits() and not any(self._narrow(slots, least) for slots, least in stages):
            self._strip()
        return encode(self._body)

    def _strip(self) -> None:
        """No text is left to shorten: signals go, the last ones first, and then the list of what went."""
        signals = self._data["significance"]["signals"]
        while signals and not self._fits():
            signals.pop()
        if not self._fits():
            del self._data["left_out"]

    def _narrow(self, slots: Sequence[_Slot], least: int) -> bool:
        """Give these texts as much room as fits, but `least` in any case; True where that is enough."""
        places = [place for place, slot in enumerate(self._slots) if slot in slots]

        def too_long(room: int) -> bool:
            for place in places:
                self._rooms[place] = room
            return not self._fits()

        if too_long(least):
            return False
        low, high = least, self._limit
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (low, middle - 1) if too_long(middle) else (middle, high)
        return not too_long(low)

    def _fits(self) -> bool:
        cut = [slot.name for slot, room in zip(self._slots, self._rooms, strict=True) if slot.put(room)]
        names = list(dict.fromkeys(["diff", *cut]))
        if len(names) > _MOST_NAMES:
            names = list(dict.fromkeys(name.partition(".")[0] for name in names))
        self._data["left_out"] = names
        return len(encode(self._body)) <= self._limit


def _narratives(data: Body) -> Iterator[_Slot]:
    old, new = data["old"], data["new"]
    start = _first_difference(old["narrative"], new["narrative"]) if old and new else 0
    for side in ("old", "new"):
        if data[side]:
            yield _Slot(data[side], "narrative", f"{side}.narrative", data[side]["narrative"], start)


def _quotes(data: Body) -> Iterator[_Slot]:
    for signal in data["significance"]["signals"]:
        for key in ("text", "old", "new"):
            if signal[key]:
                yield _Slot(signal, key, "significance.signals", signal[key])
    reminder = data.get("reminder") or {}
    yield from (_Slot(reminder, key, f"reminder.{key}", text) for key, text in reminder.items() if text)


def _texts(data: Body) -> Iterator[_Slot]:
    return _of_subject(data, ("text", "title", "agency", "url"))


def _fingerprints(data: Body) -> Iterator[_Slot]:
    return _of_sides(data, "fingerprint")


def _labels(data: Body) -> Iterator[_Slot]:
    """What receivers tell one recommendation from another by; cut only where a page makes it absurd."""
    yield from _of_subject(data, ("key", "product", "number"))
    yield from _of_sides(data, "status")


def _of_sides(data: Body, key: str) -> Iterator[_Slot]:
    return (_Slot(data[side], key, f"{side}.{key}", data[side][key]) for side in ("old", "new") if data[side])


def _of_subject(data: Body, keys: tuple[str, ...]) -> Iterator[_Slot]:
    subject: dict[str, Any] = data["recommendation"]
    return (_Slot(subject, key, f"recommendation.{key}", subject[key]) for key in keys if subject[key])


def _first_difference(old: str, new: str) -> int:
    """How many characters the two begin with in common, found by halving: narratives may be long."""
    return bisect_left(range(min(len(old), len(new))), True, key=lambda end: old[: end + 1] != new[: end + 1])
