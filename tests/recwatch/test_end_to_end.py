"""The main job, from a drop folder to Slack, a mailbox and a webhook, with real parts everywhere."""

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.pages import Row, agency_text, rows
from tests.fakes.receiver import Receiver
from tests.fakes.slack import FakeSlack
from tests.fakes.smtp import FakeSmtp
from tests.recwatch.conftest import Program

SECRET = "whsec_bWFkZSB1cCBmb3IgdGhlIHRlc3RzIG9mIHJlY3c="
OLD = "The Bureau agreed. It counted the lamps and expects to replace them by May 2031."
NEW = "The Bureau agreed. It counted the lamps and expects to replace them by September 2032."


@dataclass(frozen=True)
class Ends:
    """The three receivers, on loopback."""

    slack: FakeSlack
    mail: FakeSmtp
    hook: Receiver

    def counts(self) -> tuple[int, int, int]:
        return len(self.slack.messages), len(self.mail.messages), len(self.hook.requests)


@pytest.fixture
def ends() -> Iterator[Ends]:
    """Three receivers that take everything."""
    with ExitStack() as stack:
        yield Ends(*(stack.enter_context(one) for one in (FakeSlack(), FakeSmtp(), Receiver())))


def configure(program: Program, ends: Ends, form: str) -> None:
    """A source that is a folder, and a subscription a channel."""
    program.config.write_text(f"""
[http]
contact = "tests@example.org"
allow_private_networks = true
[email]
smtp_url = "{ends.mail.url}"
from = "recwatch@example.org"
[[sources]]
id = "harbor"
format = "{form}"
path = "drop/"
[[subscriptions]]
id = "team"
channel = "slack"
webhook_url = "{ends.slack.webhook_url}"
[[subscriptions]]
id = "liaison"
channel = "email"
to = ["audit-liaison@example.org"]
[[subscriptions]]
id = "tracker"
channel = "webhook"
url = "{ends.hook.url}"
secret = "{SECRET}"
""")


def save(program: Program, name: str, body: bytes, *, hours_ago: int) -> None:
    """Put a file into the drop folder, written so long ago."""
    path = program.folder / "drop" / name
    path.write_bytes(body)
    written = (datetime.now().astimezone() - timedelta(hours=hours_ago)).timestamp()
    os.utime(path, (written, written))


def told(ends: Ends) -> dict[str, Any]:
    """The webhook's data, its signature verified and its texts rebuilt from the difference."""
    (request,) = ends.hook.requests
    data: dict[str, Any] = request.verify(SECRET)["data"]
    runs = data["diff"]["narrative"]
    assert "".join(text for kind, text in runs if kind != "insert") == data["old"]["narrative"]
    assert "".join(text for kind, text in runs if kind != "delete") == data["new"]["narrative"]
    return data


def words(text: str) -> str:
    """A text without line breaks and marks of emphasis."""
    return re.sub(r"[\s*_]+", " ", text)


def test_two_captures_in_the_folder_are_one_message_a_channel(program: Program, ends: Ends) -> None:
    """Both there from the start, one narrative changed: exactly one event, each end has old and new."""
    configure(program, ends, "gao-text")
    page = rows(9)
    save(program, "a.txt", agency_text([*page, Row(narrative=OLD)]), hours_ago=2)
    save(program, "b.txt", agency_text([*page, Row(narrative=NEW)]), hours_ago=1)
    answer = program.apart("once")
    assert answer.status == 0, answer.err
    assert ends.counts() == (1, 1, 1)
    data = told(ends)
    assert (data["old"]["narrative"], data["new"]["narrative"]) == (OLD, NEW)
    (mail,) = ends.mail.messages
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        assert part is not None
        text = words(re.sub(r"<[^>]+>", "", part.get_content()))
        assert "May 2031" in text
        assert "September 2032" in text
    blocks = str(ends.slack.messages[0]["blocks"])
    assert "May 2031" in blocks
    assert "September 2032" in blocks
    assert program.apart("once").status == 0
    assert ends.counts() == (1, 1, 1)


@pytest.mark.parametrize(("line", "shown"), [("", True), ("subscriptions = []", False)])
def test_with_no_channel_configured_changes_are_shown_on_the_console(
    program: Program, line: str, shown: bool
) -> None:
    """Whoever names nobody sees it all; an empty list is a wish to be told nothing."""
    source = '[[sources]]\nid = "harbor"\nformat = "gao-text"\npath = "drop/"\n'
    program.config.write_text(f"{line}\n{source}")
    save(program, "a.txt", agency_text([*rows(9), Row(narrative=OLD)]), hours_ago=2)
    save(program, "b.txt", agency_text([*rows(9), Row(narrative=NEW)]), hours_ago=1)
    answer = program.apart("once")
    assert answer.status == 0, answer.err
    assert ("{+September 2032.+}" in " ".join(answer.out.split())) is shown


def test_a_real_page_changed_in_one_place_is_one_message_a_channel(
    program: Program, ends: Ends, captures: Path
) -> None:
    """The agency's page as it was saved, one date in it moved."""
    configure(program, ends, "gao-text")
    before = (captures / "cbp-agency-2024-05.gao-text.txt").read_text(encoding="utf-8")
    head, _, tail = before.rpartition("by March 2024")
    save(program, "a.txt", before.encode(), hours_ago=2)
    save(program, "b.txt", f"{head}by June 2055{tail}".encode(), hours_ago=1)
    answer = program.apart("once")
    assert answer.status == 0, answer.err
    assert ends.counts() == (1, 1, 1)
    signals = told(ends)["significance"]["signals"]
    assert [(one["kind"], one["old"], one["new"]) for one in signals] == [
        ("deadline_moved", "2024-03", "2055-06")
    ]
