"""Which file counts, what its references become, and what verbs get that need no secrets."""

from pathlib import Path

import pytest

from recwatch.configuration import ConfigError, load, packaged

CONSOLE = '[[subscriptions]]\nid = "c"\nchannel = "console"\n'


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("RECWATCH_CONFIG", "RECWATCH_HOME", "UNSET"):
        monkeypatch.delenv(name, raising=False)


def write(path: Path, contact: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f'[http]\ncontact = "{contact}"\n[[sources]]\nid = "s"\nformat = "gao-csv"\npath = "drop/"\n'
    )
    return path


def test_the_option_wins_over_the_environment_over_the_folder_over_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--config, then $RECWATCH_CONFIG, then ./recwatch.toml, then the packaged one."""
    assert load(None, None, secrets=True).path == packaged()
    write(tmp_path / "recwatch.toml", "here")
    assert load(None, None, secrets=True).configuration.http.contact == "here"
    monkeypatch.setenv("RECWATCH_CONFIG", str(write(tmp_path / "environment" / "any.toml", "environment")))
    assert load(None, None, secrets=True).configuration.http.contact == "environment"
    option = write(tmp_path / "option" / "any.toml", "option")
    assert load(option, None, secrets=True).configuration.http.contact == "option"


def test_the_home_is_var_beside_the_configuration_that_was_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--home, then $RECWATCH_HOME, then var beside the file; with the packaged one, ./var."""
    assert load(None, None, secrets=True).home == tmp_path / "var"
    elsewhere = write(tmp_path / "etc" / "recwatch.toml", "x")
    assert load(elsewhere, None, secrets=True).home == tmp_path / "etc" / "var"
    monkeypatch.setenv("RECWATCH_HOME", "environment")
    assert load(elsewhere, None, secrets=True).home == tmp_path / "environment"
    assert load(elsewhere, Path("option"), secrets=True).home == tmp_path / "option"


def test_paths_of_sources_are_relative_to_the_configuration(tmp_path: Path) -> None:
    """A drop folder is looked for beside the file, wherever the program is started; its slash stays."""
    elsewhere = write(tmp_path / "etc" / "recwatch.toml", "x")
    source = load(elsewhere, None, secrets=True).configuration.sources[0]
    assert source.path == f"{tmp_path}/etc/drop/"


def test_paths_of_the_packaged_configuration_are_relative_to_the_home(tmp_path: Path) -> None:
    """Nobody looks for a drop folder inside the installed package."""
    source = load(None, Path("home"), secrets=True).configuration.sources[0]
    assert source.path == f"{tmp_path}/home/drop/"


@pytest.mark.parametrize("way", ["option", "environment"])
def test_a_file_that_was_named_and_is_not_there_is_an_error(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another file instead would be a surprise."""
    named = Path("typo.toml")
    if way == "environment":
        monkeypatch.setenv("RECWATCH_CONFIG", str(named))
    with pytest.raises(ConfigError, match=r"typo\.toml: .*does not exist; `recwatch init` writes one"):
        load(named if way == "option" else None, None, secrets=False)


def test_a_byte_order_mark_is_no_mistake() -> None:
    """Some editors of Windows begin a file with one."""
    Path("recwatch.toml").write_bytes(b'\xef\xbb\xbf[http]\ncontact = "x"\n')
    assert load(None, None, secrets=True).configuration.http.contact == "x"


def test_references_are_replaced_wherever_a_text_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside a longer text, in lists, several in one; a file's last line end is no part of a secret."""
    monkeypatch.setenv("NAME", "world")
    Path("secret.txt").write_text("pass word\n\n")
    Path("recwatch.toml").write_text(
        '[http]\ncontact = "hello ${NAME}, ${NAME}"\n'
        '[email]\nfrom = "${file:secret.txt}"\n'
        f'{CONSOLE}[subscriptions.match]\nkeywords = ["${{NAME}}"]\n'
    )
    configuration = load(None, None, secrets=True).configuration
    assert configuration.http.contact == "hello world, world"
    assert configuration.email.sender == "pass word"
    assert configuration.subscriptions[0].match.keywords == ("world",)


def test_files_of_references_are_relative_to_the_configuration(tmp_path: Path) -> None:
    """The program may be started anywhere."""
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "contact").write_text("beside")
    (folder / "recwatch.toml").write_text('[http]\ncontact = "${file:contact}"\n')
    assert load(folder / "recwatch.toml", None, secrets=True).configuration.http.contact == "beside"


