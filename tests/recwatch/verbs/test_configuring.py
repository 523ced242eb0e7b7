"""init, check-config and config-schema."""

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from recwatch.configuration import packaged
from tests.recwatch.conftest import BEFORE, Program


def test_init_writes_the_starter_and_never_overwrites(program: Program, tmp_path: Path) -> None:
    """Into a new folder it goes as it is; where a file is, it says so and exits 1."""
    answer = program("init", str(tmp_path / "new" / "place"))
    written = tmp_path / "new" / "place" / "recwatch.toml"
    assert answer.status == 0
    assert written.read_bytes() == packaged().read_bytes()
    written.write_text("mine")
    assert program("init", str(written.parent)).status == 1
    assert written.read_text() == "mine"
    assert "is a file" in program("init", str(written)).err


def test_init_without_a_folder_writes_here(program: Program) -> None:
    """The working directory is the default."""
    program.config.unlink()
    assert program("init").status == 0
    assert program.config.is_file()


def test_the_schema_fits_the_starter(program: Program) -> None:
    """Editors check recwatch.toml against it."""
    schema = json.loads(program("config-schema").out)
    jsonschema.validate(tomllib.loads(packaged().read_text()), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"stoer": {}}, schema)


def test_check_config_prints_what_is_in_effect(program: Program) -> None:
    """Defaults included, paths absolute; TOML that can be read again."""
    answer = program("check-config")
    assert answer.status == 0
    document = tomllib.loads(answer.out)
    assert document["sources"][0]["path"] == f"{program.drop}/"
    assert document["delivery"]["lease"] == "1m"


def test_check_config_masks_secrets(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither what came from the environment nor what stands in the file is printed."""
    monkeypatch.setenv("HOOK", "https://hooks.example.org/hunter2")
    program.config.write_text(
        '[email]\nsmtp_url = "smtp://me:hunter2@example.org"\n'
        '[[subscriptions]]\nid = "s"\nchannel = "slack"\nwebhook_url = "${HOOK}"\n'
        '[[subscriptions]]\nid = "w"\nchannel = "webhook"\nurl = "https://me:hunter2@example.org"\n'
        'secret = "whsec_aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMg=="\n'
    )
    answer = program("check-config")
    assert answer.status == 0
    assert "hunter2" not in answer.out + answer.err
    assert "aHVudGVyMg" not in answer.out
    assert '"${HOOK}"' in answer.out


def test_check_config_counts_what_each_subscription_covers(polled: Program) -> None:
    """How many, how many of them priority."""
    answer = polled("check-config", "--quiet")
    assert "5 recommendations are open" in answer.out
    assert "harbor will hear of 4, 2 of them priority" in answer.out


def test_a_subscription_that_covers_nothing_is_a_warning_with_the_nearest_names(polled: Program) -> None:
    """A misspelled agency is heard of at once, not after months of silence; the status stays 0."""
    polled.config.write_text(polled.config.read_text().replace("Bureau of Harbor Lights", "Office of Bouys"))
    answer = polled("check-config", "--quiet")
    assert answer.status == 0
    assert "warning: harbor covers no recommendation now; did you mean Office of Buoys?" in answer.err


def test_an_abbreviation_is_answered_with_its_agency(polled: Program) -> None:
    """ "BHL" is what people say."""
    polled.config.write_text(polled.config.read_text().replace("Bureau of Harbor Lights", "BHL"))
    assert "did you mean Bureau of Harbor Lights?" in polled("check-config", "--quiet").err


def test_check_config_asks_for_what_references_name(program: Program) -> None:
    """A missing variable is an error of its key here; `list` does without."""
    program.config.write_text(program.config.read_text() + '[operators]\nheartbeat_url = "${UNSET_HERE}"\n')
    answer = program("check-config")
    assert answer.status == 2
    assert "operators.heartbeat_url: ${UNSET_HERE} is not set" in answer.err
    # poll fetches: it asks, too
    assert program("poll", "--once").status == 2


def test_reading_verbs_do_without_secrets(polled: Program) -> None:
    """Who looks at what is known needs no token."""
    polled.config.write_text(
        polled.config.read_text()
        + '[[subscriptions]]\nid = "s"\nchannel = "slack"\nwebhook_url = "${UNSET_HERE}"\n'
    )
    assert len(polled("list", "--json").rows) == len(BEFORE)
