"""What the demo shows of a Slack message in a terminal, and where its output goes to a file."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from recwatch.demo.showing import slack

_RUNS: list[dict[str, Any]] = [
    {"type": "text", "text": "The lamps are "},
    {"type": "text", "text": "counted.", "style": {"strike": True}},
    {"type": "text", "text": " lit. ", "style": {"bold": True}},
    {"type": "text", "text": "All."},
]
_TITLE = [{"type": "text", "text": "Status update", "style": {"bold": True}}]
_PAYLOAD = {
    "blocks": [
        {"type": "header", "text": {"type": "plain_text", "text": "Lamps moved"}},
        {
            "type": "rich_text",
            "elements": [
                {"type": "rich_text_section", "elements": _TITLE},
                {"type": "rich_text_quote", "elements": _RUNS},
            ],
        },
    ]
}


@pytest.mark.parametrize(
    ("plain", "shown"),
    [(True, "The lamps are [-counted.-] {+lit.+} All."), (False, "The lamps are counted. lit. All.")],
    ids=["to a file", "in a terminal"],
)
def test_old_and_new_words_can_be_told_apart_wherever_the_output_goes(plain: bool, shown: str) -> None:
    """Styles where they can be seen, marks else; and only a difference's words are marked."""
    out = StringIO()
    Console(file=out, width=80).print(slack(_PAYLOAD, plain))
    lines = [line.strip(" ▏") for line in out.getvalue().splitlines() if line.strip()]
    assert lines == ["Lamps moved", "Status update", shown]
