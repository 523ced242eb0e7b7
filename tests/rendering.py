"""Pages of made-up worlds in the site's four shapes, under a noise that decides all that means nothing."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html import escape
from typing import Literal
from zoneinfo import ZoneInfo

from monitor.record.values import Format, Kind, Status
from tests.worlds import AGENCIES, DEFINITIONS, LABELS, Item, Noise, World, noisy


def _label(item: Item, noise: Noise) -> str:
    return noise.pick(LABELS[item.status]).strip()


def _agency(item: Item, noise: Noise) -> str:
    name = item.agency.replace("United States", noise.pick(("United States", "U.S.", "US")))
    name = name.replace("&", noise.pick(("&", "and")))
    return f"Department of Water: {name}" if noise.chance(0.2) and item.agency != "Congress" else name


def _title(item: Item, noise: Noise) -> str:
    title = noisy(item.title, noise).replace("\n", " ")
    return f"{title} [Reissued with revisions on Jan. 5, 2025]" if noise.chance(0.1) else title


_FAR = datetime(2051, 10, 2, 23, 5, tzinfo=UTC)
_STATED = {
    Kind.RECOMMENDATION: (
        "(Recommendation {})",
        "[Recommendation {}]",
        "(Recommendations {})",
        "(Recommendation {}",
    ),
    Kind.MATTER: ("(Matter for Consideration {})", "(Matter {})"),
}


def _words(item: Item, noise: Noise) -> str:
    """A recommendation's text, its number stated in one of the ways that the site has."""
    words = noisy(item.text, noise)
    return f"{words} {noise.pick(_STATED[item.kind]).format(item.number)}" if item.number else words


def render(world: World, form: Format, noise: Noise) -> bytes:
    """A page of a world. A report's page takes the items of the first item's report; see `covered`."""
    return page(noise.shuffled(covered(world, form)), form, noise)


def page(
    listed: World,
    form: Format,
    noise: Noise,
    *,
    total: int | None = None,
    heading: str = AGENCIES[0],
    stamp: datetime | None = None,
) -> bytes:
    """A page of exactly these items in this order. `total` and `heading`: what stands on an agency's page.

    `stamp`: when the export says that it was made; far in the future by default, which is ignored.
    """
    announced = len(listed) if total is None else total
    writers: dict[Format, Callable[[], str]] = {
        Format.CSV: lambda: _csv(listed, noise, stamp or _FAR),
        Format.PRODUCT: lambda: _product(listed, noise),
        Format.AGENCY: lambda: _agency_page(listed, noise, announced, heading),
        Format.TEXT: lambda: _text(listed, noise, announced, heading),
    }
    return writers[form]().encode(noise.pick(("utf-8", "utf-8-sig", "utf-16")))


def covered(world: World, form: Format) -> World:
    """The items of a world that a page of the format shows."""
    if form is Format.PRODUCT:
        return tuple(item for item in world if item.product == world[0].product)
    open_ones = tuple(item for item in world if item.status in (Status.OPEN, Status.PARTIAL))
    if form is Format.CSV:
        return open_ones
    return tuple(item for item in open_ones if item.kind is Kind.RECOMMENDATION)


def _csv(world: World, noise: Noise, stamp: datetime) -> str:
    out = io.StringIO()
    out.write('"Title: Download of Results",,,,\r\n"Prepared by: a test",,,,\r\n')
    local = stamp.astimezone(ZoneInfo("America/New_York"))
    when = f"{local:%b} {local.day}, {local:%Y} at {local.hour % 12 or 12}:{local:%M %p} EST"
    out.write(f'"Source: a made-up database, status as of {when}" ,,,,\r\n,,,,\r\n,,,,\r\n')
    separator = noise.pick((",", ";", "\t"))
    quoting: Literal[0, 1] = csv.QUOTE_ALL if noise.chance(0.3) else csv.QUOTE_MINIMAL
    writer = csv.writer(out, delimiter=separator, quoting=quoting, lineterminator="\n")
    columns = ["Publication Name", "Publication  Number", "Director Name", "Director Phone", "Agency"]
    columns += ["Recommendation", "Status", "Priority", "Comments", "Topics"]
    padding = [""] * 3 if noise.chance(0.3) else []
    writer.writerow(columns + padding)
    for item in world:
        cells = [_title(item, noise), item.product, "A. Keeper", "(202) 555-0100", _agency(item, noise)]
        cells += [_words(item, noise), _label(item, noise), "Yes" if item.priority else "No"]
        writer.writerow([*cells, noisy(item.narrative, noise), "Harbors", *padding])
    return out.getvalue()


