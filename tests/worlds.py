"""Made-up worlds of recommendations, and their pages in all four formats with all the noise that means nothing.

A world is a tuple of items. `render` writes it as a page of one format; the same world under two noises is
two pages that differ in bytes and say the same. `edits` are the changes that do mean something.
No sentence here is GAO's but the boilerplate and the status definitions, which are part of the shape.
"""

import csv
import io
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from html import escape

from hypothesis import strategies as st

from monitor.record.values import Format, Kind, Status

BOILERPLATE = (
    "When we confirm what actions the agency has taken in response to this recommendation, "
    "we will provide updated information."
)
DEFINITIONS = {
    Status.OPEN: "Actions to satisfy the intent of the recommendation have not been taken or are being planned.",
    Status.PARTIAL: "Actions that partially satisfy the intent of the recommendation have been taken.",
    Status.IMPLEMENTED: "Actions that satisfy the intent of the recommendation have been taken.",
    Status.NOT_IMPLEMENTED: "While the intent of the recommendation has not been satisfied, time or circumstances "
    "have rendered the recommendation invalid.",
}
_LABELS = {
    Status.OPEN: ("Open", "OPEN", " Open "),
    Status.PARTIAL: ("Open – Partially Addressed", "Open--Partially Addressed", "Open - Partially Addressed"),
    Status.IMPLEMENTED: (
        "Closed – Implemented",
        "Closed - Implemented",
        "Closed--Implemented",
        "Closed — implemented",
    ),
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
_DEEDS = (
    "develops a schedule for replacing lamps before they fail",
    "documents who approves repairs costing more than $1.7 million",
    "evaluates lessons learned, in consultation with pilots' unions",
    "finalizes guidance on short- and long-term mooring under 33 U.S.C. § 1221",
    'defines the terms "safe harbor" and "fair way" for its staff',
)
_SENTENCES = (
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
_MONTHS = ("January", "March", "May", "August", "October", "December")


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
    return st.builds("{} {}".format, st.sampled_from(_MONTHS), st.integers(2024, 2031))


def sentences() -> st.SearchStrategy[str]:
    """One sentence of a narrative."""
    return st.builds(lambda words, date: words.format(date=date), st.sampled_from(_SENTENCES), _dates())


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
            text=f"{subject} {draw(st.sampled_from(_DEEDS))}.",
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
    return Edit(world[:at] + (changed,) + world[at + 1 :], changed, (field_name,))


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


def _label(item: Item, noise: Noise) -> str:
    return noise.pick(_LABELS[item.status]).strip()


def _agency(item: Item, noise: Noise) -> str:
    name = item.agency.replace("United States", noise.pick(("United States", "U.S.", "US")))
    name = name.replace("&", noise.pick(("&", "and")))
    return f"Department of Water: {name}" if noise.chance(0.2) and item.agency != "Congress" else name


def _title(item: Item, noise: Noise) -> str:
    title = noisy(item.title, noise).replace("\n", " ")
    return f"{title} [Reissued with revisions on Jan. 5, 2025]" if noise.chance(0.1) else title


# The four formats --------------------------------------------------------------------------------


def render(world: World, form: Format, noise: Noise) -> bytes:
    """A page of a world. A report's page takes the items of the first item's report; see `covered`."""
    writers: dict[Format, Callable[[World, Noise], str]] = {
        Format.CSV: _csv,
        Format.PRODUCT: _product,
        Format.AGENCY: _agency_page,
        Format.TEXT: _text,
    }
    text = writers[form](noise.shuffled(covered(world, form)), noise)
    codec = noise.pick(("utf-8", "utf-8-sig", "utf-16"))
    return text.encode(codec)


def covered(world: World, form: Format) -> World:
    """The items of a world that a page of the format shows."""
    if form is Format.PRODUCT:
        return tuple(item for item in world if item.product == world[0].product)
    open_ones = tuple(item for item in world if item.status in (Status.OPEN, Status.PARTIAL))
    if form is Format.CSV:
        return open_ones
    return tuple(item for item in open_ones if item.kind is Kind.RECOMMENDATION)


def _csv(world: World, noise: Noise) -> str:
    out = io.StringIO()
    out.write('"Title: Download of Results",,,,\r\n"Prepared by: a test",,,,\r\n')
    out.write(
        '"Source: a made-up database, status as of Oct 2, 2031 at 7:05 PM EST" ,,,,\r\n,,,,\r\n,,,,\r\n'
    )
    separator = noise.pick((",", ";", "\t"))
    quoting = csv.QUOTE_ALL if noise.chance(0.3) else csv.QUOTE_MINIMAL
    writer = csv.writer(out, delimiter=separator, quoting=quoting, lineterminator="\n")
    columns = ["Publication Name", "Publication  Number", "Director Name", "Director Phone", "Agency"]
    columns += ["Recommendation", "Status", "Priority", "Comments", "Topics"]
    padding = [""] * 3 if noise.chance(0.3) else []
    writer.writerow(columns + padding)
    for item in world:
        cells = [_title(item, noise), item.product, "A. Keeper", "(202) 555-0100", _agency(item, noise)]
        cells += [noisy(item.stated, noise), _label(item, noise), "Yes" if item.priority else "No"]
        writer.writerow([*cells, noisy(item.narrative, noise), "Harbors", *padding])
    return out.getvalue()


def _page(noise: Noise, head: str, body: str) -> str:
    banner = (
        "<div class='site-notice'><p>The site is read only during the lapse.</p></div>"
        if noise.chance(0.4)
        else ""
    )
    script = "<script>var settings = {'viewDom': '%x'};</script>" % noise.dice.getrandbits(64)
    saved = (
        "<!-- saved from url=(0041)https://www.gao.gov/a/made-up/address -->\n" if noise.chance(0.2) else ""
    )
    nav = '<nav><a href="">Jump To:</a><ul><li>Recommendations</li><li>Agency Reports</li></ul></nav>'
    return (
        f"<!DOCTYPE html>\n{saved}<html><head><meta charset='utf-8'>{head}{script}</head>\n<body>{banner}{nav}{body}"
        f"<footer>v{noise.dice.randint(1, 9)}.1</footer></body></html>\n"
    )


def _wrapped(inner: str, noise: Noise) -> str:
    for _ in range(noise.dice.randint(0, 3) if noise.loud else 0):
        tag = noise.pick(("div", "section", "article"))
        inner = f'<{tag} class="w-{noise.dice.getrandbits(32):x} js-view-dom-id-{noise.dice.getrandbits(64):x}">{inner}</{tag}>'
    return inner


def _markup(text: str, noise: Noise) -> str:
    """Words in markup: escaped, paragraphs as elements or line breaks."""
    paragraphs = [escape(noisy(part, noise), quote=noise.chance(0.5)) for part in text.split("\n\n")]
    if noise.chance(0.5):
        return "".join(f"<p>{part}</p>\n" for part in paragraphs)
    return "<br /><br />\n".join(paragraphs)


_TOOLTIP = (
    '<span class="usa-tooltip tooltip-icon" title="{0}"></span>',
    '<span class="usa-tooltip"><span class="tooltip-icon" title="{0}"></span>'
    '<span class="usa-tooltip__body" role="tooltip">{0}</span></span>',
    "",
)


def _table(items: list[Item], noise: Noise) -> str:
    sort = ' <span class="visually-hidden">Sort descending</span>' if noise.chance(0.3) else ""
    names = ["Agency Affected", "Recommendation", "Status"]
    heads = "".join(f"<th>{name}{sort}</th>" for name in names)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(_row(item, noise) for item in items)}</tbody></table>"


def _row(item: Item, noise: Noise) -> str:
    mark = ""
    if item.priority:
        mark = '<div class="priority-indicator">Priority Rec. <div class="tooltip"></div></div>'
    text = f"{mark}{escape(noisy(item.stated, noise))}"
    return (
        f'<tr><td class="views-field-name">{escape(_agency(item, noise))} </td>'
        f'<td class="views-field-field-recommendation">{text}  </td>'
        f'<td class="views-field-field-status-code">{_status_cell(item, noise)}</td></tr>'
    )


def _status_cell(item: Item, noise: Noise) -> str:
    label, narrative = escape(_label(item, noise)), _markup(item.narrative, noise)
    definition = DEFINITIONS[item.status]
    if noise.chance(0.3):  # the older template: all in plain text
        return f"{label}<br><div>{definition}</div><div>{narrative}</div>"
    inline = f"{definition} " if noise.chance(0.2) else ""
    tooltip = noise.pick(_TOOLTIP).format(definition)
    return f'<span class="code"><div class="tooltip">{label} {tooltip}</div></span><div class="comment">{inline}{narrative}</div>'


def _matters(items: list[Item], noise: Noise) -> str:
    rows = "".join(
        f"<tr><td>{escape(noisy(item.stated, noise))}</td><td><span class=code>{escape(_label(item, noise))}</span></td>"
        f"<td>{_markup(item.narrative, noise)}</td></tr>"
        for item in items
    )
    return f"<table><tr><th>Matter</th><th>Status</th><th>Comments</th></tr>{rows}</table>"


def _product(world: World, noise: Noise) -> str:
    first = world[0]
    head = f'<link rel="canonical" href="https://www.gao.gov/products/{first.product.lower()}{noise.pick(("", "-0"))}">'
    before, _, after = _title(first, noise).partition(":")
    body = f"<h1 class='split-headings'>{escape(before)}: <span>{escape(after)}</span></h1>"
    body += f"<section id='block--post-title-info'><strong>{first.product}</strong> Published: Mar 11, 2025.</section>"
    matters = [item for item in world if item.kind is Kind.MATTER]
    others = [item for item in world if item.kind is Kind.RECOMMENDATION]
    tables = [_wrapped(_table(others, noise), noise)] if others else []
    # A priority mark is not shown for matters, which is how the site has it.
    tables += [_wrapped(_matters(matters, noise), noise)] if matters else []
    return _page(noise, head, body + "".join(tables) + '<div class="contact">A. Keeper (202) 555-0100</div>')


def groups(world: World, noise: Noise) -> Iterator[list[Item]]:
    """Items by report, a report's split into several groups as the site does it."""
    by_title: dict[str, list[Item]] = {}
    for item in world:
        by_title.setdefault(item.title, []).append(item)
    for items in by_title.values():
        while items:
            cut = noise.dice.randint(1, len(items)) if noise.loud else len(items)
            yield items[:cut]
            items = items[cut:]


def _agency_page(world: World, noise: Noise) -> str:
    parts = [f"<h1>{AGENCIES[0]}</h1>", f"<h2>Open Recommendations ({len(world)} total)</h2>"]
    for items in groups(world, noise):
        tag = noise.pick(("h4", "h3", "div", "p"))
        title = escape(_title(items[0], noise))
        if noise.chance(0.5):
            title = f'<a href="/products/{items[0].product.lower()}">{title}</a>'
        number = f"<div>{items[0].product}</div>" if noise.chance(0.3) else ""
        show = noise.pick(("<button>Show</button>", "<div>Show</div>", "<a href='#'>Show</a> "))
        urgent = sum(item.priority for item in items)
        count = f"<span>{len(items)} Open Recommendations</span>" + (
            f" <span>{urgent} Priority</span>" if urgent else ""
        )
        parts.append(
            _wrapped(f"<{tag}>{title}</{tag}>{number}<div>{show}{count}</div>{_table(items, noise)}", noise)
        )
    return _page(noise, "", "".join(parts))


def _text(world: World, noise: Noise) -> str:
    gap = noise.pick(("\n\n", "\n"))
    blocks = [
        f"Skip to main content\n\n{AGENCIES[0]}\n\nJump To:\n\nOpen Recommendations ({len(world)} total)"
    ]
    for items in groups(world, noise):
        columns = noise.pick(
            ("Agency Affected Recommendation Status", "Agency Affected\tRecommendation\tStatus")
        )
        rows = "\n".join(_text_row(item, noise) for item in items)
        blocks.append(
            f"{_title(items[0], noise)}{gap}Show\n{len(items)} Open Recommendations\n{columns}\n{rows}"
        )
    footer = "\n\nPagination\n\nPage 1\nPage 2\n" if noise.chance(0.5) else ""
    text = gap.join(blocks) + footer
    return text.replace("\n", "\r\n") if noise.chance(0.3) else text


def _text_row(item: Item, noise: Noise) -> str:
    mark = noise.pick(("Priority Rec. ", "Priority Rec.\n")) if item.priority else ""
    words = noisy(item.stated, noise).replace("\n", " ")
    between = " " if mark.endswith("\n") else noise.pick((" ", "\t"))
    definition = f"{DEFINITIONS[item.status]}\n" if noise.chance(0.3) else ""
    narrative = "\n\n".join(noisy(part, noise).replace("\n", " ") for part in item.narrative.split("\n\n"))
    return f"{_agency(item, noise)}{between}{mark}{words}\n{_label(item, noise)}\n{definition}{narrative}"
