"""Made-up pages in the site's shapes, as plain as they come; tests/worlds.py makes the noisy ones."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import escape
from zoneinfo import ZoneInfo

BOILERPLATE = (
    "When we confirm what actions the agency has taken in response to this recommendation, "
    "we will provide updated information."
)

_COLUMNS = [
    "Publication Name",
    "Publication  Number",
    "Date Publication Issued",
    "Director Name",
    "Director Phone",
    "Agency",
    "Recommendation",
    "Status",
    "Priority",
    "Comments",
    "Topics",
]


@dataclass(frozen=True)
class Row:
    """One recommendation of a made-up page."""

    number: str = "1"
    product: str = "GAO-31-900001"
    title: str = "Harbor Lights: Agency Should Replace Lamps on Time"
    agency: str = "Bureau of Harbor Lights"
    text: str = "The Director of Harbor Lights should replace each lamp before it fails."
    status: str = "Open"
    priority: bool = False
    narrative: str = "The Bureau agreed. It plans to order lamps by May 2031."

    def but(self, **changes: object) -> "Row":
        """The same row with some things changed."""
        return replace(self, **changes)  # type: ignore[arg-type]

    @property
    def words(self) -> str:
        """The text as the page prints it."""
        return f"{self.text} (Recommendation {self.number})" if self.number else self.text


def rows(count: int, **changes: object) -> list[Row]:
    """So many recommendations of one report each, all different."""
    return [
        Row(
            product=f"GAO-30-8{n:05}",
            title=f"Harbor Lights: Report {n} of Many",
            text=f"The Director of Harbor Lights should see to pier {n}.",
            narrative=f"The Bureau agreed and said in March 2030 that pier {n} is being looked at.",
        ).but(**changes)
        for n in range(1, count + 1)
    ]


def export(page: Iterable[Row], stamp: datetime | None = None) -> bytes:
    """The open-recommendations export."""
    local = (stamp or datetime(2030, 3, 1, 17, 5, tzinfo=UTC)).astimezone(ZoneInfo("America/New_York"))
    when = f"{local:%b} {local.day}, {local:%Y} at {local.hour % 12 or 12}:{local:%M %p} EST"
    out = io.StringIO()
    preamble = ('"Title: Download of GAO Recommendation Results",,,,,,,', '"Prepared by: GAO",,,,,,,')
    source = f'"Source: GAO recommendations database, status as of {when}" ,,,,,,,'
    out.write("\r\n".join([*preamble, source, ",,,,,,,,", ",,,,,,,,"]) + "\r\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in page:
        status = row.status.replace(" – ", "--")
        person = ["Jan 2, 2030", "A. Director", "(202) 555-0147"]
        words = [row.agency, row.words, status, "Yes" if row.priority else "No", row.narrative, "Lamps"]
        writer.writerow([row.title, row.product, *person, *words])
    return out.getvalue().encode()


def report(page: Iterable[Row]) -> bytes:
    """A report's page, with all the rows given; at least one."""
    listed = list(page)
    first = listed[0]
    table = "".join(_table_row(row) for row in listed)
    number = first.product
    return f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8" />
<link rel="canonical" href="https://www.gao.gov/products/{number.lower()}" /><title>{escape(first.title)}</title></head>
<body class="path-node page-node-type-product"><h1 class="split-headings">{escape(first.title)}</h1>
<section id="block--post-title-info"><div class="block-content"><span><strong>{number}</strong></span>
<span>Published: Jan 2, 2030. Publicly Released: Jan 2, 2030.</span></div></section>
<section class="view--recommendations--block-1"><h2>Recommendations for Executive Action</h2>{_head()}{table}
</tbody></table></section></body></html>""".encode()


def agency(page: Iterable[Row], total: int | None = None) -> bytes:
    """An agency's page, each row in a group of its own."""
    listed = list(page)
    name = listed[0].agency if listed else "Bureau of Harbor Lights"
    groups = "".join(
        f"<div><h4>{escape(row.title)}</h4><div>Show <span>1 Open Recommendations</span></div>"
        f"{_head()}{_table_row(row)}</tbody></table></div>"
        for row in listed
    )
    return f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8" />
<link rel="canonical" href="https://www.gao.gov/agencies/harbor-lights" /><title>{escape(name)} | U.S. GAO</title></head>
<body><h1 class="split-headings">{escape(name)}</h1><section>
<h2>Open Recommendations ({len(listed) if total is None else total} total)</h2>{groups}</section></body></html>""".encode()


def agency_text(page: Iterable[Row], total: int | None = None) -> bytes:
    """The text of an agency's page, as a person saves it."""
    listed = list(page)
    name = listed[0].agency
    lines = ["Skip to main content", "", name, "", "Jump To:", ""]
    lines += [f"Open Recommendations ({len(listed) if total is None else total} total)", ""]
    for row in listed:
        lines += [row.title, "", "Show", "1 Open Recommendations", "Agency Affected Recommendation Status"]
        mark = "Priority Rec. " if row.priority else ""
        lines += [f"{row.agency} {mark}{row.words}", row.status, row.narrative, ""]
    return "\n".join(lines).encode()


def _head() -> str:
    names = {
        "name": "Agency Affected",
        "field-recommendation": "Recommendation",
        "field-status-code": "Status",
    }
    cells = "".join(f'<th class="views-field views-field-{key}">{name}</th>' for key, name in names.items())
    return (
        f'<table class="usa-table cols-3 views-table views-view-table"><thead><tr>{cells}</tr></thead><tbody>'
    )


def _table_row(row: Row) -> str:
    mark = '<div class="priority-indicator">Priority Rec.</div>' if row.priority else ""
    status = f'<span class="code"><div class="tooltip">{row.status}<span title="What it means."></span></div></span>'
    return (
        f'<tr><td class="views-field views-field-name">{escape(row.agency)}</td>'
        f'<td class="views-field views-field-field-recommendation">{mark}{escape(row.words)}</td>'
        f'<td class="views-field views-field-field-status-code"><div class="status-code">{status}</div>'
        f'<div class="comment">\n  {escape(row.narrative)}\n</div></td></tr>'
    )


if __name__ == "__main__":
    import sys

    sys.stdout.buffer.write(export(rows(25)))
