"""Differences as one self-contained HTML page. Pure."""

from collections.abc import Sequence
from html import escape

from monitor.record.values import Event
from workers.channels.text.common import headline, level_in_words, link, meaning, safe
from workers.meaning.difference import narrative_runs
from workers.values import DescribedEvent, Run

_TAGS = {"equal": ("", ""), "delete": ("<del>", "</del>"), "insert": ("<ins>", "</ins>")}
_STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:50em;margin:2em auto;padding:0 1em}"
    "del{background:#fdd}ins{background:#dfd;text-decoration:none;font-weight:bold}"
    ".narrative{white-space:pre-wrap}small{color:#555}"
)


def document(title: str, described_events: Sequence[DescribedEvent]) -> str:
    """One page with every change, old words struck and new ones bold."""
    changes = "\n".join(_article(described) for described in described_events) or "<p>Nothing changed.</p>"
    heading = _text(title)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{heading}</title>'
        f"<style>{_STYLE}</style></head>\n<body><h1>{heading}</h1>\n{changes}\n</body></html>"
    )


def _article(described: DescribedEvent) -> str:
    event = described.event
    side = event.new or event.old
    runs = described.difference.narrative or ((("equal", side.narrative),) if side else ())
    return (
        f"<article><h2>{_text(headline(described))}</h2>\n"
        f'<p>{_text(meaning(described))}. <a href="{escape(link(event.subject))}">Report</a><br>'
        f"<small>{_text(event.subject.title)} · {_text(event.subject.agency)} · {_text(event.type)} · "
        f"{_text(level_in_words(described.significance.level))}</small></p>\n"
        f"<p>{_runs(_recommended(event))}</p>\n"
        f'<p class="narrative">{_runs(runs)}</p></article>'
    )


def _recommended(event: Event) -> Sequence[Run]:
    """What was recommended; old against new where GAO reworded it."""
    if "text" in event.changed and event.old and event.new:
        return narrative_runs(event.old.text, event.new.text)
    return (("equal", event.subject.text),)


def _runs(runs: Sequence[Run]) -> str:
    return "".join(f"{_TAGS[kind][0]}{_text(words)}{_TAGS[kind][1]}" for kind, words in runs)


def _text(text: str) -> str:
    return escape(safe(text))
