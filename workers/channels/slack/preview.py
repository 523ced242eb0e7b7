"""A payload as a web page that looks like Slack: for the demo and for pictures. Pure."""

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; }
body { margin: 0; padding: 20px; background: #ffffff; color: #1d1c1d;
  font: 15px/1.46668 Lato, "Helvetica Neue", Arial, sans-serif; }
.message { display: flex; gap: 8px; max-width: 720px; }
.avatar { flex: none; width: 36px; height: 36px; border-radius: 6px; background: #0b57a4; color: #ffffff;
  font-weight: 900; text-align: center; line-height: 36px; }
.name { font-weight: 900; }
.app { padding: 1px 3px; border-radius: 2px; background: #dddddd; color: #616061; font-size: 10px;
  font-weight: 700; vertical-align: 1px; }
.time, .context { color: #616061; font-size: 12px; }
.body { min-width: 0; overflow-wrap: anywhere; }
.header { margin: 8px 0 4px; font-size: 18px; font-weight: 900; }
.rich { margin: 4px 0; white-space: pre-wrap; }
.context { margin: 8px 0; }
blockquote { margin: 4px 0; padding: 2px 0 2px 12px; border-left: 4px solid #dddddd; }
ul { margin: 2px 0; padding-left: 26px; white-space: normal; }
a { color: #1264a3; text-decoration: none; }
b { font-weight: 900; }
.button { display: inline-block; margin: 6px 0; padding: 5px 12px; border: 1px solid #bbbabb;
  border-radius: 4px; color: #1d1c1d; font-size: 13px; font-weight: 700; }
@media (prefers-color-scheme: dark) {
  body { background: #1a1d21; color: #d1d2d3; }
  .time, .context { color: #ababad; }
  .app { background: #35373b; color: #ababad; }
  blockquote { border-color: #44474b; }
  a { color: #1d9bd1; }
  .button { border-color: #5b5d60; color: #d1d2d3; }
}
"""
_TAGS = {"bold": "b", "italic": "i", "strike": "s", "code": "code"}


def preview(payload: Mapping[str, Any], time: str = "12:00 PM") -> str:
    """A whole page; what the payload says is escaped, and nothing is fetched from elsewhere."""
    body = "".join(_BLOCKS[block["type"]](block) for block in payload.get("blocks", ()))
    body = body or f'<div class="rich">{escape(payload["text"], quote=False)}</div>'
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Slack preview</title>'
        f'<style>{_STYLE}</style></head><body><div class="message"><div class="avatar">r</div>'
        f'<div class="body"><div><span class="name">recwatch</span> <span class="app">APP</span> '
        f'<span class="time">{escape(time)}</span></div>{body}</div></div></body></html>\n'
    )


def _header(block: Mapping[str, Any]) -> str:
    return f'<div class="header">{escape(block["text"]["text"])}</div>'


def _context(block: Mapping[str, Any]) -> str:
    return f'<div class="context">{" ".join(escape(item["text"]) for item in block["elements"])}</div>'


def _actions(block: Mapping[str, Any]) -> str:
    return "".join(
        f'<a class="button" href="{escape(item["url"])}">{escape(item["text"]["text"])}</a>'
        for item in block["elements"]
    )


def _rich(block: Mapping[str, Any]) -> str:
    return f'<div class="rich">{"".join(_element(element) for element in block["elements"])}</div>'


def _element(element: Mapping[str, Any]) -> str:
    if element["type"] == "rich_text_list":
        return f"<ul>{''.join(f'<li>{_runs(item)}</li>' for item in element['elements'])}</ul>"
    tag = "blockquote" if element["type"] == "rich_text_quote" else "div"
    return f"<{tag}>{_runs(element)}</{tag}>"


def _runs(element: Mapping[str, Any]) -> str:
    return "".join(_run(run) for run in element["elements"])


def _run(run: Mapping[str, Any]) -> str:
    text = escape(run["text"])
    for style in run.get("style", {}):
        text = f"<{_TAGS[style]}>{text}</{_TAGS[style]}>"
    return f'<a href="{escape(run["url"])}">{text}</a>' if run["type"] == "link" else text


_BLOCKS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "header": _header,
    "context": _context,
    "actions": _actions,
    "rich_text": _rich,
}
