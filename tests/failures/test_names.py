"""The name server is down: a failure that passes, in plain words, of the source or receiver it concerns."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from monitor.record.store.schema import messages
from monitor.record.store.store import Store
from tests.fakes.pages import export
from tests.fakes.receiver import Answer, Receiver
from tests.fakes.slack import FakeSlack
from tests.fakes.smtp import FakeSmtp
from tests.recwatch.conftest import BEFORE, Program
from tests.simulated.travel import days
from tests.workers.seeding import configured, email, rows, webhook

SAID = "the name server does not answer"
_really = socket.getaddrinfo


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Whether names below example.org lead to this machine, or nowhere, as at first."""

    def set_to(up: bool) -> None:
        def resolve(host: Any, *arguments: Any, **options: Any) -> Any:
            if not str(host).endswith("example.org"):
                return _really(host, *arguments, **options)
            if not up:
                raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
            return _really("127.0.0.1", *arguments, **options)

        monkeypatch.setattr(socket, "getaddrinfo", resolve)

    set_to(False)
    return set_to


def test_a_source_whose_name_cannot_be_resolved_says_so_and_is_read_when_it_can(
    program: Program, names: Callable[[bool], None]
) -> None:
    """The poll's line, `status` and `doctor` say it alike; nothing is believed or lost."""
    csv = Answer(200, (("Content-Type", "text/csv"),), export(BEFORE))
    with Receiver(otherwise=csv) as site:
        address = f"gao.example.org:{site.port}"
        program.config.write_text(
            f'[http]\ncontact = "x"\nmin_interval = "0s"\nallow_private_networks = true\n'
            f'[[sources]]\nid = "s"\nformat = "gao-csv"\nurl = "http://{address}/x"\nrobots = "ignore"\n'
        )
        answer = program("poll", "--once", "--json")
        assert (answer.status, answer.rows[0]["outcome"]) == (1, "failing")
        said = f"{address} could not be reached: {SAID}."
        assert said in answer.err
        assert "Traceback" not in answer.err
        assert f"s: {said}" in program("status").out
        assert f"FAIL  source s: {said}" in program("doctor").out
        names(True)
        assert program("poll", "--once", "--json").rows[0]["outcome"] == "baseline"


def test_receivers_whose_names_cannot_be_resolved_are_tried_again(
    store: Store, tmp_path: Path, names: Callable[[bool], None]
) -> None:
    """Certain that nothing arrived, a step of the schedule each; and each arrives, once, when they can."""
    with FakeSlack() as slack, FakeSmtp() as mail, Receiver() as hook:
        slack_port = slack.url.rpartition(":")[2]
        configuration = configured(
            webhook(url=f"http://hooks.example.org:{hook.port}/x"),
            {
                "id": "team",
                "channel": "slack",
                "webhook_url": f"http://slack.example.org:{slack_port}/services/x",
            },
            email(),
            http={"allow_private_networks": True},
            email={
                "smtp_url": f"smtp://mail.example.org:{mail.port}?starttls=off",
                "from": "gao@example.org",
            },
        )
        with days(store, tmp_path, configuration) as house:
            house.happen((1, 2))
            failed = {row["channel"]: row for row in rows(store, messages)}
            assert {(row["state"], row["failures"], row["uncertain"]) for row in failed.values()} == {
                ("waiting", 1, False)
            }
            assert failed["webhook"]["error"] == f"hooks.example.org:{hook.port} cannot be reached: {SAID}"
            assert failed["slack"]["error"] == f"Slack cannot be reached: {SAID}"
            assert failed["email"]["error"] == (
                f"the mail server at mail.example.org:{mail.port} cannot be reached "
                "(Temporary failure in name resolution)"
            )
            names(True)
            house.go(minutes=2)
        assert (len(slack.messages), len(mail.messages), len(hook.requests)) == (1, 1, 1)
