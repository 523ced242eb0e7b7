"""What recwatch.toml may say about subscriptions and operators."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from monitor.record.settings import Subscription
from workers.channels.console.settings import ConsoleSubscription
from workers.channels.webhook.settings import WebhookSubscription
from workers.configuration import Configuration

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CONSOLE = {"id": "cbp", "channel": "console"}
WEBHOOK = {"channel": "webhook", "url": "https://example.org/hooks", "secret": SECRET}


def read(**tables: Any) -> Configuration:
    return Configuration.model_validate(tables)


def mistakes(**tables: Any) -> list[tuple[tuple[str | int, ...], str]]:
    with pytest.raises(ValidationError) as caught:
        read(**tables)
    return [(error["loc"], error["msg"]) for error in caught.value.errors()]


def test_a_subscription_is_read_by_its_channel() -> None:
    """`channel` decides which keys a subscription has."""
    configuration = read(subscriptions=[CONSOLE, {"id": "tracker", **WEBHOOK}])
    kinds = [type(each) for each in configuration.subscriptions]
    assert kinds == [ConsoleSubscription, WebhookSubscription]


def test_another_channels_key_is_unknown() -> None:
    """A key of one channel is a mistake under another."""
    assert mistakes(subscriptions=[{**CONSOLE, "url": "https://example.org"}])[0][0][-1] == "url"


@pytest.mark.parametrize(
    ("ids", "words"), [(("a", "b", "a"), 'two subscriptions have the id "a"'), (("operators",), "belongs to")]
)
def test_ids_are_unique_and_operators_is_taken(ids: tuple[str, ...], words: str) -> None:
    """Two subscriptions never share an id, and none is called operators."""
    tables = [{"id": each, "channel": "console"} for each in ids]
    assert words in mistakes(subscriptions=tables)[0][1]


def test_operators_hear_on_the_console_by_default() -> None:
    """Without [operators], and with one that names no channel, trouble is shown on the console."""
    for configuration in (read(), read(operators={"heartbeat_url": "https://example.org/beat"})):
        assert isinstance(configuration.operators.subscription, ConsoleSubscription)
        assert configuration.operators.subscription.id == Subscription.OPERATORS


def test_operators_take_a_channels_keys() -> None:
    """[operators] writes the channel's keys and heartbeat_url side by side."""
    operators = read(operators={**WEBHOOK, "heartbeat_url": "https://example.org/beat"}).operators
    assert operators.heartbeat_url == "https://example.org/beat"
    assert isinstance(operators.subscription, WebhookSubscription)
    assert operators.subscription.url == WEBHOOK["url"]


@pytest.mark.parametrize("key", sorted(set(Subscription.model_fields) - {"channel"}))
def test_operators_have_no_subscribers_keys(key: str) -> None:
    """Operators hear of all trouble, at once: match, digest and their like are unknown there."""
    found = mistakes(operators={"channel": "console", key: "x"})
    assert found[0][0] == ("operators", "console", key)


def test_a_mistake_in_operators_names_its_key() -> None:
    """Each mistake stands at the key where it was made, all of them at once."""
    found = mistakes(operators={"channel": "webhook", "url": "x", "secret": "y", "heartbeat_url": "z"})
    assert {loc[2] for loc, _ in found} == {"url", "secret", "heartbeat_url"}


def test_operators_are_written_as_they_were_read() -> None:
    """The effective configuration shows [operators] in the shape of the file."""
    dumped = read(operators={"heartbeat_url": "https://example.org/beat"}).model_dump(mode="json")
    assert dumped["operators"] == {"channel": "console", "heartbeat_url": "https://example.org/beat"}


def test_the_json_schema_of_operators_is_that_of_the_file() -> None:
    """The schema has one table a channel for [operators], without subscribers' keys."""
    schema = Configuration.model_json_schema()
    table = schema["$defs"]["WebhookOperators"]
    assert set(table["properties"]) == {"channel", "url", "secret", "max_body", "heartbeat_url"}
    assert "id" not in table["required"]


def test_secrets_are_masked() -> None:
    """The effective configuration holds no secret, nor what an address may hide; a repr no secret."""
    url = "https://user:hunter2@example.org/hooks?token=hunter3"
    configuration = read(subscriptions=[{"id": "t", **WEBHOOK, "url": url}])
    dumped = json.dumps(configuration.model_dump(mode="json"))
    for hidden in (SECRET, SECRET.removeprefix("whsec_"), "hunter2", "hunter3"):
        assert hidden not in dumped
    assert SECRET not in repr(configuration)
    assert "https://example.org/" in dumped
    assert "hooks" not in dumped


def test_channels_in_use_are_the_subscriptions_and_the_operators() -> None:
    """A worker is needed for each channel that somebody is told by, the operators included."""
    assert read().channels_in_use() == ("console",)
    assert read(subscriptions=[{"id": "t", **WEBHOOK}]).channels_in_use() == ("console", "webhook")


def test_a_subscription_is_found_by_its_id() -> None:
    """Messages name their subscription; one that is gone from the configuration is None."""
    configuration = read(subscriptions=[CONSOLE])
    assert configuration.subscription("cbp") is configuration.subscriptions[0]
    assert configuration.subscription("operators") is configuration.operators.subscription
    assert configuration.subscription("gone") is None


@pytest.mark.parametrize(
    "address",
    ["http://[::1", "http://[fe80::1%25eth0]:x/", "http://h:99999/", "http://:80/", "ftp://h/", "h/x"],
)
def test_what_is_no_web_address_is_said_in_the_same_words_on_every_python(address: str) -> None:
    """Whatever the standard library of the day makes of it."""
    from monitor.record.settings import web_address

    with pytest.raises(ValueError, match="is not a web address; it begins with"):
        web_address(address)
