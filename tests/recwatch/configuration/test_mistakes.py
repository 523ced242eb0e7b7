"""Every mistake in one answer, each with its key, its line, and what would be right."""

from pathlib import Path

import pytest

from recwatch.configuration import ConfigError, load


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("RECWATCH_CONFIG", "RECWATCH_HOME", "UNSET"):
        monkeypatch.delenv(name, raising=False)


def mistakes(text: str, *, secrets: bool = True) -> list[str]:
    """The lines of the error that this configuration gives; none where it holds."""
    Path("recwatch.toml").write_text(text, encoding="utf-8")
    try:
        load(None, None, secrets=secrets)
    except ConfigError as error:
        return str(error).splitlines()
    return []


SOURCE = '[[sources]]\nid = "s"\nformat = "gao-csv"\npath = "drop/"\n'
CONSOLE = '[[subscriptions]]\nid = "c"\nchannel = "console"\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[store]\nurll = ""', '2: store.urll: unknown key; did you mean "url"?'),
        ("[stoer]\n", '1: stoer: unknown key; did you mean "store"?'),
        ('[http]\nevery = "3h"', "2: http.every: unknown key; it belongs to [[sources]]"),
        (
            "[gate]\nzzz = 1",
            "2: gate.zzz: unknown key; known here: max_vanished, max_changed, vanish_confirmations",
        ),
        (
            '[http]\ntimeout = "30 sec"',
            '2: http.timeout: "30 sec" is not a duration; write 500ms, 5s, 1m, 2h or 3d',
        ),
        ("[http]\ntimeout = 30", "2: http.timeout: 30 has no unit; write 500ms, 5s, 1m, 2h or 3d, in quotes"),
        ('[http]\nmax_bytes = "big"', '2: http.max_bytes: "big" is not a size; write 500kB, 64MB or 5GB'),
        ("[http]\ncontact = 5", '2: http.contact: must be text, in quotes: "…"'),
        ('[http]\nallow_private_networks = "maybe"', "2: http.allow_private_networks: must be true or false"),
        (
            '[delivery]\nwebhook_rate = "fast"',
            '2: delivery.webhook_rate: "fast" is not a rate; write 20/s, 100/m or 1000/h',
        ),
        ('[delivery]\nlease = "10ms"', "2: delivery.lease: must be at least 1s"),
        ("[delivery]\nworkers = { changes = 0 }", "2: delivery.workers.changes: must be at least 1"),
        (
            '[delivery]\nretry = [\n "5s",\n "soon",\n]',
            '4: delivery.retry[1]: "soon" is not a duration; write 500ms, 5s, 1m, 2h or 3d',
        ),
        ('[delivery]\nretry = "5s"', "2: delivery.retry: must be a list, in square brackets: […]"),
        ("[gate]\nmax_vanished = 1.5", "2: gate.max_vanished: must be at most 1"),
        ("[gate]\nmax_vanished = 0", "2: gate.max_vanished: must be more than 0"),
        ("[gate]\nvanish_confirmations = 1.5", "2: gate.vanish_confirmations: must be a whole number"),
        ("gate = 1", "1: gate: must be a table"),
        ("[sources]\nid = 1", "1: sources: must be a list, in square brackets: […]"),
        (
            '[[sources]]\nid = "s"\nformat = "gao-cvs"\npath = "x"',
            (
                '3: sources[0].format: "gao-cvs" is none of gao-csv, gao-product, gao-agency, gao-text;'
                ' did you mean "gao-csv"?'
            ),
        ),
        ('[[sources]]\nid = "s"\npath = "x"', "1: sources[0].format: missing"),
        ('[[sources]]\nid = "s"\nformat = "gao-csv"', "1: sources[0]: a source has a url, a path, or both"),
        (
            '[[sources]]\nid = "a b"\nformat = "gao-csv"\npath = "x"',
            '2: sources[0].id: letters, digits, "_", "-" and "." can be used, at most 64',
        ),
        (f"{SOURCE}{SOURCE}", '6: sources[1].id: "s" is the id of sources[0] too; ids are used once'),
        (
            f"{CONSOLE}{CONSOLE}",
            '5: subscriptions[1].id: "c" is the id of subscriptions[0] too; ids are used once',
        ),
        (
            CONSOLE.replace('"c"', '"operators"'),
            '2: subscriptions[0].id: "operators" belongs to [operators]; give the subscription another',
        ),
        (
            CONSOLE.replace("console", "slak"),
            '3: subscriptions[0].channel: "slak" is none of slack, teams, email, webhook, console; did you mean "slack"?',  # noqa: E501
        ),
        (
            '[[subscriptions]]\nid = "c"',
            "1: subscriptions[0].channel: channel is missing",
        ),
        (
            f'{CONSOLE}webhook_url = "https://example.org"',
            (
                "4: subscriptions[0].webhook_url: unknown key; it belongs to [[subscriptions]] with channel ="
                ' "slack" or [[subscriptions]] with channel = "teams" or [operators] with channel = "slack"'
                ' or [operators] with channel = "teams"'
            ),
        ),
        (
            f'{CONSOLE}[subscriptions.match]\ndigest = "daily 08:00"',
            "5: subscriptions[0].match.digest: unknown key; it belongs to [[subscriptions]]",
        ),
        (
            f'{CONSOLE}[subscriptions.match]\nagency = ["x"]',
            '5: subscriptions[0].match.agency: unknown key; did you mean "agencies"?',
        ),
        (
            f'{CONSOLE}[subscriptions.match]\nkinds = ["matters"]',
            (
                '5: subscriptions[0].match.kinds[0]: "matters" is none of recommendation, matter;'
                ' did you mean "matter"?'
            ),
        ),
        (
            f'{CONSOLE}[subscriptions.match]\nfields = ["naritive"]',
            (
                '5: subscriptions[0].match.fields[0]: "naritive" is none of narrative, status, priority, text;'  # noqa: E501
                ' did you mean "narrative"?'
            ),
        ),
        (
            f'{CONSOLE}digest = "daily 8:00"',
            (
                '4: subscriptions[0].digest: "daily 8:00" is not a schedule; write daily 08:00, weekly mon 08:00 or'  # noqa: E501
                " monthly 1 08:00"
            ),
        ),
        (
            f'{CONSOLE}timezone = "Mars/Base"',
            '4: subscriptions[0].timezone: "Mars/Base" is not a time zone; write a name such as America/New_York',  # noqa: E501
        ),
        ('[operators]\nchannel = "email"', "1: operators.to: missing"),
        (
            '[operators]\nheartbeet_url = ""',
            '2: operators.heartbeet_url: unknown key; did you mean "heartbeat_url"?',
        ),
        ("[http\n", "1: is not valid TOML here: expected ']' at the end of a table declaration (column 6)"),
    ],
)
def test_a_mistake_names_key_line_and_what_is_right(text: str, expected: str) -> None:
    """One mistake, one line: file, line, key, what would be right."""
    assert mistakes(text) == [f"recwatch.toml:{expected}"]


