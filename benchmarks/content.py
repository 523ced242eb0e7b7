"""Made-up pages at the size of the real ones, and what is changed in them from one round to the next.

A round is a number: round 0 is what stands first, round n has `changed(...)` rewritten, each with a code of
its own (`R1-0017`), so that whoever claims to watch can be held to what was changed. Everything here follows
from the numbers alone; the site and whoever checks the answers make the same pages apart.
"""

import random
from functools import lru_cache
from html import escape

AGENCY_ROWS = 25
LISTED_EVERY = 7  # a report has up to so many recommendations of one agency
_PAGE = 170_000  # bytes of an agency's page
_WORDS = (
    "harbor lights lamp keeper buoy tide channel pilot vessel survey chart depth signal station repair oil "
    "schedule guidance inventory contract staff review policy training data office region funding plan report "
    "estimate baseline measure quality control oversight process goal program system risk management"
).split()
BOILERPLATE = (
    "When we confirm what actions the agency has taken in response to this recommendation, "
    "we will provide updated information."
)


@lru_cache(maxsize=1)
def _sentences() -> list[str]:
    dice = random.Random(7)
    made = []
    for _ in range(2000):
        words = [dice.choice(_WORDS) for _ in range(dice.randint(14, 30))]
        made.append(" ".join(words).capitalize() + ".")
    return made


def _prose(dice: random.Random, length: int) -> str:
    sentences, text = _sentences(), ""
    while len(text) < length:
        text += (" " if text else "") + sentences[dice.randrange(len(sentences))]
    return text


def agency_name(page: int) -> str:
    """The agency of a page."""
    return f"Bureau of Harbor Lights in District {page:04d}"


def title(report: str) -> str:
    """A report's title."""
    return f"Harbor Lights {report}: Bureau Should Improve How Lamps Are Kept"


def changed_pages(count: int, pages: int, turn: int) -> dict[int, int]:
    """Which pages a round changes, and the row in each."""
    dice = random.Random(1000 + turn)
    return {page: dice.randrange(AGENCY_ROWS) for page in sorted(dice.sample(range(pages), count))}


def changed_rows(count: int, rows: int, turn: int) -> set[int]:
    """Which rows of the export a round changes."""
    return set(random.Random(2000 + turn).sample(range(rows), count)) if turn else set()


def code(turn: int, number: int) -> str:
    """What stands in a changed narrative and nowhere else."""
    return f"R{turn}-{number:05d}"


def news(turn: int, number: int) -> str:
    """The sentence that a change adds."""
    return f" In March 2031, the Bureau reported that lot {code(turn, number)} was delivered."


# An agency's page -----------------------------------------------------------------------------------

DOM_ID, TABLE_ID, ASSET, SETTINGS, VERSION = (
    "\x01",
    "\x02",
    "\x03",
    "\x04",
    "\x05",
)  # filled in anew each time


@lru_cache(maxsize=1)
def _shell() -> tuple[str, str]:
    """What stands round every page: head, menus, footer; as long as the real one's."""
    links = "\n".join(
        f'<link rel="stylesheet" media="all" href="/assets/css/css_{ASSET}.css?delta={n}&amp;language=en" />'
        for n in range(4)
    )
    settings = (
        '<script type="application/json" data-drupal-selector="drupal-settings-json">{"path":{"baseUrl":"\\/",'
        '"currentPath":"taxonomy\\/term\\/7","isFront":false},"ajaxPageState":{"libraries":"'
        + SETTINGS
        + '",'
        '"theme":"harbor","theme_token":null},"user":{"uid":0,"permissionsHash":"' + SETTINGS + '"}}</script>'
    )
    scripts = f'<script src="/assets/js/js_{ASSET}.js?scope=header&amp;delta=0"></script>'
    menu = "\n".join(
        f'              <li  class="menu-icon nav-item"><div class="item-container"><div class="item-inner">\n'
        f'            <a href="" class="jump-to-link js-link link--topic-{n}" '
        f'data-element="js-endpoint-topic-{n}">Topic {n}</a>\n              </div></div></li>'
        for n in range(260)
    )
    view = (
        f'<div class="views-element-container block"><div><div class="site-notice-view '
        f'js-view-dom-id-{DOM_ID}" data-entity-id="site_notice"></div></div></div>'
    )
    head = (
        f'<!DOCTYPE html>\n<html lang="en" dir="ltr">\n<head>\n<meta charset="utf-8" />\n{links}\n{settings}\n'
        f"{scripts}\n"
    )
    body = f'<body class="path-agencies">\n{view}\n<nav><ul class="nav nav-fill menu">\n{menu}\n</ul></nav>\n'
    return head, body


def _foot() -> str:
    return (
        "<footer class='usa-footer'><div class='version-info'>\n        <div class='version'>\n"
        f"          v{VERSION}\n\n        </div></div></footer>\n"
        f'<script src="/assets/js/js_{ASSET}.js?scope=footer&amp;delta=1"></script>\n</body>\n</html>\n'
    )


