"""The body of a webhook, as CONTRACT.md has it; `show --json` and `diff --as json` print it too. Pure."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from monitor.record.values import Notice, Reminder, State, Subject
from workers.values import DescribedEvent, Signal

Body = dict[str, Any]


def event_body(
    described: DescribedEvent, *, subscription: str | None, test: bool = False, replayed: bool = False
) -> Body:
    """Everything about one event, texts whole and verbatim.

    `subscription` is None where there is none (`show`, `diff`). `fit` shortens it to a receiver's limit.
    """
    event, difference, significance = described.event, described.difference, described.significance
    return {
        "type": str(event.type),
        "timestamp": timestamp(event.at),
        "data": {
            "event_id": event.id,
            "source": event.source,
            "subscription": subscription,
            "test": test,
            "replayed": replayed,
            "recommendation": _recommendation(event.subject),
            "changed": list(event.changed),
            "old": _state(event.old),
            "new": _state(event.new),
            "diff": {
                "narrative": [[operation, text] for operation, text in difference.narrative],
                "record": dict(difference.record),
            },
            "significance": {
                "level": str(significance.level),
                "signals": [_signal(signal) for signal in significance.signals],
            },
            "truncated": False,
            **_reminder(event.reminder),
        },
    }


def _reminder(reminder: Reminder | None) -> Body:
    return {"reminder": {"date": reminder.date, "text": reminder.text}} if reminder else {}


def notice_body(notice: Notice) -> Body:
    """A notice to operators, by webhook or with `--json`."""
    about = "source" if notice.type.startswith("source.") else "subscription"
    return {
        "type": str(notice.type),
        "timestamp": timestamp(notice.at),
        "data": {
            "event_id": notice.id,
            about: notice.concerns,
            "outcome": notice.outcome,
            "message": notice.message,
            "since": timestamp(notice.since),
        },
    }


def timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC to the second: `2026-03-01T12:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def encode(body: Mapping[str, Any]) -> bytes:
    """JSON in UTF-8. A lone surrogate, which UTF-8 has no place for, becomes "?"."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def digest(text: str) -> str:
    """SHA-256 of a text's UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _recommendation(subject: Subject) -> Body:
    return {
        "key": subject.key,
        "product": subject.product,
        "kind": str(subject.kind),
        "number": subject.number,
        "agency": subject.agency,
        "title": subject.title,
        "text": subject.text,
        "url": subject.url,
    }


def _state(state: State | None) -> Body | None:
    if state is None:
        return None
    return {
        "status": state.status,
        "priority": state.priority,
        "narrative": state.narrative,
        "fingerprint": state.fingerprint,
        "observed_at": timestamp(state.observed_at),
    }


def _signal(signal: Signal) -> Body:
    body: Body = {"kind": signal.kind, "old": signal.old, "new": signal.new, "text": signal.text}
    return body if signal.slips is None else {**body, "slips": signal.slips}