def _page(noise: Noise, head: str, body: str) -> str:
    banner = (
        "<div class='site-notice'><p>The site is read only during the lapse.</p></div>"
        if noise.chance(0.4)
        else ""
    )
    script = f'<script>var settings = "{noise.dice.getrandbits(64):x}";</script>'
    saved = (
        "<!-- saved from url=(0041)https://www.gao.gov/a/made-up/address -->\n" if noise.chance(0.2) else ""
    )
    nav = '<nav><a href="">Jump To:</a><ul><li>Recommendations</li><li>Agency Reports</li></ul></nav>'
    return (
        f"<!DOCTYPE html>\n{saved}<html><head><meta charset='utf-8'>{head}{script}</head>\n"
        f"<body>{banner}{nav}{body}"
        f"<footer>v{noise.dice.randint(1, 9)}.1</footer></body></html>\n"
    )


def _wrapped(inner: str, noise: Noise) -> str:
    for _ in range(noise.dice.randint(0, 3) if noise.loud else 0):
        tag = noise.pick(("div", "section", "article"))
        inner = f'<{tag} class="w js-view-dom-id-{noise.dice.getrandbits(64):x}">{inner}</{tag}>'
    return inner


def _markup(text: str, noise: Noise) -> str:
    """Words in markup: escaped, paragraphs as elements or line breaks."""
    paragraphs = [escape(noisy(part, noise), quote=noise.chance(0.5)) for part in text.split("\n\n")]
    if noise.chance(0.5):
        return "".join(f"<p>{part}</p>\n" for part in paragraphs)
    return "<br /><br />\n".join(paragraphs)


_TOOLTIP = (
    '<span class="usa-tooltip tooltip-icon" title="{0}"></span>',
    (
        '<span class="usa-tooltip"><span class="tooltip-icon" title="{0}"></span>'
        '<span class="usa-tooltip__body" role="tooltip">{0}</span></span>'
    ),
    "",
)


def _table(items: list[Item], noise: Noise) -> str:
    sort = ' <span class="visually-hidden">Sort descending</span>' if noise.chance(0.3) else ""
    names = ["Agency Affected", "Recommendation", "Status"]
    heads = "".join(f"<th>{name}{sort}</th>" for name in names)
    rows = "".join(_row(item, noise) for item in items)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _row(item: Item, noise: Noise) -> str:
    mark = ""
    if item.priority:
        mark = '<div class="priority-indicator">Priority Rec. <div class="tooltip"></div></div>'
    text = f"{mark}{escape(_words(item, noise))}"
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
    code = f'<span class="code"><div class="tooltip">{label} {tooltip}</div></span>'
    return f'{code}<div class="comment">{inline}{narrative}</div>'


def _matters(items: list[Item], noise: Noise) -> str:
    rows = "".join(
        f"<tr><td>{escape(_words(item, noise))}</td>"
        f"<td><span class=code>{escape(_label(item, noise))}</span></td>"
        f"<td>{_markup(item.narrative, noise)}</td></tr>"
        for item in items
    )
    return f"<table><tr><th>Matter</th><th>Status</th><th>Comments</th></tr>{rows}</table>"


def _product(world: World, noise: Noise) -> str:
    first = world[0]
    slug = first.product.lower() + noise.pick(("", "-0"))
    head = f'<link rel="canonical" href="https://www.gao.gov/products/{slug}">'
    before, _, after = _title(first, noise).partition(":")
    body = f"<h1 class='split-headings'>{escape(before)}: <span>{escape(after)}</span></h1>"
    body += f"<section id='block--post-title-info'><b>{first.product}</b> Published: Mar 2, 2025.</section>"
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
        start = 0
        while start < len(items):
            size = noise.dice.randint(1, len(items) - start) if noise.loud else len(items)
            yield items[start : start + size]
            start += size


def _agency_page(world: World, noise: Noise, total: int, heading: str) -> str:
    parts = [f"<h1>{heading}</h1>", f"<h2>Open Recommendations ({total} total)</h2>"]
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


def _text(world: World, noise: Noise, total: int, heading: str) -> str:
    gap = noise.pick(("\n\n", "\n"))
    blocks = [f"Skip to main content\n\n{heading}\n\nJump To:\n\nOpen Recommendations ({total} total)"]
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
    words = _words(item, noise).replace("\n", " ")
    between = " " if mark.endswith("\n") else noise.pick((" ", "\t"))
    definition = f"{DEFINITIONS[item.status]}\n" if noise.chance(0.3) else ""
    narrative = "\n\n".join(noisy(part, noise).replace("\n", " ") for part in item.narrative.split("\n\n"))
    return f"{_agency(item, noise)}{between}{mark}{words}\n{_label(item, noise)}\n{definition}{narrative}"