LACKING = """\
[store]
keep_evidence = "1d"
[queue]
redis_url = "${UNSET}"
[[sources]]
id = "s"
format = "gao-csv"
url = "${UNSET}"
[[sources]]
id = "t"
format = "gao-csv"
path = "drop/"
[[subscriptions]]
id = "w"
channel = "webhook"
url = "${UNSET}"
secret = "${UNSET}"
[[subscriptions]]
id = "c"
channel = "console"
[operators]
heartbeat_url = "${UNSET}"
"""


def test_verbs_that_only_read_do_without_what_hangs_on_a_missing_reference() -> None:
    """Without secrets, the subscription, the source or the key alone is left out, and said to be missing."""
    Path("recwatch.toml").write_text(LACKING)
    loaded = load(None, None, secrets=False)
    assert [source.id for source in loaded.configuration.sources] == ["t"]
    assert [subscription.id for subscription in loaded.configuration.subscriptions] == ["c"]
    assert set(loaded.missing) == {
        "queue.redis_url",
        "sources[0].url",
        "subscriptions[0].url",
        "subscriptions[0].secret",
        "operators.heartbeat_url",
    }


def test_a_store_whose_address_is_missing_is_not_replaced_by_another() -> None:
    """Reading a fresh SQLite file instead of the database that was meant would answer wrongly."""
    Path("recwatch.toml").write_text('[store]\nurl = "${UNSET}"\n')
    loaded = load(None, None, secrets=False)
    with pytest.raises(ConfigError, match=r"store.url: \$\{UNSET\} is not set"):
        loaded.require("store.url")


def test_other_mistakes_are_reported_at_their_own_lines_all_the_same() -> None:
    """What was left out moves no line and no index of what is wrong elsewhere."""
    Path("recwatch.toml").write_text(LACKING.replace('id = "c"', 'id = "c"\nzzz = 1'))
    with pytest.raises(ConfigError) as caught:
        load(None, None, secrets=False)
    assert [(mistake.key, mistake.line) for mistake in caught.value.mistakes] == [
        ("subscriptions[1].zzz", 20)
    ]


def test_what_is_not_wrong_but_worth_a_look_is_a_warning() -> None:
    """No contact, no sources, and a match on a source that nobody has."""
    Path("recwatch.toml").write_text(f'{CONSOLE}[subscriptions.match]\nsources = ["gao-opn"]\n')
    warnings = load(None, None, secrets=True).warnings
    assert [text.split(":")[0] for text in warnings] == ["no [[sources]]", "subscriptions[0].match.sources"]
    assert any(
        text.startswith("http.contact is empty") for text in load(packaged(), None, secrets=True).warnings
    )


def test_mail_that_cannot_be_sent_is_a_warning() -> None:
    """Else it is noticed when the first message is dead."""
    to = 'channel = "email"\nto = ["desk@example.org"]\n'
    source = '[[sources]]\nid = "s"\nformat = "gao-csv"\npath = "drop/"\n'
    mail = f'[[subscriptions]]\nid = "weekly"\n{to}[operators]\n{to}[email]\nfrom = "a@example.org"\n'
    Path("recwatch.toml").write_text(source + mail)
    [warning] = load(None, None, secrets=True).warnings
    assert warning == "email.smtp_url: empty; what goes by email (weekly, operators) cannot be sent"
