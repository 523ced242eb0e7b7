"""Messages to Slack, made up."""

from typing import Any

from tests.workers.channels.made_up import message
from workers.channels.slack.settings import SlackSubscription
from workers.values import DescribedEvent, Message

BY_WEBHOOK = SlackSubscription.model_validate(
    {"id": "cbp-team", "channel": "slack", "webhook_url": "https://hooks.example.org/services/made-up"}
)
BY_API = SlackSubscription.model_validate(
    {"id": "cbp-team", "channel": "slack", "token": "xoxb-made-up", "channel_id": "C0123ABCD"}
)


def to_slack(
    *described_events: DescribedEvent, subscription: SlackSubscription = BY_WEBHOOK, **changes: Any
) -> Message:
    """A message to Slack."""
    return message(*described_events, subscription=subscription, **changes)


def words_in(payload: dict[str, Any]) -> str:
    """All that a reader sees of a payload's blocks, in order."""
    return "\n".join(_texts(payload["blocks"]))


def _texts(item: Any) -> list[str]:
    if isinstance(item, list):
        return [text for each in item for text in _texts(each)]
    if not isinstance(item, dict):
        return []
    own = [item["text"]] if isinstance(item.get("text"), str) else []
    return own + [text for key in ("text", "elements") for text in _texts(item.get(key))]


def styled(payload: dict[str, Any], style: str) -> list[str]:
    """The runs of one style."""
    found: list[str] = []

    def walk(item: Any) -> None:
        if isinstance(item, dict):
            if style in item.get("style", {}) and isinstance(item.get("style"), dict):
                found.append(item["text"])
            for value in item.values():
                walk(value)
        elif isinstance(item, list):
            for each in item:
                walk(each)

    walk(payload["blocks"])
    return found
