"""Made-up worlds of recommendations, and their pages in all four formats under noise that means nothing.

A world is a tuple of items. `rendering.render` writes it as a page of one format; the same world under two
noises is two pages that differ in bytes and say the same. `edits` are the changes that do mean something.
No sentence here is GAO's but the boilerplate and the status definitions, which are part of the shape.
"""

import random
from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

from monitor.record.values import Kind, Status

BOILERPLATE = (
    "When we confirm what actions the agency has taken in response to this recommendation, "
    "we will provide updated information."
)
_INTENT = "the intent of the recommendation"
DEFINITIONS = {
    Status.OPEN: f"Actions to satisfy {_INTENT} have not been taken or are being planned.",
    Status.PARTIAL: f"Actions that partially satisfy {_INTENT} have been taken.",
    Status.IMPLEMENTED: f"Actions that satisfy {_INTENT} have been taken.",
    Status.NOT_IMPLEMENTED: f"While {_INTENT} has not been satisfied, time or circumstances have rendered "
    "the recommendation invalid.",
}
LABELS = {
    Status.OPEN: ("Open", "OPEN", " Open "),
    Status.PARTIAL: ("Open – Partially Addressed", "Open--Partially Addressed", "Open - partially addressed"),
    Status.IMPLEMENTED: ("Closed – Implemented", "Closed - Implemented", "Closed--Implemented"),
    Status.NOT_IMPLEMENTED: (
        "Closed – Not Implemented",
        "Closed - Not Implemented",
        "Closed -- Not Implemented",
    ),
}
AGENCIES = (
    "United States Lighthouse Bureau",
    "Department of Harbors",
    "Office of Tides & Currents",
    "Bureau of Ropes, Sails, and Anchors",
    "National Buoy Administration",
)
_TOPICS = ("Harbor Lamps", "Tide Tables", "Rope Safety", "Buoy Contracts", "R&D on Sails", "Pilot Training")
_AIMS = (
    "Better Data Would Help the Bureau's Planning",
    "Actions Needed to Address Long-Term Costs",
    "Agencies Should Set Goals—and Measure Them",
    "Additional Steps Could Strengthen Oversight",
)
DEEDS = (
    "develops a schedule for replacing lamps before they fail",
    "documents who approves repairs costing more than $1.7 million",
    "evaluates lessons learned, in consultation with pilots' unions",
    "finalizes guidance on short- and long-term mooring under 33 U.S.C. § 1221",
    'defines the terms "safe harbor" and "fair way" for its staff',
)
SENTENCES = (
    "The bureau concurred with this recommendation.",
    "In {date}, officials said that they had drafted guidance for keepers of lights.",
    "As of {date}, the guidance had not been issued.",
    "The office anticipates completing these actions by {date}.",
    "Officials cited 19 U.S.C. § 1592(d), “Penalties for neglect of lamps,” as their authority.",
    "They asked: who pays for the oil? The pilots’ association does.",
    "About 40 percent of the R&D funds—some $2.5 million—remained unspent.",
    "We will continue to monitor the bureau's progress.",
    "The lamps (12 of 14) were replaced; two were not.",
    "Officials said staff use 2019-2021 data, and not the newer series.",
)
MONTHS = ("January", "March", "May", "August", "October", "December")


@dataclass(frozen=True)
class Item:
    """One recommendation of a world. `text` has no stated number; `number` None states none."""

    product: str
    title: str
    agency: str
    number: str | None
    text: str
    status: Status
    priority: bool
    narrative: str
    kind: Kind = Kind.RECOMMENDATION

    @property
    def stated(self) -> str:
        """The text as a page has it, its number at the end."""
        word = "Matter for Consideration" if self.kind is Kind.MATTER else "Recommendation"
        return f"{self.text} ({word} {self.number})" if self.number else self.text

    @property
    def identity(self) -> tuple[str, Kind, str | None, str, str]:
        """What makes it this one, whatever is said about it."""
        return self.product, self.kind, self.number, self.agency, "" if self.number else self.text


World = tuple[Item, ...]


# Worlds ------------------------------------------------------------------------------------------


def _dates() -> st.SearchStrategy[str]:
    return st.builds("{} {}".format, st.sampled_from(MONTHS), st.integers(2024, 2031))


def sentences() -> st.SearchStrategy[str]:
    """One sentence of a narrative."""
    return st.builds(lambda words, date: words.format(date=date), st.sampled_from(SENTENCES), _dates())


def narratives() -> st.SearchStrategy[str]:
    """The boilerplate, or paragraphs of made-up sentences."""
    paragraph = st.lists(sentences(), min_size=1, max_size=4).map(" ".join)
    return st.one_of(st.just(BOILERPLATE), st.lists(paragraph, min_size=1, max_size=3).map("\n\n".join))


def _reports() -> st.SearchStrategy[tuple[str, str]]:
    number = st.integers(100_000, 100_040).map("GAO-24-{}".format)
    # Titles are unique a number here: what becomes of two reports of one title has tests of its own.
    return number.map(
        lambda one: (one, f"{_TOPICS[int(one[-1]) % 6]} {one[-2:]}: {_AIMS[int(one[-2:]) % 4]}")
    )


