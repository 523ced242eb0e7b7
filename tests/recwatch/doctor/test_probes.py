"""What `doctor` says of a channel's far end, by what is found there; nobody is told anything."""

import socket
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler

import pytest
from structlog.testing import capture_logs

from recwatch.configuration import ConfigError, load
from recwatch.doctor.probes import clock_off
from recwatch.runtime import main_process
from recwatch.runtime.contexts import served
from tests.fakes.pages import export
from tests.fakes.receiver import Answer, Receiver
from tests.fakes.slack import FakeSlack
from tests.fakes.smtp import FakeSmtp
from tests.recwatch.conftest import BEFORE, Program

HTTP = '[http]\ncontact = "x"\nallow_private_networks = true\n'


def closed() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def examined(program: Program, name: str) -> tuple[str, str, str]:
    """`doctor` on one finding: its state, what it says, and what to do."""
    lines = program("doctor").out.splitlines()
    place = next(index for index, line in enumerate(lines) if line[6:].startswith(f"{name}: "))
    advice = lines[place + 1].partition("→ ")[2] if place + 1 < len(lines) else ""
    return lines[place][:4].strip(), lines[place][6:].partition(": ")[2], advice


def by_token(program: Program, api_url: str) -> None:
    program.config.write_text(
        f'{HTTP}[[subscriptions]]\nid = "team"\nchannel = "slack"\ntoken = "xoxb-made-up"\n'
        f'channel_id = "C0123ABCD"\napi_url = "{api_url}"\n'
    )


def by_mail(program: Program, smtp_url: str) -> None:
    program.config.write_text(
        f'{HTTP}[email]\nsmtp_url = "{smtp_url}"\nfrom = "gao@example.org"\n'
        '[[subscriptions]]\nid = "liaison"\nchannel = "email"\nto = ["a@example.org"]\n'
    )


def test_slack_that_knows_the_token_is_well(program: Program) -> None:
    """The token's bot and workspace are named; nothing is posted."""
    with FakeSlack() as slack:
        by_token(program, slack.api_url)
        state, said, _ = examined(program, "slack team")
        assert (state, said) == ("ok", "Slack knows the token: a bot in a workspace")
        assert slack.posts == []


@pytest.mark.parametrize(
    ("body", "said", "advice"),
    [
        (b'{"ok": false, "error": "invalid_auth"}', "Slack refuses the token: invalid_auth", "check token"),
        (b"<html>", "Slack's API answered with something else", "check api_url"),
        (b"[]", "Slack refuses the token: no reason given", "check token"),
    ],
)
def test_slack_that_answers_otherwise_fails(program: Program, body: bytes, said: str, advice: str) -> None:
    """In Slack's own word where it has one."""
    with Receiver(otherwise=Answer(200, body=body)) as other:
        by_token(program, f"http://127.0.0.1:{other.port}/api/")
        assert examined(program, "slack team") == ("FAIL", said, advice)


def test_slack_that_cannot_be_reached_fails(program: Program) -> None:
    """By token and by webhook."""
    by_token(program, f"http://127.0.0.1:{closed()}/api/")
    state, said, advice = examined(program, "slack team")
    assert (state, said) == ("FAIL", "Slack cannot be reached: connection refused")
    assert advice == "check the network"


def test_slack_by_webhook_says_what_it_lacks(program: Program) -> None:
    """No threads, and messages that may come twice; nothing is posted."""
    with FakeSlack() as slack:
        program.config.write_text(
            f'{HTTP}[[subscriptions]]\nid = "team"\nchannel = "slack"\nwebhook_url = "{slack.webhook_url}"\n'
        )
        state, said, _ = examined(program, "slack team")
        assert state == "ok"
        assert "by webhook there are no threads" in said
        assert slack.posts == []


def test_a_mail_server_is_greeted_and_given_nothing(program: Program) -> None:
    """With its login where one is set."""
    with FakeSmtp() as server:
        by_mail(program, server.url)
        assert examined(program, "email liaison")[:2] == ("ok", f"127.0.0.1:{server.port} answers")
        assert (server.sessions, server.messages) == (1, [])
    with FakeSmtp(login=("gao", "right")) as server:
        by_mail(program, f"smtp://gao:right@127.0.0.1:{server.port}?starttls=off")
        said = examined(program, "email liaison")[:2]
        assert said == ("ok", f"127.0.0.1:{server.port} answers and knows the user")


