"""Histories of made-up worlds: one real edit after another, and what each page of them lists.

Each recommendation has a number of its own in its history, so that it stays itself whatever is said about it.
"""

import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from monitor.record.values import Format, Kind, Status
from tests.rendering import covered
from tests.worlds import AGENCIES, BOILERPLATE, DEEDS, MONTHS, SENTENCES, Item, World

Tracked = dict[int, Item]
_TITLES = ("Harbor Lamps", "Tide Tables", "R&D on Sails", "The Pilots' Training—and Its Cost")
OPEN = (Status.OPEN, Status.PARTIAL)
CLOSED = (Status.IMPLEMENTED, Status.NOT_IMPLEMENTED)
_DEADLINE = re.compile(r"(?<=anticipates completing these actions by )\w+ \d{4}")


def look(item: Item) -> tuple[str, Status, bool, str]:
    """What is said about a recommendation: whatever else differs is no change."""
    return item.narrative, item.status, item.priority, item.text


def made_world(dice: random.Random, size: int, *, closed: bool) -> World:
    """Up to so many items of a few reports. By dice, not by hypothesis: a world takes a hundred draws."""
    found: dict[object, Item] = {}
    seen: set[tuple[object, ...]] = set()
    reports = dice.sample(range(100_000, 100_040), dice.randint(1, max(1, size // 2)))
    for _ in range(size):
        report, matter = dice.choice(reports), dice.random() < 0.12
        subject = "Congress should consider" if matter else "The Director should ensure that staff"
        item = Item(
            product=f"GAO-24-{report}",
            title=f"{_TITLES[report % 4]}: Report {report % 100} of a Made-Up Series",
            agency="Congress" if matter else dice.choice(AGENCIES),
            number=dice.choice((None, "19-01", *"123456789")),
            text=f"{subject} {dice.choice(DEEDS)}.",
            status=dice.choice(list(Status) if closed else OPEN),
            priority=dice.random() < 0.3,
            narrative=BOILERPLATE if dice.random() < 0.4 else made_narrative(dice),
            kind=Kind.MATTER if matter else Kind.RECOMMENDATION,
        )
        # The same words to one agency in one report, with a number and without one: nobody writes that.
        twins = (item.product, item.agency, item.kind, item.text, item.number is None)
        if (*twins[:-1], not twins[-1]) not in seen:
            seen.add(twins)
            found.setdefault(item.identity, item)
    return tuple(found.values())


def made_narrative(dice: random.Random) -> str:
    """Paragraphs of made-up sentences."""
    date = f"{dice.choice(MONTHS)} {dice.randint(2024, 2031)}"
    paragraphs = [" ".join(dice.choices(SENTENCES, k=dice.randint(1, 4))) for _ in range(dice.randint(1, 3))]
    return "\n\n".join(paragraphs).replace("{date}", date)


@dataclass
class History:
    """A world as it stands, everything that was ever said in it, and the edits made so far by kind."""

    world: Tracked
    form: Format
    dice: random.Random
    left: Tracked = field(default_factory=dict)
    past: dict[int, list[Item]] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)
    count: int = 0

    @classmethod
    def of(cls, form: Format, seed: int, size: int) -> "History":
        """A history that begins with a world of that size; for a report's page the world is that report."""
        dice = random.Random(seed)
        world = made_world(dice, size, closed=form is Format.PRODUCT)
        if form is Format.PRODUCT:
            one = [replace(item, product=world[0].product, title=world[0].title) for item in world]
            world = tuple({item.identity: item for item in one}.values())
        made = cls(dict(enumerate(world)), form, dice)
        made.past = {number: [item] for number, item in made.world.items()}
        return made

    def shown(self) -> Tracked:
        """What a page of the history's format covers now."""
        return shown(self.world, self.form)

    def edit_some(self, count: int) -> Counter[str]:
        """Make so many edits, of any kinds; which they were."""
        before = Counter(self.kinds)
        for _ in range(count):
            self.edit(self.dice.choice(KINDS), self.dice.randrange(100))
        return self.kinds - before

    def edit(self, kind: str, which: int) -> bool:
        """Make an edit of a kind, where the world allows it; never one that leaves nothing to show."""
        before, left = dict(self.world), dict(self.left)
        self.count += 1
        if not self._edit(kind, which) or not self.shown():
            self.world, self.left = before, left
            return False
        for number, item in self.world.items():
            past = self.past.setdefault(number, [])
            if not past or past[-1] != item:
                past.append(item)
        self.kinds[kind] += 1
        return True

    def _edit(self, kind: str, which: int) -> bool:
        if kind == "opened":
            return self._open()
        if kind == "returned":
            return self._return(which)
        number = sorted(self.world)[which % len(self.world)]
        if kind == "left":
            self.left[number] = self.world.pop(number)
            return True
        changed = self._changed(kind, number)
        if changed is None or look(changed) == look(self.world[number]):
            return False
        self.world[number] = changed
        return True

    def _open(self) -> bool:
        seen = [*self.world.values(), *self.left.values()]
        like = self.dice.choice(seen)
        fresh = self.form is not Format.PRODUCT and self.dice.random() < 0.6
        product, title = like.product, like.title
        if fresh:
            product, title = f"GAO-25-{200_000 + self.count}", f"New Piers: Made-Up Report {self.count}"
        item = Item(
            product=product,
            title=title,
            agency=self.dice.choice(AGENCIES),
            number=str(20 + self.count),
            text=f"The Director should open pier {self.count} to the public.",
            status=self.dice.choice(OPEN),
            priority=self.dice.random() < 0.3,
            narrative=BOILERPLATE,
        )
        self.world[1000 + self.count] = item
        return True

    def _return(self, which: int) -> bool:
        if not self.left:
            return False
        number = sorted(self.left)[which % len(self.left)]
        self.world[number] = self.left.pop(number)
        return True

    def _changed(self, kind: str, number: int) -> Item | None:
        item = self.world[number]
        if kind == "reverted":
            return self.dice.choice(self.past[number])
        if kind in _OF_STATUS:
            allowed, options = _OF_STATUS[kind]
            status = self.dice.choice([one for one in options if one is not item.status])
            return replace(item, status=status) if item.status in allowed else None
        if kind == "priority":
            return replace(item, priority=not item.priority)
        if kind == "text":
            return replace(item, text=_other_word(item.text, self.dice, self.count))
        words = _NARRATIVE[kind](item.narrative, self.dice, self.count)
        return replace(item, narrative=words) if words else None


def shown(world: Tracked, form: Format) -> Tracked:
    """What a page of a format covers of a world."""
    listed = covered(tuple(world.values()), form) if world else ()
    return {number: item for number, item in world.items() if item in listed}


_OF_STATUS = {
    "status": (OPEN, OPEN),
    "closed": (OPEN, CLOSED),
    "closed otherwise": (CLOSED, CLOSED),
    "reopened": (CLOSED, OPEN),
}


def _other_word(text: str, dice: random.Random, count: int) -> str:
    """One word of a text exchanged, which is how an edited text stays recognisable."""
    words = text.split(" ")
    at = dice.randrange(3, len(words) - 1)
    words[at] = f"word{count}"
    return " ".join(words)


def _appended(words: str, dice: random.Random, count: int) -> str:
    joint = dice.choice((" ", "\n\n"))
    return f"{words}{joint}In June 2032, lamp no. {count} was lit."


def _prepended(words: str, dice: random.Random, count: int) -> str:
    return f"In May 2032, the office closed pier {count}. {words}"


def _rewritten(words: str, dice: random.Random, count: int) -> str:
    return f"As of July 2033, {count + 20} lamps remained."


def _first_response(words: str, dice: random.Random, count: int) -> str:
    return f"The bureau concurred and ordered {count + 20} lamps." if words == BOILERPLATE else ""


def _deadline(words: str, dice: random.Random, count: int) -> str:
    return _DEADLINE.sub(f"March {2040 + count}", words, count=1) if _DEADLINE.search(words) else ""


def _lightly(words: str, dice: random.Random, count: int) -> str:
    """A figure, a word or only the case of one letter: small, and a change."""
    listed = re.split(r"(\s+)", words)
    at = 2 * dice.randrange(max(1, len(listed) // 2))  # not the last: a text cut in a sentence is refused
    edited = (f"{listed[at]} {count}", f"pier{count}", listed[at].swapcase())
    # A section sign has its figure: where an encoding has damaged it, that figure is what tells it.
    listed[at] = edited[0] if listed[max(at - 2, 0)] == "§" else dice.choice(edited)
    return "".join(listed)


def _shortened(words: str, dice: random.Random, count: int) -> str:
    sentences = re.split(r"(?<=\.) (?=[A-Z])", words)
    if len(sentences) < 2:
        return ""
    sentences.pop(dice.randrange(len(sentences)))
    return " ".join(sentences)


_NARRATIVE: dict[str, Callable[[str, random.Random, int], str]] = {
    "appended": _appended,
    "prepended": _prepended,
    "rewritten": _rewritten,
    "first response": _first_response,
    "deadline moved": _deadline,
    "lightly edited": _lightly,
    "shortened": _shortened,
}
KINDS = (*_NARRATIVE, *_OF_STATUS, "priority", "text", "left", "returned", "opened", "reverted")


def in_order(world: Tracked, dice: random.Random, on_top: set[int]) -> list[int]:
    """An order in which an agency's page may list them: by report, some new ones on top."""
    numbers = dice.sample(sorted(world), len(world))
    if on_top and dice.random() < 0.5:
        numbers.sort(key=lambda number: number not in on_top)
    titles = list(dict.fromkeys(world[number].title for number in numbers))
    return sorted(numbers, key=lambda number: titles.index(world[number].title))


def is_recommendation(item: Item) -> bool:
    """Whether it is made to an agency."""
    return item.kind is Kind.RECOMMENDATION
