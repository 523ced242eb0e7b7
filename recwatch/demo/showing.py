"""Shows the messages that arrived: in the terminal, and as files to open."""

import json
from collections.abc import Callable, Iterable, Mapping
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from types import MappingProxyType
from typing import Any

from rich.box import HEAVY_HEAD, ROUNDED
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text
from standardwebhooks import Webhook

from recwatch.demo.tour import Tour
from workers.channels.slack.preview import preview

_STYLES = {"bold": "bold", "italic": "italic", "strike": "strike red"}
_MARKS = {"bold": ("{+", "+}"), "strike": ("[-", "-]")}  # of a difference, where nothing shows a style
_LONGEST = 260  # characters of a string of the webhook's body that the terminal shows


def show(tour: Tour, console: Console) -> None:
    """Print the three messages and the paths of their files."""
    arrivals = tour.world.arrivals
    payload = json.loads(arrivals.slack[0])
    mail = message_from_bytes(arrivals.mail[0], policy=default)
    headers, body = arrivals.webhook[0]
    console.print(_panel("Slack · lights-team", slack(payload, plain=not console.is_terminal)))
    console.print(_panel("Email · audit-liaison", _mail(mail)))
    console.print(_panel("Webhook · tracker", _webhook(headers, body, tour.secret)))
    for name, path in _write(tour.folder, payload, arrivals.mail[0], mail, body).items():
        console.print(f"{name:<22} {path}", soft_wrap=True, highlight=False)


def _panel(title: str, content: RenderableType) -> Padding:
    return Padding(Panel(content, title=title, title_align="left", box=ROUNDED, padding=(1, 2)), (1, 0, 0, 0))


# --- Slack ------------------------------------------------------------------------------------------


def slack(payload: Mapping[str, Any], plain: bool) -> Group:
    """A message's blocks; `plain`: removed and added words are marked, since no style can be seen."""
    drawn: list[RenderableType] = []
    for block in payload["blocks"]:
        draw = _BLOCKS.get(block["type"])
        drawn += [*(draw(block) if draw else _rich_text(block, plain)), Text()]
    return Group(*drawn[:-1])


def _rich_text(block: Mapping[str, Any], plain: bool) -> Iterable[RenderableType]:
    for element in block["elements"]:
        if element["type"] == "rich_text_list":
            yield from (Padding(_runs(item), (0, 0, 0, 2)) for item in element["elements"])
        elif element["type"] == "rich_text_quote":
            bar = Table.grid(padding=(0, 1))
            bar.add_row(Text("▏", style="dim"), _runs(element, _MARKS if plain else {}))
            yield bar
        else:
            yield _runs(element)


def _runs(element: Mapping[str, Any], marks: Mapping[str, tuple[str, str]] = MappingProxyType({})) -> Text:
    text = Text()
    for run in element["elements"]:
        names = [name for name in run.get("style", {}) if name in _STYLES]
        style = " ".join(_STYLES[name] for name in names)
        before, after = marks.get(names[0], ("", "")) if names else ("", "")
        words = _within(run["text"], before, after)
        text.append(words, style="green " + style if style == "bold" else style)
    return text


def _within(text: str, before: str, after: str) -> str:
    """Marks around the words of a run, inside the white space at its ends."""
    words = text.strip()
    return text.replace(words, f"{before}{words}{after}") if words else text


_BLOCKS: Mapping[str, Callable[[Mapping[str, Any]], Iterable[RenderableType]]] = {
    "header": lambda block: [Text(block["text"]["text"], style="bold")],
    "context": lambda block: [Text(item["text"], style="dim") for item in block["elements"]],
    "actions": lambda block: [
        Text(f"[ {item['text']['text']} ]  {item['url']}", style="cyan") for item in block["elements"]
    ],
}


# --- email ------------------------------------------------------------------------------------------


def _part(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()) if part else ""


def _mail(mail: EmailMessage) -> Group:
    heads = Table.grid(padding=(0, 2))
    for name in ("From", "To", "Subject"):
        heads.add_row(
            Text(name, style="dim"), Text(str(mail[name]), style="bold" if name == "Subject" else "")
        )
    return Group(heads, Rule(style="dim"), Text(_part(mail, "plain").strip()))


# --- webhook ----------------------------------------------------------------------------------------


def _webhook(headers: Mapping[str, str], body: bytes, secret: str) -> Group:
    sent = {name.lower(): value for name, value in headers.items()}
    heads = Table(box=HEAVY_HEAD, show_header=False, show_edge=False, pad_edge=False)
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        heads.add_row(Text(name, style="dim"), sent[name])
    Webhook(secret).verify(body, sent)  # raises where it does not fit
    verified = Text("✓ the signature fits (checked with the Standard Webhooks library)", style="green")
    shown = json.dumps(_shortened(json.loads(body)), indent=2, ensure_ascii=False)
    return Group(heads, verified, Text(), Syntax(shown, "json", word_wrap=True, background_color="default"))


def _shortened(value: Any) -> Any:
    """The body for the terminal: long strings cut, saying so, and a difference's runs on one line each."""
    if isinstance(value, str) and len(value) > _LONGEST:
        return f"{value[:_LONGEST]}… ({len(value) - _LONGEST} more characters)"
    if isinstance(value, dict):
        return {key: _shortened(each) for key, each in value.items()}
    if isinstance(value, list):
        return [" ".join(map(str, each)) if _is_run(each) else _shortened(each) for each in value]
    return value


def _is_run(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and value[0] in ("equal", "delete", "insert")


# --- files ------------------------------------------------------------------------------------------


def _write(
    folder: Path, payload: Mapping[str, Any], raw: bytes, mail: EmailMessage, body: bytes
) -> dict[str, Path]:
    files: dict[str, tuple[str, bytes]] = {
        "The email as a page": ("email.html", _part(mail, "html").encode()),
        "The email as a file": ("email.eml", raw),
        "The Slack message": ("slack.html", preview(payload).encode()),
        "The webhook's body": ("webhook.json", body),
    }
    paths = {}
    for name, (file, content) in files.items():
        paths[name] = (folder / file).absolute()
        paths[name].write_bytes(content)
    return paths
