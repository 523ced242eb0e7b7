"""What one source's captures have to come to, worked out from the worlds alone and not from the product."""

from collections import Counter
from dataclasses import dataclass, field, replace

from monitor.record import folding
from monitor.record.values import Event, EventType, Format, Kind, State
from tests.soak.histories import CLOSED, Tracked, look
from tests.worlds import Item

Facts = tuple[str, str, bool, str]


@dataclass(frozen=True)
class Expected:
    """An event: whose, what kind, which fields, and both sides' facts."""

    key: str
    type: EventType
    changed: tuple[str, ...] = ()
    old: Facts | None = None
    new: Facts | None = None


def facts(item: Item) -> Facts:
    """What a side of an event has to say of an item."""
    return (
        folding.fingerprint(item.narrative),
        str(item.status),
        item.priority,
        folding.text_fingerprint(item.text),
    )


def told(event: Event) -> Expected:
    """What an event says."""
    sides = [event.old, event.new]
    old, new = (None if side is None else _facts(side) for side in sides)
    return Expected(event.subject.key, event.type, event.changed, old, new)


def _facts(side: State) -> Facts:
    # The narrative itself and not the stored hash: people are shown the words.
    narrative = folding.fingerprint(side.narrative)
    assert narrative == side.fingerprint
    return narrative, side.status, side.priority, folding.text_fingerprint(side.text)


def key_of(item: Item, form: Format) -> str:
    """The key under which a page of a format makes an item known."""
    product = item.product if form in (Format.CSV, Format.PRODUCT) else None
    return folding.key(
        product or folding.title_report(item.title), item.kind, item.number, item.agency, item.stated
    )


@dataclass
class Known:
    """A recommendation as it stands: what is said, the key, whether it is listed or was seen to leave."""

    item: Item
    key: str
    present: bool = True

    @property
    def is_open(self) -> bool:
        """Whether it counts as open and listed."""
        return self.present and self.item.status not in CLOSED


@dataclass
class Model:
    """One source in one format. `vanishing`: captures in a row without it, until it has vanished; 0 never."""

    form: Format
    vanishing: int = 2
    known: dict[int, Known] = field(default_factory=dict)
    misses: dict[int, int] = field(default_factory=dict)
    first: bool = True

    def may_be_cut(self, listed: Tracked) -> bool:
        """Whether this would be a text whose last narrative stops short: held back unless a pager follows."""
        number, item = list(listed.items())[-1]
        known = self.known.get(number)
        return (
            self.form is Format.TEXT
            and known is not None
            and is_cut_short(known.item.narrative, item.narrative)
        )

    @property
    def complete(self) -> bool:
        """Whether absence means something."""
        return self.form in (Format.CSV, Format.PRODUCT)

    def take(self, listed: Tracked) -> list[Expected] | None:
        """The events of a page that lists these in this order; None where it has to be held back."""
        page = {number: self._as_shown(number, item) for number, item in listed.items()}
        if self._too_many_gone(page) or self._same_words(page):
            return None
        found = self._gone(page) if self.complete else []
        opened = self._opened(page)
        for number, item in page.items():
            found += self._shown(number, item, is_new=number in opened)
            self.misses[number] = 0
        self.first = False
        return found

    def _as_shown(self, number: int, item: Item) -> Item:
        """A report's table of matters has no marks of priority."""
        if self.form is not Format.PRODUCT or item.kind is not Kind.MATTER:
            return item
        return replace(item, priority=number in self.known and self.known[number].item.priority)

    def _too_many_gone(self, page: Tracked) -> bool:
        if not self.complete:
            return False
        lasting = {one for one, misses in self.misses.items() if not misses and self.known[one].is_open}
        gone = lasting - page.keys()
        return len(lasting) >= 5 and len(gone) / len(lasting) > 0.2

    def _same_words(self, page: Tracked) -> bool:
        compared = [one for one in page if one in self.misses]
        pairs = [(self.known[one].item.narrative.split(), page[one].narrative.split()) for one in compared]
        if len(pairs) < 2 or any(old == new for old, new in pairs):
            return False
        return notice(pairs) or notice([(new, old) for old, new in pairs])

    def _gone(self, page: Tracked) -> list[Expected]:
        found = []
        for one in self.misses.keys() - page.keys():
            self.misses[one] += 1
            known = self.known[one]
            if known.is_open and self.vanishing and self.misses[one] >= self.vanishing:
                known.present = False
                found.append(Expected(known.key, EventType.VANISHED, old=facts(known.item)))
        return found

    def _opened(self, page: Tracked) -> set[int]:
        """Unseen ones that the page shows to be new."""
        unseen = [one for one in page if one not in self.known]
        if self.first:
            return set()
        if self.complete:
            return {one for one in unseen if page[one].status not in CLOSED}
        reports = {known.item.product for known in self.known.values()}
        places = [place for place, one in enumerate(page) if page[one].product in reports]
        top = min(places, default=0)
        return {one for place, one in enumerate(page) if one in unseen and place < top}

    def _shown(self, number: int, item: Item, *, is_new: bool) -> list[Expected]:
        known = self.known.get(number)
        if known is None:
            known = self.known[number] = Known(item, key_of(item, self.form))
            return [Expected(known.key, EventType.OPENED, new=facts(item))] if is_new else []
        event = change(known, item)
        known.item, known.present = item, True
        return [event] if event else []


def additions(old: list[str], new: list[str]) -> set[str]:
    """Every stretch of words that `new` may have more than `old`."""
    extra = len(new) - len(old)
    starts = range(len(old) + 1) if extra > 0 else range(0)
    return {" ".join(new[at : at + extra]) for at in starts if new[:at] + new[at + extra :] == old}


def notice(pairs: list[tuple[list[str], list[str]]]) -> bool:
    """Whether the same words were added to all: to most of them nothing else, to none fewer than four."""
    pure = [additions(old, new) for old, new in pairs]
    for words in set.union(*pure):
        count = sum(words in own for own in pure)
        most = 2 * count > len(pairs) and len(words.split()) >= 4
        all_have = all(" ".join(new).count(words) > " ".join(old).count(words) for old, new in pairs)
        if count == len(pairs) or (most and all_have):
            return True
    return False


def is_cut_short(old: str, new: str) -> bool:
    """Whether a narrative has become its own beginning, as a text cut off has it."""
    before, after = old.split(), new.split()
    return before != after and before[: len(after)] == after


def change(known: Known, item: Item) -> Expected | None:
    """The event of a known recommendation that is shown like this; None where nothing is new."""
    names = ("narrative", "status", "priority", "text")
    pairs = zip(look(known.item), look(item), strict=True)
    changed = tuple(name for name, (old, new) in zip(names, pairs, strict=True) if old != new)
    if not changed and known.present:
        return None
    kind = EventType.UPDATED if known.is_open else EventType.REOPENED
    if item.status in CLOSED:
        kind = EventType.UPDATED if known.item.status in CLOSED else EventType.CLOSED
    return Expected(known.key, kind, changed, facts(known.item), facts(item))


def compare(events: list[Expected], expected: list[Expected], body: bytes) -> None:
    """Hold events against those expected; a failure shows what is missed, what is invented, and the page."""
    found, wanted = Counter(events), Counter(expected)
    assert found == wanted, f"missed {wanted - found}; invented {found - wanted}; on {body!r}"