def test_a_mail_server_that_refuses_fails_without_the_password(program: Program) -> None:
    """Another login, or no STARTTLS."""
    with FakeSmtp(login=("gao", "right")) as server:
        by_mail(program, f"smtp://gao:wrong@127.0.0.1:{server.port}?starttls=off")
        state, said, advice = examined(program, "email liaison")
        assert state == "FAIL"
        assert said.startswith("the mail server refused the login (535 ")
        assert advice == "check smtp_url"
        assert "wrong" not in said
        by_mail(program, f"smtp://127.0.0.1:{server.port}")
        said = examined(program, "email liaison")[1]
        assert said == "the mail server offers no STARTTLS; smtp_url with ?starttls=off goes without"


def test_a_mail_server_that_is_away_or_silent_fails(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which one, and why, without the system's numbers."""
    port = closed()
    by_mail(program, f"smtp://127.0.0.1:{port}")
    state, said, _ = examined(program, "email liaison")
    assert (state, said) == (
        "FAIL",
        f"the mail server at 127.0.0.1:{port} cannot be reached (Connection refused)",
    )
    monkeypatch.setattr("recwatch.doctor.probes._PATIENCE", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        by_mail(program, f"smtp://127.0.0.1:{silent.getsockname()[1]}")
        assert examined(program, "email liaison")[:2] == ("FAIL", "the mail server did not answer in time")


@pytest.mark.parametrize(
    "address", ["smtp://mail.example.org:here", "smtp://:25", "smtps://mail.example.org:0"]
)
def test_a_mail_server_that_is_none_is_a_mistake_in_the_configuration(program: Program, address: str) -> None:
    """Found when the file is read, not when the first mail fails; with its place."""
    by_mail(program, address)
    with pytest.raises(ConfigError, match=r"recwatch\.toml:5: email\.smtp_url: .*write smtp://host:587"):
        load(program.config, program.home, secrets=True)


def test_a_paused_subscription_is_shown_with_what_to_do(polled: Program) -> None:
    """The operators', too: else nobody would hear of anything, and nobody would know."""
    for name in ("operators", "harbor"):
        assert polled("subscriptions", "pause", name).status == 0
        state, said, advice = examined(polled, f"subscription {name}")
        assert state == "warn"
        assert said.endswith("paused by hand; its messages wait")
        assert advice == f"recwatch subscriptions resume {name}"
        shown = next(line for line in polled("status").out.splitlines() if line.startswith(name))
        assert shown.endswith("paused")


def test_up_says_at_its_start_that_operators_are_paused(polled: Program) -> None:
    """They would hear of nothing, not even of that."""
    assert polled("subscriptions", "pause", "operators").status == 0
    loaded = load(polled.config, polled.home, secrets=True)
    with capture_logs() as said, served(loaded) as make:
        main_process._warn(loaded, make)
    [line] = [line for line in said if "operators are paused" in line["event"]]
    assert (line["reason"], line["do"]) == ("paused by hand", "recwatch subscriptions resume operators")


NOW = datetime(2030, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"date": "Fri, 01 Mar 2030 12:05:00 GMT"}, None),
        ({"date": "Fri, 01 Mar 2030 08:00:00 GMT", "age": "14400"}, None),  # out of a cache
        ({"date": "Fri, 01 Mar 2030 11:00:00 GMT"}, "this machine's clock is 1h ahead of the site's"),
        ({"date": "Sat, 05 Apr 2031 12:00:10 GMT"}, "this machine's clock is 400d behind the site's"),
        ({}, None),
        ({"date": "yesterday"}, None),
        ({"date": "Fri, 01 Mar 2030 11:00:00 GMT", "age": "old"}, None),
    ],
)
def test_a_clock_that_is_off_is_seen_at_a_sites(headers: dict[str, str], said: str | None) -> None:
    """By more than ten minutes; what a cache held back counts as its age says."""
    assert clock_off(headers, NOW) == said


def test_doctor_says_that_the_clock_is_off(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside what it read: polls, retries and digests are all planned by that clock."""
    long_ago = lambda *_: "Fri, 01 Mar 2019 12:00:00 GMT"  # noqa: E731 - stands for the server's method
    monkeypatch.setattr(BaseHTTPRequestHandler, "date_time_string", long_ago)
    csv = Answer(200, (("Content-Type", "text/csv"),), export(BEFORE))
    with Receiver(otherwise=csv) as site:
        program.config.write_text(
            f'{HTTP}[[sources]]\nid = "s"\nformat = "gao-csv"\nurl = "{site.url}"\nrobots = "ignore"\n'
        )
        state, said, advice = examined(program, "source s")
    assert state == "warn"
    assert "5 recommendations read" in said
    assert "d ahead of the site's" in said
    assert advice.startswith("set this machine's clock")
