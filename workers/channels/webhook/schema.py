"""The JSON Schema of a webhook's body, made from the program's own words.

`python -m workers.channels.webhook.schema docs` writes it, and the examples of docs/webhooks.md, anew.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from monitor.record.settings import FIELDS, SIGNALS
from monitor.record.values import EventType, Kind, NoticeType, Status
from workers.channels.webhook.examples import examples
from workers.values import Level

SCHEMA_FILE = "webhook.schema.json"
PAGE = "webhooks.md"

_Schema = dict[str, Any]
_BLOCK = re.compile(r"(<!-- example: (?P<name>[a-z-]+) -->\n```json\n).*?(\n```)", re.DOTALL)


def schema() -> _Schema:
    """Draft 2020-12. Unknown fields are allowed: fields may be added, none changes its meaning."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The body of a recwatch webhook",
        "description": "Fields may be added; none changes its meaning.",
        "oneOf": [_envelope(tuple(EventType), _event_data()), _envelope(tuple(NoticeType), _notice_data())],
        "$defs": {
            "time": _text("ISO 8601 in UTC, to the second", pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"),
            "recommendation": _recommendation(),
            "state": _state(),
            "run": _run(),
            "signal": _signal(),
        },
    }


def _envelope(types: tuple[str, ...], data: _Schema) -> _Schema:
    return _object(
        {
            "type": {"enum": [str(each) for each in types]},
            "timestamp": _ref("time", "when it was seen; header webhook-timestamp is the attempt's time"),
            "data": data,
        }
    )


def _event_data() -> _Schema:
    properties = {
        "event_id": _text("the same everywhere the event appears"),
        "source": _text("the id of the source that showed it"),
        "subscription": _nullable(_text("the subscription's id; null where there is none")),
        "test": _flag("a sample, sent by test-notify"),
        "replayed": _flag("sent again, by replay"),
        "recommendation": _ref("recommendation", "which one, as it was known when the event was stored"),
        "changed": _list({"enum": list(FIELDS)}, "empty for opened, vanished, overdue and stalled"),
        "old": _nullable(_ref("state", "null for opened")),
        "new": _nullable(_ref("state", "null for vanished")),
        "diff": _object(
            {
                "narrative": _list(
                    _ref("run", ""), "joined: equal and delete the old, equal and insert the new"
                ),
                "record": {"type": "object", "description": "the rest of the record, structurally"},
            },
            description="left out first where the body would be too long",
        ),
        "significance": _object(
            {
                "level": {"enum": [str(level) for level in Level]},
                "signals": _list(_ref("signal", ""), "what a careful analyst would assert"),
            }
        ),
        "reminder": _object(
            {
                "date": _text("the promised date as signals write it; the day since when nothing changed"),
                "text": _text("the words that the promise rests on; empty for stalled"),
            },
            description="only for overdue and stalled",
        ),
        "truncated": _flag("true: something was left out or shortened, left_out says what"),
        "sha256": _object(
            {side: _nullable(_text(f"of the whole {side} narrative's UTF-8")) for side in ("old", "new")},
            description="only where truncated",
        ),
        "left_out": _list(_text("such as diff, or new.narrative"), "only where truncated"),
    }
    return _object(properties, optional=("diff", "reminder", "sha256", "left_out"))


def _notice_data() -> _Schema:
    properties = {
        "event_id": _text("the notice's id"),
        "source": _text("the source that is in trouble, or has recovered"),
        "subscription": _text("the subscription that is in trouble"),
        "outcome": _text("how the reading or the delivery ended"),
        "message": _text("what happened and what to do"),
        "since": _ref("time", "when it began"),
        "truncated": _flag("true where the message was shortened"),
    }
    data = _object(properties, optional=("source", "subscription", "truncated"))
    return {**data, "oneOf": [{"required": ["source"]}, {"required": ["subscription"]}]}


def _recommendation() -> _Schema:
    return _object(
        {
            "key": _text("the identity, as `recwatch list` prints it"),
            "product": _nullable(_text("the report's number")),
            "kind": {"enum": [str(kind) for kind in Kind]},
            "number": _nullable(_text("the stated number, such as 4 or 19-01")),
            "agency": _text("as the page names it"),
            "title": _text("the report's"),
            "text": _text("the recommendation itself"),
            "url": _nullable(_text("the report's page")),
        }
    )


def _state() -> _Schema:
    return _object(
        {
            "status": _text(f"{', '.join(Status)}, or the page's own word"),
            "priority": _flag("whether GAO calls it a priority"),
            "narrative": _text("the words under Comments, verbatim; paragraphs are two newlines apart"),
            "fingerprint": _text("a hash of the narrative, folded"),
            "observed_at": _ref("time", "when it was first seen to stand so"),
        }
    )


def _run() -> _Schema:
    return {
        "type": "array",
        "prefixItems": [{"enum": ["equal", "delete", "insert"]}, {"type": "string"}],
        "items": False,
        "minItems": 2,
    }


def _signal() -> _Schema:
    dated = "a date such as 2024-05-31, 2024-05, 2024, 2024-Q2, FY2025, FY2026-Q2 or 2025-summer, or words"
    properties = {
        "kind": {"enum": list(SIGNALS)},
        "old": _nullable(_text(dated)),
        "new": _nullable(_text(dated)),
        "text": _text("the words that it rests on"),
        "slips": {
            "type": "integer",
            "description": "how often this deadline has moved later so far",
        },
    }
    return _object(properties, optional=("slips",))


def _object(properties: _Schema, *, optional: tuple[str, ...] = (), description: str = "") -> _Schema:
    required = [name for name in properties if name not in optional]
    made: _Schema = {"type": "object", "properties": properties, "required": required}
    return {**made, "description": description} if description else made


def _text(description: str, **more: Any) -> _Schema:
    return {"type": "string", "description": description, **more}


def _flag(description: str) -> _Schema:
    return {"type": "boolean", "description": description}


def _list(items: _Schema, description: str) -> _Schema:
    return {"type": "array", "items": items, "description": description}


def _ref(name: str, description: str) -> _Schema:
    return {"$ref": f"#/$defs/{name}", **({"description": description} if description else {})}


def _nullable(inner: _Schema) -> _Schema:
    return {"anyOf": [inner, {"type": "null"}]}


def schema_text() -> str:
    """The schema as docs/webhook.schema.json has it."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def with_examples(page: str) -> str:
    """A page with each block after `<!-- example: NAME -->` written anew."""
    made = examples()

    def block(match: re.Match[str]) -> str:
        return match[1] + json.dumps(made[match["name"]], indent=2, ensure_ascii=False) + match[3]

    return _BLOCK.sub(block, page)


def main(folder: Path) -> None:
    """Write the schema and the page's examples."""
    (folder / SCHEMA_FILE).write_text(schema_text(), encoding="utf-8")
    page = folder / PAGE
    page.write_text(with_examples(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
