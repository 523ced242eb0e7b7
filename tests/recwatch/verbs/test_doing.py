"""The verbs that do something: poll, once, work, quarantine, and those around the ledger."""

import json
import os
import time
from pathlib import Path

import pytest

from monitor.poller import Poller
from recwatch.runtime import polling
from tests.fakes.pages import Row, export, rows
from tests.recwatch.conftest import AFTER, BEFORE, Answer, Program

LINE = ["source", "outcome", "seen", "opened", "updated", "closed", "reopened", "vanished", "events"]

KEY = "c2VjcmV0" * 4


def save(program: Program, name: str, body: bytes) -> Path:
    """Put a file into the drop folder, long since complete."""
    path = program.drop / name
    path.write_bytes(body)
    past = time.time() - 60
    os.utime(path, (past, past))
    return path


def dated(page: list[Row], day: int) -> bytes:
    """An export of that day in January 2026."""
    from datetime import UTC, datetime

    return export(page, datetime(2026, 1, day, 17, 0, tzinfo=UTC))


# --- poll -------------------------------------------------------------------------------------------


def test_poll_once_prints_the_contracts_line_for_each_source(program: Program) -> None:
    """Its keys in its order; the folder's files are read at once."""
    save(program, "one.csv", dated(BEFORE, 1))
    answer = program("poll", "--once", "--json")
    assert answer.status == 0
    assert [list(row) for row in answer.rows] == [LINE]
    assert (answer.rows[0]["outcome"], answer.rows[0]["seen"]) == ("baseline", 5)
    save(program, "two.csv", dated(AFTER, 2))
    row = program("poll", "--once", "--json").rows[0]
    assert (row["outcome"], row["updated"], len(row["events"])) == ("changed", 2, 2)


def test_poll_from_takes_a_capture_instead_of_fetching(program: Program) -> None:
    """From a file or standard input; with one source, it need not be named."""
    assert program.poll(BEFORE, 1)["outcome"] == "baseline"
    (program.folder / "later.csv").write_bytes(dated(AFTER, 2))
    answer = program("poll", "--from", "later.csv")
    assert answer.status == 0
    assert "lamps: changed, 5 seen, 2 updated" in answer.out


def test_a_file_handed_over_may_be_as_long_as_a_page(program: Program) -> None:
    """What [http] allows a site is allowed to a person, and no more."""
    program.config.write_text(program.config.read_text().replace("[http]", '[http]\nmax_bytes = "2kB"'))
    (program.folder / "long.csv").write_bytes(export(AFTER) + b" " * 2000)
    answer = program("poll", "--from", "long.csv")
    assert answer.status != 0
    assert "long.csv is larger than 2,000 bytes" in answer.err


def test_demo_says_where_it_has_no_place(program: Program) -> None:
    """One line that names the folder."""
    answer = program("--home", str(program.config), "demo")
    assert (answer.status, answer.err.count("\n")) == (1, 1)
    assert f"{program.config / 'demo'} cannot be made" in answer.err


def test_a_source_that_failed_makes_status_1(program: Program) -> None:
    """A page that is none is held back, and its line says so."""
    program.poll(BEFORE, 1)
    answer = program("poll", "--from", "-", "--json", input=b"<html><body>Access Denied</body></html>")
    assert answer.status == 1
    assert answer.rows[0]["outcome"] in ("blocked", "quarantined")
    assert "not read: lamps" in answer.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--once", "--source", "lmaps"],
        ["--json"],
        ["--source", "lamps", "--json"],
        ["--from", "x", "--source", "nobody"],
    ],
)
def test_poll_in_a_way_that_means_nothing_exits_2(arguments: list[str], program: Program) -> None:
    """An unknown source is answered with the nearest; --json goes with one cycle."""
    answer = program("poll", *arguments)
    assert (answer.status, answer.out) == (2, "")


