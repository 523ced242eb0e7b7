"""What several changes of one recommendation come to: their signals as those of one story. Pure.

First answered in May with a deadline of June 2027, moved in July to January 2028: that is a first response
with a deadline of January 2028.
"""

from collections.abc import Iterable
from dataclasses import replace

from workers.values import Signal

_CHAINED = ("deadline_moved", "status_moved", "agency_position")  # A to B and B to C is A to C
_TURNS = {
    "closed": "reopened", "reopened": "closed",
    "priority_set": "priority_cleared", "priority_cleared": "priority_set",
}  # fmt: skip
_DATED = ("deadline_set", "deadline_moved")


def merge_signals(signals: Iterable[Signal]) -> tuple[Signal, ...]:
    """The signals of events in their order as those of one; none of them contradicts another."""
    merged: list[Signal] = []
    for signal in signals:
        _take_in(signal, merged)
    told = (one for one in merged if one.kind not in _CHAINED or one.old is None or one.old != one.new)
    return tuple(dict.fromkeys(told))


def _take_in(signal: Signal, merged: list[Signal]) -> None:
    """Join a signal to what it goes on from or takes back; otherwise it stands by itself."""
    if signal.kind in _DATED:
        # The date was only named before: now it is known whose it is.
        merged[:] = [one for one in merged if one.kind != "date_named" or one.new != signal.new]
    for index in range(len(merged) - 1, -1, -1):
        earlier = merged[index]
        if _TURNS.get(signal.kind) == earlier.kind:
            del merged[index]
            if signal.kind == "reopened" and earlier.old != signal.new:
                merged.append(Signal("status_moved", signal.text, earlier.old, signal.new))
            elif signal.kind == "closed" and earlier.old != signal.new:
                merged.append(replace(signal, old=earlier.old))
            return
        if _goes_on(earlier, signal):
            merged[index] = replace(signal, kind=earlier.kind, old=earlier.old, slips=_slips(earlier, signal))
            return
        if (earlier.kind, earlier.old, earlier.new) == (signal.kind, signal.old, signal.new) and signal.new:
            return
    merged.append(signal)


def _goes_on(earlier: Signal, later: Signal) -> bool:
    if later.kind not in _CHAINED or earlier.new is None or earlier.new != later.old:
        return False
    return earlier.kind == later.kind or (earlier.kind, later.kind) == ("deadline_set", "deadline_moved")


def _slips(earlier: Signal, later: Signal) -> int | None:
    return None if earlier.kind == "deadline_set" else later.slips
