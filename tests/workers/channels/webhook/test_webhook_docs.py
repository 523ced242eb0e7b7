"""docs/webhooks.md and docs/webhook.schema.json say what the program sends."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from monitor.record.values import EventType, NoticeType
from tests.workers.channels.made_up import described, notice, state
from workers.channels.webhook.body import event_body, notice_body
from workers.channels.webhook.examples import examples
from workers.channels.webhook.fitting import fit
from workers.channels.webhook.schema import PAGE, SCHEMA_FILE, schema, schema_text, with_examples
from workers.channels.webhook.settings import SMALLEST_BODY

DOCS = Path(__file__).parents[4] / "docs"
AGAIN = "run: python -m workers.channels.webhook.schema docs"


def event_bodies() -> list[dict[str, Any]]:
    long = state("Officials told us that it goes on. " * 200)
    made = [described(kind) for kind in EventType] + [described(old=long, new=long)]
    bodies = [event_body(each, subscription=None) for each in made]
    return [json.loads(fit(body, limit)) for body in bodies for limit in (100_000, SMALLEST_BODY)]


BODIES = [*event_bodies(), *examples().values(), *(notice_body(notice(kind)) for kind in NoticeType)]


def strict(node: Any) -> Any:
    """The schema with unknown fields forbidden: what is sent must be described."""
    if isinstance(node, list):
        return [strict(each) for each in node]
    if not isinstance(node, dict):
        return node
    inner = {key: strict(value) for key, value in node.items()}
    return {**inner, "additionalProperties": False} if "properties" in node else inner


def test_the_schema_file_is_the_programs() -> None:
    """The file does not drift from the code."""
    assert (DOCS / SCHEMA_FILE).read_text(encoding="utf-8") == schema_text(), AGAIN


def test_the_pages_examples_are_the_programs() -> None:
    """Each example on the page is what the code makes, and each that the code makes is shown."""
    page = (DOCS / PAGE).read_text(encoding="utf-8")
    assert with_examples(page) == page, AGAIN
    for name in examples():
        assert f"<!-- example: {name} -->" in page


def test_the_schema_is_one() -> None:
    """It is valid by its own draft."""
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("body", BODIES)
def test_every_field_that_is_sent_is_described(body: dict[str, Any]) -> None:
    """No body has a field that the schema does not know."""
    jsonschema.Draft202012Validator(strict(schema())).validate(body)


def test_fields_may_be_added() -> None:
    """Receivers that validate don't break when a field is added."""
    body = examples()["updated"]
    body["data"]["later"] = True
    jsonschema.Draft202012Validator(schema()).validate(body)


@pytest.mark.parametrize("field", ["event_id", "recommendation", "old", "significance", "truncated"])
def test_a_body_that_lacks_a_field_does_not_validate(field: str) -> None:
    """The schema says which fields are always there."""
    body = examples()["updated"]
    del body["data"][field]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema()).validate(body)