def test_poll_goes_on_with_the_sources_named(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several pollers may share them out; without a name it is all."""
    served: list[list[str]] = []

    async def serve(poller: Poller, _stop: object) -> None:
        served.append([one.id for one in poller.settings.sources])

    monkeypatch.setattr(polling, "run", serve)
    second = '[[sources]]\nid = "other"\nformat = "gao-csv"\npath = "other/"\n'
    program.config.write_text(program.config.read_text() + second)
    assert program("poll", "--source", "other").status == 0
    assert program("poll").status == 0
    assert served == [["other"], ["lamps", "other"]]


def test_poll_from_needs_to_know_whose_capture_it_is(program: Program) -> None:
    """With several sources, one has to be named."""
    second = '[[sources]]\nid = "other"\nformat = "gao-csv"\npath = "other/"\n'
    program.config.write_text(program.config.read_text() + second)
    answer = program("poll", "--from", "-", input=dated(BEFORE, 1))
    assert answer.status == 2
    assert "lamps, other" in answer.err


# --- once and work ----------------------------------------------------------------------------------


def test_once_reads_what_is_due_and_delivers_it(program: Program) -> None:
    """For cron: a file in the folder goes in, its changes come out, and nothing is left running."""
    save(program, "one.csv", dated(BEFORE, 1))
    assert program("once").status == 0
    save(program, "two.csv", dated(AFTER, 2))
    answer = program.apart("once")
    assert answer.status == 0
    assert answer.out.count("· subscription harbor ·") == 2
    assert {row["state"] for row in program("deliveries", "--json").rows} == {"sent"}
    assert not (program.home / "queue" / "queue.sock").exists()


def test_once_exits_1_when_a_source_was_not_read(program: Program) -> None:
    """Cron mails what it says."""
    save(program, "bad.csv", b"nothing of the kind")
    answer = program("once")
    assert answer.status == 1
    assert "lamps was not read" in answer.err


def test_work_burst_delivers_what_is_due_and_exits_0(polled: Program) -> None:
    """Dispatch and work until nothing is due now."""
    answer = polled.apart("work", "--burst")
    assert answer.status == 0
    assert {row["state"] for row in polled("deliveries", "--json").rows} == {"sent"}
    assert answer.out.count("· subscription harbor ·") == 2


def test_work_burst_exits_1_only_if_a_message_went_dead(polled: Program) -> None:
    """A receiver that refuses for good ends a message; a later burst with nothing to do is well."""
    polled.config.write_text(
        polled.config.read_text()
        .replace("[http]", '[delivery]\nretry = ["0s"]\n[http]')
        .replace(
            'channel = "console"',
            f'channel = "webhook"\nurl = "http://127.0.0.1:9/"\nsecret = "whsec_{KEY}"',
        )
    )
    answer = polled("work", "--burst")
    assert answer.status == 1
    assert "deliveries --state dead" in answer.err
    assert polled("work", "--burst").status == 0


def test_work_on_a_queue_that_is_none_exits_2(program: Program) -> None:
    """With the known ones."""
    answer = program("work", "--queue", "slakc")
    assert answer.status == 2
    assert "slack" in answer.err


# --- quarantine -------------------------------------------------------------------------------------


def test_a_capture_that_was_held_back_can_be_looked_at_released_and_discarded(program: Program) -> None:
    """Half of the recommendations gone at once: held; a person decides."""
    many = rows(20)
    program.poll(many, 1)
    for day in (2, 3):
        assert program("poll", "--from", "-", input=dated(many[: 10 + day], day)).status == 1
    held = program("quarantine", "list", "--json").rows
    assert program("quarantine", "--json").rows == held
    assert [row["source"] for row in held] == ["lamps", "lamps"]
    first, second = (str(row["id"]) for row in held)
    assert f"\n{first.rjust(2)}  lamps" in program("quarantine").out
    assert "gao-csv, 12 recommendations" in program("quarantine", "show", first).out
    assert program("quarantine", "discard", first).status == 0
    assert program("quarantine", "release", second).status == 0
    assert program("quarantine", "list", "--json").rows == []
    again = program("quarantine", "release", second)
    assert (again.status, again.out) == (1, "")
    assert program("quarantine", "show", "999").status == 1


# --- the ledger -------------------------------------------------------------------------------------


@pytest.fixture
def delivered(polled: Program) -> Program:
    """The program after its two changes were shown."""
    assert polled("work", "--burst").status == 0
    return polled


def test_deliveries_lists_messages_by_state(delivered: Program) -> None:
    """With their events; an unknown state is wrong usage."""
    found = delivered("deliveries", "--state", "sent", "--json").rows
    assert [len(row["events"]) for row in found] == [1, 1]
    assert delivered("deliveries", "--state", "dead", "--json").rows == []
    assert delivered("deliveries", "--state", "lost").status == 2
    assert found[0]["id"] in delivered("deliveries").out


def test_redeliver_puts_messages_back_under_their_old_ids(delivered: Program) -> None:
    """The same id goes out again; an unknown one makes status 1, and the others go all the same."""
    name = delivered("deliveries", "--json").rows[0]["id"]
    answer = delivered("redeliver", name, "msg_nobody")
    assert (answer.status, answer.out) == (1, f"{name}\n")
    assert "msg_nobody: there is no such message" in answer.err
    assert [row["id"] for row in delivered("deliveries", "--state", "waiting", "--json").rows] == [name]
    assert delivered.apart("work", "--burst").out.count("· subscription harbor ·") == 1


@pytest.mark.parametrize("arguments", [[], ["msg_x", "--dead"]])
def test_redeliver_wants_either_ids_or_dead(arguments: list[str], delivered: Program) -> None:
    """Neither and both mean nothing."""
    assert delivered("redeliver", *arguments).status == 2


def test_replay_sends_again_as_new_messages(delivered: Program) -> None:
    """To one subscription or all; new ids, marked as sent again."""
    answer = delivered("replay", "--since", "2026-01-01", "--subscription", "harbor")
    before = {row["id"] for row in delivered("deliveries", "--state", "sent", "--json").rows}
    made = answer.out.split()
    assert (answer.status, len(made), before & set(made)) == (0, 2, set())
    assert delivered.apart("work", "--burst").out.count("[Sent again]") == 2
    assert delivered("replay", "--since", "2026-01-01", "--subscription", "harbour").status == 2


def test_while_paused_messages_wait_and_resuming_sends_them(polled: Program) -> None:
    """Pausing by hand, the list says so, resuming lets them go."""
    assert polled("subscriptions", "pause", "harbor").status == 0
    assert polled.apart("work", "--burst") == Answer(0, "", "")
    row = next(row for row in polled("subscriptions", "list", "--json").rows if row["id"] == "harbor")
    assert (row["waiting"], row["reason"], row["covers"]) == (2, "paused by hand", 4)
    assert "paused" in polled("subscriptions").out
    assert polled("subscriptions", "--json").rows == polled("subscriptions", "list", "--json").rows
    assert polled("subscriptions", "--json", "pause", "harbor").status == 2
    assert "paused" in polled("status").out
    assert polled("subscriptions", "resume", "harbor").status == 0
    assert polled.apart("work", "--burst").out.count("· subscription harbor ·") == 2
    assert polled("subscriptions", "pause", "harbour").status == 2


def test_test_notify_sends_a_marked_sample_through_the_real_channel(program: Program) -> None:
    """At once, without a poll before; for operators too."""
    for name in ("harbor", "operators"):
        answer = program("test-notify", name)
        assert answer.status == 0
        assert f"subscription {name}" in answer.out
    answer = program("test-notify", "harbour")
    assert answer.status == 2
    assert 'did you mean "harbor"?' in answer.err


def test_test_notify_that_does_not_arrive_exits_1_and_says_why(program: Program) -> None:
    """A receiver that is not there."""
    program.config.write_text(
        program.config.read_text().replace(
            'channel = "console"',
            f'channel = "webhook"\nurl = "http://127.0.0.1:9/"\nsecret = "whsec_{KEY}"',
        )
    )
    answer = program("test-notify", "harbor")
    assert answer.status == 1
    assert answer.err.count("\n") >= 1
    assert "127.0.0.1" in answer.err or "address" in answer.err


def test_digest_previews_makes_and_has_nothing_to_tell(program: Program) -> None:
    """Preview stores nothing; made, it is a message like any other; twice, there is nothing left."""
    program.config.write_text(
        program.config.read_text().replace(
            "[subscriptions.match]", 'digest = "daily 08:00"\n[subscriptions.match]'
        )
    )
    program.poll(BEFORE, 1)
    assert program("work", "--burst").status == 0  # from here on the subscription is known
    program.poll(AFTER, 2)
    assert program("work", "--burst").status == 0
    for _ in range(2):
        assert "GAO-31-900001" in program("digest", "harbor", "--preview").out
    answer = program("digest", "harbor")
    assert (answer.status, len(answer.out.split())) == (0, 1)
    assert "GAO-31-900001" in program.apart("work", "--burst").out
    nothing = program("digest", "harbor")
    assert (nothing.status, nothing.out) == (0, "nothing to tell harbor since its last digest\n")


def test_a_digest_holds_what_was_read_a_moment_ago(program: Program) -> None:
    """No worker has described it yet, and none may be running: it is no less what the next digest holds."""
    program.config.write_text(
        program.config.read_text().replace(
            "[subscriptions.match]", 'digest = "daily 08:00"\n[subscriptions.match]'
        )
    )
    program.poll(BEFORE, 1)
    program.poll(AFTER, 2)
    assert program("digest", "harbor", "--preview").out.count("[evt_") == 2
    [made] = program("digest", "harbor").out.split()
    assert made.startswith("msg_")
    assert "nothing to tell" in program("digest", "harbor", "--preview").out


def test_digest_of_a_subscription_that_has_none_exits_2(polled: Program) -> None:
    """It is told at once."""
    assert polled("digest", "harbor").status == 2


# --- doctor -----------------------------------------------------------------------------------------


def test_doctor_looks_at_everything_and_says_what_to_do(program: Program) -> None:
    """All well but for a console that nobody watches, which is a warning."""
    answer = program("doctor")
    assert answer.status == 0
    for words in ("home", "store", "queue server", "folder lamps", "console harbor", str(program.config)):
        assert words in answer.out
    assert "warn  operators console" in answer.out


def test_doctor_exits_1_and_says_what_to_do_about_each_failure(program: Program) -> None:
    """A source and a receiver that cannot be reached, mail that is not set up."""
    program.config.write_text(
        '[http]\ncontact = "x"\n'
        '[[sources]]\nid = "s"\nformat = "gao-csv"\nurl = "http://127.0.0.1:9/x"\n'
        '[[subscriptions]]\nid = "w"\nchannel = "webhook"\nurl = "http://127.0.0.1:9/"\n'
        'secret = "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"\n'
        '[[subscriptions]]\nid = "e"\nchannel = "email"\nto = ["a@example.org"]\n'
    )
    answer = program("doctor", "--json")
    assert answer.status == 1
    assert f"configuration {program.config}, home {program.home}" in answer.err
    failed = {
        row["what"]: row["advice"] for row in map(json.loads, answer.out.splitlines()) if not row["well"]
    }
    assert set(failed) == {"source", "webhook", "email"}
    assert all(failed.values())
