"""A configuration that is changed while `up` runs is in effect within seconds, or said not to be."""

import pytest

from recwatch.configuration import load
from recwatch.configuration.watching import ConfigurationWatch, differences
from tests.fakes import processes
from tests.recwatch.conftest import AFTER, BEFORE, Program
from tests.recwatch.runtime.test_up import up
from tests.recwatch.verbs.test_doing import dated, save

SOON = "the configuration changed and is in effect"
REFUSED = "the changed configuration is not valid"


def test_a_valid_change_is_in_effect_and_said(program: Program) -> None:
    """A subscription under another name hears of the next change; the verbs answer by it."""
    save(program, "one.csv", dated(BEFORE, 1))
    with up(program) as running:
        processes.until(lambda: "outcome=baseline" in running.err)
        program.config.write_text(program.config.read_text().replace('id = "harbor"', 'id = "piers"'))
        assert processes.until(lambda: SOON in running.err) < 10 * processes.slowness() + 5
        line = next(line for line in running.err.splitlines() if SOON in line)
        assert "subscriptions.harbor (removed)" in line
        assert "subscriptions.piers (added)" in line
        processes.until(lambda: running.err.count("event=ready") == 2)
        save(program, "two.csv", dated(AFTER, 2))
        processes.until(lambda: running.out.count("· subscription piers ·") == 2)
        assert "subscription harbor" not in running.out
        assert running.stop() == 0
        assert running.nothing_is_left()


def test_an_invalid_change_is_said_and_the_old_one_stays(polled: Program) -> None:
    """What is wrong, once; verbs answer by what runs, and say so; mended, it is in effect."""
    good = polled.config.read_text()
    with up(polled) as running:
        running.await_ready()
        polled.config.write_text(good.replace("agencies =", "agncies ="))
        processes.until(lambda: REFUSED in running.err)
        line = next(line for line in running.err.splitlines() if REFUSED in line)
        assert "agencies" in line
        for verb in (["subscriptions", "--json"], ["status", "--json"]):
            answer = polled(*verb)
            assert answer.status == 0
            assert "is not in effect" in answer.err
        assert polled("subscriptions", "--json").rows[0]["covers"] == 4
        polled.config.write_text(good.replace('id = "harbor"', 'id = "mended"'))
        processes.until(lambda: running.err.count("event=ready") == 2)
        answer = polled("subscriptions", "--json")
        assert (answer.rows[0]["id"], answer.err) == ("mended", "")
        assert running.stop() == 0
    assert running.err.count(REFUSED) == 1
    assert not (polled.home / "running.toml").exists()


def test_a_change_that_cannot_be_used_is_said_and_the_old_one_stays(polled: Program) -> None:
    """A valid address where nothing can be started: the system goes on with the former one."""
    blocker = polled.folder / "blocker"
    blocker.write_text("")
    good = polled.config.read_text()
    with up(polled) as running:
        running.await_ready()
        polled.config.write_text(f'[store]\nurl = "sqlite:///{blocker}/x.sqlite3"\n{good}')
        processes.until(lambda: "the changed configuration cannot be used" in running.err)
        processes.until(lambda: running.err.count("event=ready") == 2)
        assert running.stop() == 0


def test_a_file_that_is_referred_to_counts_and_a_comment_does_not(polled: Program) -> None:
    """Secrets are rotated there."""
    (polled.folder / "contact").write_text("a@example.org")
    polled.config.write_text(polled.config.read_text().replace("tests@example.org", "${file:contact}"))
    with up(polled) as running:
        running.await_ready()
        polled.config.write_text(f"# a comment\n{polled.config.read_text()}")
        (polled.folder / "contact").write_text("b@example.org")
        processes.until(lambda: SOON in running.err)
        assert "changed=http.contact" in running.err
        assert running.stop() == 0
    assert running.err.count(SOON) == 1


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ({"http": {"proxy": "secret1"}}, {"http": {"proxy": "secret2"}}, ["http.proxy"]),
        ({"a": 1}, {"a": 1}, []),
        (
            {"sources": [{"id": "x", "every": "1h"}]},
            {"sources": [{"id": "n"}, {"id": "x", "every": "2h"}]},
            ["sources.x.every", "sources.n (added)"],
        ),
    ],
)
def test_what_changed_is_named_without_its_values(old: object, new: object, named: list[str]) -> None:
    """They may be secret; sources and subscriptions go by their ids."""
    assert list(differences(old, new)) == named


def test_a_file_that_is_half_written_is_not_taken(program: Program) -> None:
    """What an editor has begun to write may be valid: an empty file is."""
    loaded = load(program.config, program.home, secrets=True)
    watch = ConfigurationWatch(loaded, lambda: load(program.config, program.home, secrets=True))
    assert [watch.changed() for _ in range(3)] == [False] * 3
    good = program.config.read_text()
    program.config.write_text("")
    assert not watch.changed()
    program.config.write_text(good.replace("tests@", "others@"))
    assert [watch.changed(), watch.changed(), watch.changed()] == [False, True, False]
    assert watch.current.configuration.http.contact == "others@example.org"