def test_all_mistakes_come_at_once_in_the_order_of_the_file() -> None:
    """What hides behind an unknown key or channel is found in the same answer."""
    text = (
        '[gate]\nmax_vanished = 2\n[[sources]]\nid = "s"\nformat = "gao-csv"\nevry = "1h"\n'
        '[[subscriptions]]\nid = "c"\nchannel = "emial"\ndgiest = "daily 08:00"\n'
        '[[subscriptions]]\nid = "c"\nchannel = "slack"\nwhen_empty = "sned"\n[webb]\n'
    )
    assert [line.partition(": ")[2].partition(": ")[0] for line in mistakes(text)] == [
        "gate.max_vanished",
        "sources[0]",  # neither url nor path
        "sources[0].evry",
        "subscriptions[0].to",
        "subscriptions[0].channel",
        "subscriptions[0].dgiest",
        "subscriptions[1].id",
        "subscriptions[1].when_empty",
        "webb",
    ]


def test_a_table_says_nothing_as_a_whole_while_a_key_in_it_is_wrong() -> None:
    """A source with a bad url is not told that it lacks one."""
    text = '[[sources]]\nid = "s"\nformat = "gao-csv"\nurl = "gao.gov"\nevry = "1h"\n'
    assert [line.split(": ")[1] for line in mistakes(text)] == ["sources[0].url", "sources[0].evry"]


def test_a_missing_reference_names_its_key_and_line() -> None:
    """A variable that is not set and a file that is not there are mistakes of the key that asks for them."""
    text = f'[store]\nurl = "${{UNSET}}"\n[email]\nsmtp_url = "${{file:nowhere.txt}}"\n{SOURCE}'
    assert mistakes(text) == [
        "recwatch.toml:2: store.url: ${UNSET} is not set; set it in the environment, or use ${file:PATH}",
        (
            f"recwatch.toml:4: email.smtp_url: the file {Path.cwd() / 'nowhere.txt'} cannot be read: "
            "No such file or directory"
        ),
    ]


def test_a_reference_that_cannot_be_read_is_a_mistake() -> None:
    """`${MY-VAR}` is no name: used as it stands, it would be a wrong secret."""
    found = mistakes('[http]\ncontact = "${MY-VAR}"')
    assert found == ["recwatch.toml:2: http.contact: ${MY-VAR} cannot be read; write ${NAME} or ${file:PATH}"]


def test_what_hangs_on_a_missing_reference_is_not_a_second_mistake() -> None:
    """A webhook whose url and secret are not there has two mistakes, not three."""
    text = (
        '[[subscriptions]]\nid = "w"\nchannel = "webhook"\nurl = "${UNSET}"\nsecret = ["${UNSET}"]\n'
        'timezone = "Nowhere"\n'
    )
    assert [line.split(": ")[1] for line in mistakes(text)] == [
        "subscriptions[0].url",
        "subscriptions[0].secret[0]",
        "subscriptions[0].timezone",
    ]


def test_secrets_do_not_stand_in_error_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was put in from the environment is named by its reference; an address may be a secret itself."""
    monkeypatch.setenv("HOOK", "hunter2-is-no-address")
    referenced = f'{CONSOLE.replace("console", "slack")}webhook_url = "${{HOOK}}"'
    literal = f'{CONSOLE.replace("console", "webhook")}url = "htp://example.org/hunter2"\nsecret = "hunter2"'
    plain = '[http]\ntimeout = "${HOOK}"'
    for text in (referenced, literal, plain, '[email]\nsmtp_url = "hunter2"', '[store]\nurl = "hunter2"'):
        found = mistakes(text)
        assert found
        assert "hunter2" not in "\n".join(found)


def test_a_file_that_is_not_utf8_names_the_line() -> None:
    """Windows-1252 is refused with the line where it shows."""
    Path("recwatch.toml").write_bytes(b'[http]\ncontact = "caf\xe9"\n')
    with pytest.raises(ConfigError, match=r"recwatch.toml:2: is not UTF-8; save it as UTF-8"):
        load(None, None, secrets=True)
