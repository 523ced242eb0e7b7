"""The demo's made-up agency: its page before and after a change. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

AGENCY = "Bureau of Harbor Lights"
_TITLE = "Harbor Lights: Bureau Should Replace Lamps Before They Fail"
_OTHER = "Port Dredging: Better Schedules Would Reduce Costs and Delays"
_WAITING = (
    "When we confirm what actions the agency has taken in response to this recommendation, "
    "we will provide updated information."
)


@dataclass(frozen=True, slots=True)
class StoryStep:
    """One made-up recommendation."""

    title: str
    product: str
    number: int
    text: str
    status: str
    narrative: str
    priority: bool = False


BEFORE: tuple[StoryStep, ...] = (
    StoryStep(
        _TITLE,
        "GAO-31-900417",
        1,
        "The Director of the Bureau should set a schedule for replacing harbor lamps before they fail.",
        "Open",
        "The Bureau agreed with this recommendation. As of March 2031, it had counted the lamps in "
        "14 of its 22 harbors and was drafting a schedule with the Coast Pilots' Office. Bureau officials "
        "expect to complete the schedule by June 2031. We will continue to monitor the Bureau's progress.",
        priority=True,
    ),
    StoryStep(
        _TITLE,
        "GAO-31-900417",
        2,
        "The Director of the Bureau should publish how long each lamp was out of service.",
        "Open",
        _WAITING,
    ),
    StoryStep(
        _OTHER,
        "GAO-30-800233",
        4,
        "The Director of the Bureau should tell port operators of dredging dates 90 days ahead.",
        "Open",
        "The Bureau neither agreed nor disagreed. In May 2030 it said that it was studying notice periods.",
    ),
)
AFTER: tuple[StoryStep, ...] = (
    replace(
        BEFORE[0],
        status="Open – Partially Addressed",
        narrative="The Bureau agreed with this recommendation. As of September 2031, it had counted the "
        "lamps in all 22 harbors and issued a draft schedule to the Coast Pilots' Office for comment. Bureau "
        "officials expect to complete the schedule by March 2032. We will continue to monitor the "
        "Bureau's progress.",
    ),
    *BEFORE[1:],
)


def page(entries: Sequence[StoryStep], host: str) -> str:
    """The agency's page as HTML; the entries' texts are escaped."""
    groups = "\n".join(_group(entry, host) for entry in entries)
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{AGENCY} | a made-up site</title></head>
<body><h1 class="split-headings">{AGENCY}</h1>
<section><h2>Open Recommendations ({len(entries)} total)</h2>
{groups}
</section></body></html>
"""


def _group(entry: StoryStep, host: str) -> str:
    mark = '<div class="priority-indicator">Priority Rec.</div>' if entry.priority else ""
    text = f"{escape(entry.text)} (Recommendation {entry.number})"
    return f"""<div><h4><a href="{host}/products/{entry.product.lower()}">{escape(entry.title)}</a></h4>
<div>Show <span>1 Open Recommendations</span></div>
<table class="views-table">
<thead><tr><th>Agency Affected</th><th>Recommendation</th><th>Status</th></tr></thead>
<tbody><tr><td class="views-field-name">{AGENCY}</td>
<td class="views-field-field-recommendation">{mark}{text}</td>
<td class="views-field-field-status-code"><span class="code">{entry.status}</span>
<div class="comment">{escape(entry.narrative)}</div></td></tr></tbody></table></div>"""