@st.composite
def worlds(draw: st.DrawFn, *, closed: bool = True, matters: bool = True, size: int = 6) -> World:
    """A world of up to `size` items with identities of their own."""
    found: dict[object, Item] = {}
    statuses = st.sampled_from(list(Status) if closed else [Status.OPEN, Status.PARTIAL])
    for _ in range(draw(st.integers(1, size))):
        product, title = draw(_reports())
        is_matter = matters and draw(st.integers(0, 5)) == 0
        number = draw(st.one_of(st.integers(1, 9).map(str), st.sampled_from(["19-01", None])))
        subject = (
            "Congress should consider legislation that"
            if is_matter
            else "The Director should ensure that staff"
        )
        item = Item(
            product=product,
            title=title,
            agency="Congress" if is_matter else draw(st.sampled_from(AGENCIES)),
            number=number,
            text=f"{subject} {draw(st.sampled_from(DEEDS))}.",
            status=draw(statuses),
            priority=draw(st.booleans()),
            narrative=draw(narratives()),
            kind=Kind.MATTER if is_matter else Kind.RECOMMENDATION,
        )
        found.setdefault(item.identity, item)
    return tuple(found.values())


# Edits -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Edit:
    """A change that means something: the world after it, whom it touched, and which fields of it.

    `changed` is as an event's, or ("opened",) or ("gone",).
    """

    after: World
    item: Item
    changed: tuple[str, ...]


@st.composite
def edits(draw: st.DrawFn, world: World) -> Edit:
    """One real change to a world."""
    at = draw(st.integers(0, len(world) - 1))
    item = world[at]
    kind = draw(st.sampled_from(["appended", "rewritten", "status", "priority", "text", "gone", "opened"]))
    if kind == "gone":
        return Edit(world[:at] + world[at + 1 :], item, ("gone",))
    if kind == "opened":
        new = replace(item, product="GAO-25-200001", title="New Piers: A Made-Up Report", number="1")
        return Edit((*world, new), new, ("opened",))
    changed, field_name = _changed(draw, item, kind)
    return Edit((*world[:at], changed, *world[at + 1 :]), changed, (field_name,))


def _changed(draw: st.DrawFn, item: Item, kind: str) -> tuple[Item, str]:
    if kind == "appended":
        return replace(item, narrative=f"{item.narrative} In June 2032, the last lamp was lit."), "narrative"
    if kind == "rewritten":
        return replace(
            item, narrative=f"As of July 2033, {draw(st.integers(20, 99))} lamps remained."
        ), "narrative"
    if kind == "status":
        others = [status for status in (Status.OPEN, Status.PARTIAL) if status is not item.status]
        return replace(item, status=draw(st.sampled_from(others))), "status"
    if kind == "priority":
        return replace(item, priority=not item.priority), "priority"
    return replace(
        item, text=item.text.replace("ensure", "promptly ensure").replace("consider", "reconsider")
    ), "text"


# Noise -------------------------------------------------------------------------------------------


@dataclass
class Noise:
    """Everything about a page that means nothing, decided by a seed. `loud` False: the plainest page."""

    seed: int
    loud: bool = True
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)

    def chance(self, share: float) -> bool:
        """True for about `share` of the calls; never when quiet."""
        return self.loud and self.dice.random() < share

    def pick(self, options: tuple[str, ...]) -> str:
        """One of several spellings; the first when quiet."""
        return self.dice.choice(options) if self.loud else options[0]

    def shuffled(self, world: World) -> World:
        """The same items in another order."""
        return tuple(self.dice.sample(world, len(world))) if self.loud else world


def noises() -> st.SearchStrategy[Noise]:
    """Any noise; the quiet one is what failures shrink to."""
    return st.builds(Noise, st.integers(0, 2**32), st.booleans())


_SPELLINGS: dict[str, tuple[str, ...]] = {
    "'": ("'", "’", "\u02bc", "â€™"),
    "’": ("’", "'", "\u2018", "â€™", "\u0092"),
    '"': ('"', "“", "”"),
    "“": ("“", '"', "â€œ"),
    "”": ("”", '"', "â€\x9d"),
    "—": ("—", "--", " — ", " -- ", "–", "â€”"),
    "§": ("§", "?", "\ufffd", "??", "Â§", "&#167;"),
    "-": ("-", "\u2011", "\u2010"),
}


def noisy(text: str, noise: Noise) -> str:
    """The same words, looking different."""
    pieces = []
    for char in text:
        if char == " " and noise.chance(0.05):
            pieces.append(noise.pick(("  ", "\u00a0", "\u202f", " \u200b", "\n", "Â\u00a0")))
        elif char in _SPELLINGS and noise.chance(0.4):
            pieces.append(noise.pick(_SPELLINGS[char]))
        elif char == "&" and noise.chance(0.3):
            pieces.append("&amp;")
        else:
            pieces.append("\u00ad" + char if noise.chance(0.002) else char)
    return "".join(pieces)
