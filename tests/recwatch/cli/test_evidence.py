"""What a person sees of the bytes that an alert rests on."""

from hashlib import sha256
from pathlib import Path

import pytest

from monitor.formats import extract
from recwatch.verbs.captures import reextract
from tests.recwatch.conftest import LATER, Program


def event_of(program: Program) -> str:
    """The id of the event whose narrative changed."""
    first, *_ = program("changes", "--json").rows
    return str(first["data"]["event_id"])


def test_show_names_the_bytes_and_derives_the_event_from_them(polled: Program) -> None:
    """Both captures with time, origin and SHA-256, and that the event follows from them."""
    event = event_of(polled)
    answer = polled("show", event, "--evidence", "--json")
    (body,) = answer.rows
    proof = body["evidence"]
    assert (proof["agrees"], proof["type"], proof["changed"]) == (True, body["type"], body["data"]["changed"])
    for side in (proof["before"], proof["after"]):
        assert side["shown"]
        assert side["source"] == "lamps"
        assert len(side["sha256"]) == 64
    text = polled("show", event, "--evidence").out
    assert proof["before"]["sha256"] in text
    assert proof["after"]["sha256"] in text
    assert "derived again from these bytes: recommendation.updated, as reported" in text
    assert LATER.split(".")[0] in text


def test_without_evidence_the_body_is_the_webhooks(polled: Program) -> None:
    """The option adds one field and changes none."""
    event = event_of(polled)
    (plain,) = polled("show", event, "--json").rows
    (more,) = polled("show", event, "--evidence", "--json").rows
    assert plain == {key: value for key, value in more.items() if key != "evidence"}


def test_the_bytes_can_be_taken_away(polled: Program, tmp_path: Path) -> None:
    """Saved, they have the SHA-256 that was named, and are a page that anybody can read again."""
    event, folder = event_of(polled), tmp_path / "proof" / "one"
    assert polled("show", event, "--evidence", "--save", str(folder)).status == 0
    saved = sorted(folder.iterdir())
    assert len(saved) == 2
    for path in saved:
        body = path.read_bytes()
        assert sha256(body).hexdigest().startswith(path.name.rpartition("-")[2])
        assert extract(body).recommendations


@pytest.mark.parametrize(
    ("options", "words"),
    [(["--save", "x"], "--evidence"), (["--evidence", "--json", "--save", "x"], "--json")],
)
def test_options_that_make_no_sense_together_are_refused(
    options: list[str], words: str, polled: Program
) -> None:
    """Exit 2, and nothing is written."""
    answer = polled("show", event_of(polled), *options)
    assert (answer.status, answer.out) == (2, "")
    assert words in answer.err
    assert not Path("x").exists()


def test_a_folder_that_cannot_be_written_is_said(polled: Program, tmp_path: Path) -> None:
    """Exit 1 with the path and why."""
    (tmp_path / "file").write_text("")
    answer = polled("show", event_of(polled), "--evidence", "--save", str(tmp_path / "file"))
    assert answer.status == 1
    assert "cannot be written" in answer.err


def test_reextract_of_what_this_version_wrote_finds_nothing(polled: Program) -> None:
    """Exit 0, no line of JSON, and how many captures were read."""
    answer = polled("reextract", "--json")
    assert (answer.status, answer.out) == (0, "")
    assert "2 captures were read again; nothing is read differently" in answer.err
    assert "0 captures" in polled("reextract", "--since", "2027-01-01").out


def test_reextract_tells_what_is_read_differently(polled: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Capture, recommendation, field, then and now."""
    from monitor.captures import reextraction

    def shouting(body: bytes, **options: object) -> object:
        from dataclasses import replace

        capture = extract(body, **options)  # type: ignore[arg-type]
        first, *rest = capture.recommendations
        return replace(capture, recommendations=(replace(first, text=first.text.upper()), *rest))

    monkeypatch.setattr(reextraction, "extract", shouting)
    first = polled("reextract", "--json").rows[0]
    assert set(first) == set(reextract._KEYS)
    assert (first["capture"], first["field"], first["now"]) == (1, "text", first["then"].upper())
    answer = polled("reextract")
    assert answer.status == 0
    assert "differences" in answer.out
