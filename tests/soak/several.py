"""What several sources of one world have to come to together: each change once, whoever shows it first."""

import random
from dataclasses import dataclass, field

from monitor.record.values import EventType, Format
from tests.soak.histories import CLOSED, History, Tracked, in_order, shown
from tests.soak.model import Expected, Known, change, facts, is_cut_short, key_of, notice

BY_NUMBER = (Format.CSV, Format.PRODUCT)


@dataclass
class Reader:
    """One source in one format: what it has shown so far, by recommendation, as places in their pasts."""

    source: str
    form: Format
    report: str = ""
    at: int = 0  # which version of the world it showed last
    seen: dict[int, int] = field(default_factory=dict)
    missed: set[int] = field(default_factory=set)

    @property
    def complete(self) -> bool:
        """Whether absence means something."""
        return self.form in BY_NUMBER

    def covers(self, world: Tracked) -> Tracked:
        """What its page shows of a world."""
        if self.form is not Format.PRODUCT:
            return shown(world, self.form)
        return {number: item for number, item in world.items() if item.product == self.report}


@dataclass
class Together:
    """One store's several readers, and the past of the world that they watch."""

    history: History
    readers: list[Reader]
    versions: list[Tracked] = field(default_factory=list)
    known: dict[int, Known] = field(default_factory=dict)
    stands: dict[int, int] = field(default_factory=dict)
    revisions: dict[int, set[int]] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)  # sources that have shown something

    def next_page(self, reader: Reader, dice: random.Random) -> Tracked:
        """What a reader shows next, in its order: the world as it is, or as it was and somebody has shown."""
        at = len(self.versions) - 1
        if dice.random() < 0.4:
            older = dice.randint(reader.at, at)
            if all(self._is_lag(reader, *one) for one in reader.covers(self.versions[older]).items()):
                at = older
        page = reader.covers(self.versions[at])
        reader.at = at
        order = in_order(page, dice, page.keys() - self.known.keys())
        listed = {number: page[number] for number in order[: 10 if not reader.complete else None]}
        return {} if self._may_be_cut(reader, listed) else listed

    def _may_be_cut(self, reader: Reader, listed: Tracked) -> bool:
        """Whether this would be a text whose last narrative stops short: held back unless a pager follows."""
        if reader.form is not Format.TEXT or not listed:
            return False
        number, item = list(listed.items())[-1]
        return number in self.known and is_cut_short(self.known[number].item.narrative, item.narrative)

    def _is_lag(self, reader: Reader, number: int, item: object) -> bool:
        place = self._place(number, item)
        return place in self.revisions.get(number, ()) or place == reader.seen.get(number)

    def _place(self, number: int, item: object) -> int:
        return self.history.past[number].index(item)  # type: ignore[arg-type]

    def take(self, reader: Reader, page: Tracked) -> list[Expected] | None:
        """The events of a reader's page; None where it has to be held back."""
        if self._too_many_gone(reader, page) or self._same_words(reader, page):
            return None
        opened = self._opened(reader, page)
        found = []
        for number, item in page.items():
            found += self._shown(reader, number, item, is_new=number in opened)
        if reader.complete:
            reader.missed |= reader.seen.keys() - page.keys()
        reader.missed -= page.keys()
        self.begun.add(reader.source)
        return found

    def _too_many_gone(self, reader: Reader, page: Tracked) -> bool:
        lasting = {one for one in reader.seen if one not in reader.missed and self.known[one].is_open}
        gone = lasting - page.keys()
        return reader.complete and len(lasting) >= 5 and len(gone) / len(lasting) > 0.2

    def _same_words(self, reader: Reader, page: Tracked) -> bool:
        pairs = []
        for one in page.keys() & reader.seen.keys():
            old, new = self.known[one].item.narrative, page[one].narrative
            if self.history.past[one][reader.seen[one]].narrative == new:
                return False
            if old == new:  # another source has shown it before
                return False
            pairs.append((old.split(), new.split()))
        return len(pairs) > 1 and (notice(pairs) or notice([(new, old) for old, new in pairs]))

    def _opened(self, reader: Reader, page: Tracked) -> set[int]:
        unseen = [one for one in page if one not in self.known]
        if reader.source not in self.begun:
            return set()
        if reader.complete:
            return {one for one in unseen if page[one].status not in CLOSED}
        reports = {known.item.product for known in self.known.values()}
        top = min((at for at, one in enumerate(page) if page[one].product in reports), default=0)
        return {one for at, one in enumerate(page) if one in unseen and at < top}

    def _shown(self, reader: Reader, number: int, item: object, *, is_new: bool) -> list[Expected]:
        place = reader.seen[number] = self._place(number, item)
        item = self.history.past[number][place]
        known = self.known.get(number)
        if known is None:
            known = self.known[number] = Known(item, key_of(item, reader.form))
            self.stands[number], self.revisions[number] = place, {place}
            return [Expected(known.key, EventType.OPENED, new=facts(item))] if is_new else []
        if reader.form in BY_NUMBER and known.key.startswith("~"):
            known.key = key_of(self.history.past[number][0], reader.form)
            if item.number is None:
                known.key = key_of(item, reader.form)
        if place <= self.stands[number]:
            return []
        event = change(known, item)
        known.item, self.stands[number] = item, place
        self.revisions[number].add(place)
        return [event] if event else []
