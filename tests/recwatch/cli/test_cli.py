"""The command line as a whole: start-up, errors, exit statuses, pipes."""

import json
import os
import resource
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from recwatch.cli import app
from tests.recwatch.conftest import AFTER, Program

COMMAND = [sys.executable, "-m", "recwatch"]
ROOT = Path(__file__).parents[3]


def run(*arguments: str, cwd: Path, **settings: object) -> "subprocess.CompletedProcess[bytes]":
    """The program in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*COMMAND, *arguments], cwd=cwd, env=environment, capture_output=True, check=False, **settings
    )  # type: ignore[call-overload, no-any-return]


def test_help_lists_every_verb_without_importing_any(tmp_path: Path) -> None:
    """`recwatch --help` costs Typer alone: no verb, no store, no pydantic is imported."""
    code = (
        "import sys; from recwatch.cli.app import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = ('recwatch.verbs.', 'sqlalchemy', 'pydantic', 'rich')\n"
        "print([name for name in sys.modules if name.startswith(heavy)])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert lines[-1] == "[]"
    listed = {line.split()[0] for line in lines if line.startswith("  ") and not line.startswith("   ")}
    assert set(app.VERBS) <= listed | {"demo"}


def test_help_is_there_at_once(tmp_path: Path) -> None:
    """For less than 0.3 s of CPU, the best of a few tries: other work on the machine is not our doing."""
    run("--help", cwd=tmp_path)  # the first one may have to compile
    times = []
    for _ in range(5):
        began = _spent_by_children()
        assert run("--help", cwd=tmp_path).returncode == 0
        times.append(_spent_by_children() - began)
    assert min(times) < 0.3


def _spent_by_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize("verb", [verb for verb in app.VERBS if verb != "demo"])
def test_every_verb_has_a_module_and_says_what_it_does(verb: str, program: Program) -> None:
    """A verb in the list has its file, its help, and the same name in it."""
    import_module(app.module_of(verb))
    answer = program(verb, "--help")
    assert answer.status == 0
    assert f"Usage: recwatch {verb}" in answer.out


def test_an_unknown_verb_is_answered_with_the_nearest(program: Program) -> None:
    """Exit 2, and what may have been meant."""
    answer = program("lsit")
    assert answer.status == 2
    assert 'Did you mean "list"?' in answer.err


@pytest.mark.parametrize(
    "arguments", [["list", "--agncy", "x"], ["history"], ["diff", "one"], ["--hom", "x", "list"]]
)
def test_wrong_usage_exits_2(arguments: list[str], program: Program) -> None:
    """Unknown options and missing arguments."""
    answer = program(*arguments)
    assert (answer.status, answer.out) == (2, "")


def test_a_bad_configuration_exits_2_with_every_mistake(program: Program) -> None:
    """On standard error, a line each; nothing on standard output."""
    program.config.write_text('[gate]\nmax_vanishd = 1\n[http]\ntimeout = "x"\n')
    answer = program("list")
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.splitlines() == [
        'recwatch.toml:2: gate.max_vanishd: unknown key; did you mean "max_vanished"?',
        'recwatch.toml:4: http.timeout: "x" is not a duration; write 500ms, 5s, 1m, 2h or 3d',
    ]


def test_an_unexpected_error_is_one_line_and_says_how_to_see_more(
    polled: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No traceback unless it is asked for; exit 1."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("recwatch.queries.recommendations.agencies", fail)
    answer = polled("agencies")
    assert (answer.status, answer.out) == (1, "")
    assert answer.err.count("\n") == 1
    assert "--verbose" in answer.err
    assert "Traceback" in polled("--verbose", "agencies").err


def test_a_reader_that_has_had_enough_ends_the_program_quietly(tmp_path: Path) -> None:
    """`recwatch config-schema | head -1`: no traceback, and nothing failed."""
    command = f"{sys.executable} -m recwatch config-schema; echo $? >&2"
    done = subprocess.run(
        ["sh", "-c", f"({command}) | head -c 10 >/dev/null"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.strip() in ("0", "0\n0")


@pytest.mark.parametrize(
    "verb", [["list"], ["history", "GAO-31-900001"], ["changes", "--json"], ["list", "--csv"]]
)
def test_an_answer_is_written_whatever_the_alphabet(verb: list[str], polled: Program) -> None:
    """Cron and old terminals may know ASCII alone; JSON and CSV lose nothing even so."""
    words = "Bureau’s"
    page = [AFTER[0].but(narrative=f"The {words} lamps were ordered in May 2030."), *AFTER[1:]]
    assert polled.poll(page, 3)["updated"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [*COMMAND, *verb], cwd=polled.folder, env=environment, capture_output=True, check=False
    )
    assert (done.returncode, b"Unicode" in done.stderr) == (0, False)
    if "--json" in verb:
        assert words in json.loads(done.stdout.splitlines()[-1])["data"]["new"]["narrative"]
    if "--csv" in verb:
        assert words in done.stdout.decode("utf-8")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
def test_an_answer_that_cannot_be_written_is_a_failure(polled: Program) -> None:
    """A full disk below `recwatch list > file`: exit status 1, as for any failure, and one line."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONUNBUFFERED", None)  # what is not held back needs no second try at the end
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, "list"],
            cwd=polled.folder,
            env=environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)


def test_the_version_is_the_packages(program: Program) -> None:
    """`recwatch --version` is what the distribution says."""
    from importlib.metadata import version

    assert program("--version").out == f"recwatch {version('recwatch')}\n"


def test_options_before_the_verb_choose_configuration_and_home(program: Program, tmp_path: Path) -> None:
    """--config and --home win over what lies in the working directory."""
    other = tmp_path / "other.toml"
    other.write_text(program.config.read_text().replace("harbor", "pier"))
    answer = program("--config", str(other), "--home", str(tmp_path / "elsewhere"), "check-config")
    assert answer.status == 0
    assert 'id = "pier"' in answer.out
    assert str(tmp_path / "elsewhere") in answer.out


def test_a_program_without_standard_error_does_its_work(tmp_path: Path) -> None:
    """Started by something that has closed it: what would be said there is not, and nothing else fails."""
    line = f'"{sys.executable}" -m recwatch --home "{tmp_path}/home" poll --once --source nobody --json 2>&-'
    usage = subprocess.run(["sh", "-c", line], cwd=ROOT, capture_output=True, check=False)
    assert usage.returncode == 2
    shown = subprocess.run(
        ["sh", "-c", f'"{sys.executable}" -m recwatch --home "{tmp_path}/home" check-config 2>&-'],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert (shown.returncode, b"gao-open" in shown.stdout) == (0, True)


@pytest.mark.parametrize("said", ["\x1b[2Jgone", "a\rb", "a\u2028b", "a\x85b", "a\x9b2Jb", "a\nb", "a\x00b"])
def test_a_line_of_the_log_is_one_line_and_no_order(said: str) -> None:
    """Whatever a site's words, a file's name or an error hold: no terminal is told anything by them."""
    code = (
        "import sys, structlog; from recwatch.runtime.logging import configure; configure()\n"
        "log, said = structlog.get_logger(), sys.argv[1].encode().decode('unicode_escape')\n"
        "try: raise ValueError(said)\n"
        "except ValueError: log.exception(said, file=said)"
    )
    told = said.encode("unicode_escape").decode()
    done = subprocess.run([sys.executable, "-c", code, told], cwd=ROOT, capture_output=True, check=True)
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 1
    assert lines[0].isprintable()