def agency_page(page: int, changes: dict[int, str]) -> str:
    """One page with its marks for what differs in every response; `changes`: sentences added, by row."""
    dice = random.Random(page)
    head, body = _shell()
    name = agency_name(page)
    parts = [
        head,
        f"<title>{name} | U.S. GAO</title>\n</head>\n",
        body,
        f'<h1 class="split-headings">{name}</h1>',
    ]
    parts.append(f"<section><h2>Open Recommendations ({AGENCY_ROWS} total)</h2>")
    row = 0
    while row < AGENCY_ROWS:
        size = min(dice.randint(1, LISTED_EVERY), AGENCY_ROWS - row)
        rows = range(row, row + size)
        report = f"{page:04d}-{row:02d}"
        parts.append(_group(dice, title(report), [(n, changes.get(n, "")) for n in rows], name))
        row += size
    parts.append("</section>")
    text = "".join(parts)
    spare = _PAGE - len(text) - 2500  # what the marks are filled with makes up the rest
    return f"{text}<div class='about'>{_prose(dice, spare)}</div>{_foot()}" if spare > 0 else text + _foot()


def _group(dice: random.Random, name: str, rows: list[tuple[int, str]], agency: str) -> str:
    cells = "".join(_row(dice, number, more, agency) for number, more in rows)
    heads = "".join(
        f'<th id="view-{key}-table-column-{TABLE_ID}" class="views-field views-field-{key}" scope="col">{label}</th>'
        for key, label in (
            ("name", "Agency Affected"),
            ("field-recommendation", "Recommendation"),
            ("field-status-code", "Status"),
        )
    )
    return (
        f'<div class="view view--recommendations js-view-dom-id-{DOM_ID}"><h4>{name}</h4><div><button>Show</button> '
        f"<span>{len(rows)} Open Recommendations</span></div>"
        f'<table class="usa-table cols-3 views-table views-view-table"><thead><tr>{heads}</tr></thead><tbody>'
        f"{cells}</tbody></table></div>"
    )


def _row(dice: random.Random, number: int, more: str, agency: str) -> str:
    text = f"The Director should ensure that {_prose(dice, dice.randint(150, 450))} (Recommendation {number + 1})"
    answered = dice.random() < 0.6
    narrative = (_prose(dice, dice.randint(500, 2400)) if answered else BOILERPLATE) + more
    urgent = dice.random() < 0.1
    mark = '<div class="priority-indicator">\n  Priority Rec.\n</div>' if urgent else ""
    gap = " " * 88
    column = f"table-column-{TABLE_ID}"
    return f"""<tr>
{gap}<td headers="view-name-{column}" class="views-field views-field-name">{agency}          </td>
{gap}<td headers="view-field-recommendation-{column}" class="views-field views-field-field-recommendation">{mark}{escape(text)}          </td>
{gap}<td class="option--open views-field views-field-field-status-code" headers="view-field-status-code-{column}"><div class="status-code">
  <span class="code">
    <div class="gao-tooltip-button tooltip">
        Open
        <span class='usa-tooltip tooltip-icon fa-light fa-circle-info' data-position="bottom" title="Actions to satisfy the intent of the recommendation have not been taken or are being planned.">
        </span>
    </div>
  </span>
</div>
<div class="comment">
  {escape(narrative)}
</div>
          </td>
              </tr>
"""


# The export -----------------------------------------------------------------------------------------

_COLUMNS = (
    '"Publication Name","Publication  Number","Date Publication Issued","Director Name","Director Phone",Agency,'
    "Recommendation,Status,Priority,Comments,Topics\n"
)


def export_key(row: int) -> str:
    """Report and number of a row of the export."""
    return f"GAO-{10 + row // 20_000:02d}-{100_000 + row // 4}#{row % 4 + 1}"


def export(rows: int, changes: dict[int, str], stamp: str) -> bytes:
    """The open-recommendations export with so many rows; `changes`: sentences added, by row."""
    parts = [
        '"Title: Download of GAO Recommendation Results",,,,,,,\r\n"Prepared by: GAO",,,,,,,\r\n'
        f'"Source: GAO recommendations database, status as of {stamp}" ,,,,,,,\r\n,,,,,,,,\r\n,,,,,,,,\r\n',
        _COLUMNS,
    ]
    for row in range(rows):
        dice = random.Random(row)
        product, _, number = export_key(row).partition("#")
        answered = dice.random() < 0.6
        narrative = (_prose(dice, dice.randint(300, 1500)) if answered else BOILERPLATE) + changes.get(
            row, ""
        )
        text = f"The Director should ensure that {_prose(dice, dice.randint(150, 400))} (Recommendation {number})"
        parts.append(
            f'"Harbor Lights {product}: Bureau Should Track Lamps, R&amp;D and Oil",{product},"Mar 2, 2030",'
            f'"A. Keeper","(202) 555-0{100 + row % 100}","{agency_name(row % 150)}","{text}",Open,'
            f'{"Yes" if row % 12 == 0 else "No"},"{narrative}","Harbors"\n'
        )
    return "".join(parts).encode()
