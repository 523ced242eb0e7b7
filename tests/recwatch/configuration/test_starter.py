"""The packaged configuration: the default, the starter, and the list of all options."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from monitor.record.settings import Settings
from recwatch.configuration import load, packaged
from recwatch.configuration.masking import written_out
from workers.configuration import Configuration

SECRETS = {
    "SLACK_WEBHOOK_URL": "https://hooks.example.org/services/T0/B0/key",
    "TEAMS_WEBHOOK_URL": "https://prod.example.org/workflows/made-up",
    "SLACK_BOT_TOKEN": "xoxb-1-made-up",
    "TRACKER_SECRET": "whsec_" + "c2VjcmV0" * 4,
}
TEXT = packaged().read_text(encoding="utf-8")
# An option is "#" and a key or a header without a space between; everything else is prose.
UNCOMMENTED = re.sub(r"(?m)^#(?=[a-z_]+ = |\[)", "", TEXT)


@pytest.fixture(autouse=True)
def _secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RECWATCH_CONFIG", raising=False)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def test_the_default_watches_the_export_and_tells_one_agency_on_the_console() -> None:
    """As it stands: gao-open with its drop folder, one console subscription, nothing else."""
    configuration = load(packaged(), None, secrets=True).configuration
    assert [(source.id, source.format, Path(source.path).name) for source in configuration.sources] == [
        ("gao-open", "gao-csv", "drop")
    ]
    assert [(each.channel, each.match.agencies) for each in configuration.subscriptions] == [
        ("console", ("United States Customs and Border Protection",))
    ]


def test_every_option_in_it_is_valid_once_uncommented(tmp_path: Path) -> None:
    """All options, with the values shown, are a configuration that holds."""
    Path("recwatch.toml").write_text(UNCOMMENTED, encoding="utf-8")
    configuration = load(None, None, secrets=True).configuration
    assert {each.channel for each in configuration.subscriptions} == {
        "console",
        "slack",
        "teams",
        "email",
        "webhook",
    }


def test_every_option_there_is_stands_in_it() -> None:
    """A new key of the models has to be explained here."""
    shown = {name for name, _ in keys(tomllib.loads(UNCOMMENTED))}
    schema = Configuration.model_json_schema()
    known = {key for node in [schema, *schema["$defs"].values()] for key in node.get("properties", {})}
    # What only the configuration's own classes hold, and no file.
    assert known - shown == {"console"}


def test_the_values_shown_for_plain_tables_are_the_defaults() -> None:
    """Uncommenting a line of a plain table changes nothing until its value is changed."""
    document = tomllib.loads(UNCOMMENTED)
    tables = {name: table for name, table in document.items() if isinstance(table, dict)}
    tables.pop("operators")
    assert Settings.model_validate(tables) == Settings()


def test_the_commented_lines_of_the_source_and_of_operators_show_defaults() -> None:
    """The same for the tables that have more than one shape."""
    document = tomllib.loads(UNCOMMENTED)
    bare = {"id": "x", "format": "gao-csv", "url": "https://example.org"}
    source = document["sources"][0] | bare | {"path": ""}
    made = Configuration.model_validate({"sources": [source], "operators": document["operators"]})
    assert made == Configuration.model_validate({"sources": [bare]})


def test_no_option_stands_without_an_explanation() -> None:
    """Above an option, or above the sample that it is a line of, prose says what it does."""
    lines = TEXT.splitlines()
    for number, line in enumerate(lines):
        if re.match(r"#[a-z\[]", line):
            above = [each for each in lines[:number] if not re.match(r"#?\[|#[a-z]", each)]
            assert above[-1].startswith("# "), line


def keys(value: Any, name: str = "") -> list[tuple[str, Any]]:
    """Every key of a document with its value."""
    if isinstance(value, dict):
        return [pair for key, inner in value.items() for pair in [(key, inner), *keys(inner, key)]]
    if isinstance(value, list):
        return [pair for inner in value for pair in keys(inner, name)]
    return []


def test_what_check_config_prints_is_the_same_configuration_with_secrets_masked() -> None:
    """Written out, read again: equal but for secrets, which are shown as references or masked."""
    text = (
        UNCOMMENTED.replace('#"', '"')
        .replace('smtp_url = ""', 'smtp_url = "smtp://user:hunter2@mail.example.org"')
        .replace('proxy = ""', 'proxy = "http://me:hunter2@proxy.example.org:3128"')
    )
    Path("recwatch.toml").write_text(text, encoding="utf-8")
    loaded = load(None, None, secrets=True)
    out = written_out(loaded.configuration, loaded.secrets)
    for secret in ("hunter2", *SECRETS.values()):
        assert secret not in out
    document = tomllib.loads(out)
    assert document["subscriptions"][1]["webhook_url"] == "${SLACK_WEBHOOK_URL}"
    assert document["http"]["proxy"] == "http://me:********@proxy.example.org:3128"
    document["email"]["smtp_url"] = loaded.configuration.email.smtp_url.get_secret_value()
    document["http"]["proxy"] = loaded.configuration.http.proxy
    (hook,) = (each for each in document["subscriptions"] if each["channel"] == "webhook")
    assert hook["url"] == "https://example.org/********"
    hook["url"] = next(each.url for each in loaded.configuration.subscriptions if each.id == hook["id"])
    Path("again.toml").write_text(written_out(loaded.configuration, loaded.secrets), encoding="utf-8")
    for name, reference in {value: key for key, value in SECRETS.items()}.items():
        document = _put_back(document, f"${{{reference}}}", name)
    assert Configuration.model_validate(document) == loaded.configuration


def _put_back(value: Any, reference: str, secret: str) -> Any:
    if isinstance(value, dict):
        return {key: _put_back(inner, reference, secret) for key, inner in value.items()}
    if isinstance(value, list):
        return [_put_back(inner, reference, secret) for inner in value]
    return value.replace(reference, secret) if isinstance(value, str) else value
