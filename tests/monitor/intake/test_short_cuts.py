"""The short cuts past what was read before: with them off, everything that is known and told is the same."""

import random
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from monitor import incidents
from monitor.captures import quarantine
from monitor.formats.export_rows import take_apart
from monitor.formats.parts import rows as row_reader
from monitor.formats.stable_content import stable_content
from monitor.intake import reading, short_cuts
from monitor.record import bodies, folding
from monitor.record.settings import Source
from monitor.record.store.schema import (
    captures,
    coverage,
    events,
    metadata,
    notices,
    readings,
    recommendations,
    revisions,
    sources,
)
from monitor.record.store.store import Store
from monitor.record.store.upgrade import open_store
from monitor.record.values import Format, Outcome
from tests.fakes import pages
from tests.fakes.pages import Row, rows
from tests.monitor.intake.conftest import START, Scene
from tests.rendering import render
from tests.worlds import Noise, World, edits, worlds

FORMS = {"export": Format.CSV, "again": Format.CSV, "agency": Format.AGENCY, "report": Format.PRODUCT}


class Double:
    """Two scenes that see the same pages: one takes every short cut, the other reads everything."""

    def __init__(self, quick: Store, whole: Store) -> None:
        self.both = [(Scene(quick), True), (Scene(whole), False)]
        self.both[0][0].glances = True
        self.step = bodies.STEP

    def take(self, body: bytes, source: str, **options: Any) -> None:
        (one, _), (other, _) = self.both
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bodies, "STEP", self.step)
            patch.setattr(bodies, "PLAIN", self.step)
            quick = one.take(bodies.filled([body]), source, **options)  # packed, if it is longer than a step
        whole = other.take(body, source, short_cuts=False, **options)
        assert (quick.outcome, quick.message, quick.seen) == (whole.outcome, whole.message, whole.seen)
        counts = ("opened", "updated", "closed", "reopened", "vanished", "stale", "left")
        assert [getattr(quick, name) for name in counts] == [getattr(whole, name) for name in counts]

    def release(self) -> None:
        for scene, _ in self.both:
            scene.now += timedelta(minutes=1)
            for held in quarantine.held_captures(scene.store):
                theirs = scene.settings.model_copy(update={"sources": tuple(scene.sources.values())})
                with suppress(quarantine.QuarantineError):  # a wall cannot be believed
                    quarantine.release(scene.store, theirs, held.id, now=scene.now)

    def assert_alike(self) -> None:
        (quick, _), (whole, _) = self.both
        assert _everything(quick.store) == _everything(whole.store)


def _everything(store: Store) -> list[Any]:
    """All that is known and told, but for ids that are drawn and what the short cuts remember."""
    drawn = {"id", "event_id", "subject"}
    remembered = {"body_sha256", "body_layout", "body_format", "body_subject", "row_hash"}
    found: list[Any] = []
    for table in (recommendations, revisions, events, readings, coverage, sources, notices, captures):
        hidden = remembered | (drawn if table in (events, notices) else set())
        columns = [column for column in table.c if column.name not in hidden]
        with store.read() as connection:
            found.append((table.name, sorted(map(str, connection.execute(select(*columns))))))
    return found


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Store]]:
    """Two stores that are emptied between examples: making them takes longer than using them."""
    folder: Path = tmp_path_factory.mktemp("double")
    with (
        open_store(f"sqlite:///{folder / 'quick.sqlite3'}") as quick,
        open_store(f"sqlite:///{folder / 'whole.sqlite3'}") as whole,
    ):
        yield quick, whole


@pytest.fixture
def double(stores: tuple[Store, Store]) -> Double:
    return _fresh(stores)


def _fresh(stores: tuple[Store, Store]) -> Double:
    for store in stores:
        with store.write() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(delete(table))
    return Double(*stores)


def volatile(body: bytes, seed: int) -> bytes:
    """The same page as the site sends it the next time."""
    dice = random.Random(seed)
    cell = b'<table><tr><td headers="view-name-table-column-%d"></td></tr></table>' % dice.randrange(10**7)
    tag = b'<div class="view js-view-dom-id-%064x">%b</div>' % (dice.getrandbits(256), cell)
    settings = (
        b'<script type="application/json" data-drupal-selector="drupal-settings-json">{"t":"%x"}</script>'
    )
    body = body.replace(b"</head>", settings % dice.getrandbits(64) + b"</head>", 1)
    body = re.sub(rb"(<body[^>]*>)", lambda found: found[1] + tag, body, count=1)
    return body.replace(b"at 7:05 PM", b"at 7:%02d PM" % dice.randrange(60), 1)


@st.composite
def _histories(draw: st.DrawFn) -> list[tuple[str, bytes, dict[str, Any]]]:
    """Pages of a world that changes, by several sources: again, loud, held back, older, back to old words."""
    world: World = draw(worlds(size=7))
    shown: list[tuple[str, bytes]] = []
    history: list[tuple[str, bytes, dict[str, Any]]] = []
    for turn in range(draw(st.integers(3, 9))):
        if turn and draw(st.booleans()):
            world = draw(edits(world)).after or world
        source = draw(st.sampled_from(["export", "export", "export", "again", "agency", "report"]))
        how = draw(
            st.sampled_from(["plain", "plain", "plain", "plain", "loud", "old", "old", "wall", "release"])
        )
        if how == "old" and shown:
            source, body = draw(st.sampled_from(shown))
        else:
            body = render(world, FORMS[source], Noise(draw(st.integers(0, 99)), loud=how == "loud"))
        if how == "wall":
            body = b"<html><title>Access Denied</title><body>bm-verify</body></html>"
        shown.append((source, body))
        age = draw(st.sampled_from([0, 0, 0, 3]))
        headers = {"last-modified": _date(START + timedelta(hours=turn - age))} if draw(st.booleans()) else {}
        more = {"headers": headers, "release": how == "release"}
        history.append((source, volatile(body, draw(st.integers(0, 9))), more))
    return history


def _date(moment: datetime) -> str:
    return moment.strftime("%a, %d %b %Y %H:%M:%S GMT")


@given(history=_histories(), step=st.sampled_from([bodies.STEP, 1000, 7]))
@pytest.mark.timeout(600)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_short_cuts_change_nothing(
    stores: tuple[Store, Store], history: list[tuple[str, bytes, dict[str, Any]]], step: int
) -> None:
    """Whatever pages come in whatever order: events, notices, what is known are those of a full reading.

    `step`: bodies are held, and gone through, in blocks of so many bytes.
    """
    double = _fresh(stores)
    double.step = step
    for source, body, more in history:
        double.take(body, source, headers=more["headers"])
        if more["release"]:
            double.release()
    double.assert_alike()


def test_recognising_at_once_waits_for_nobody(scene: Scene) -> None:
    """While somebody else writes it says nothing, and does nothing; nor does it read what is new."""
    page = pages.agency(rows(3))
    scene.take(page)

    def recognise(body: bytes) -> str | None:
        found = short_cuts.recognise_at_once(scene.store, scene.arrival(body, "export"))
        return found and str(found.outcome)

    with scene.store.write():
        assert recognise(page) is None
    assert recognise(page) == "unchanged"
    assert recognise(pages.agency(rows(2))) is None


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which pages were read, and how: "whole" or the number of rows."""
    seen: list[str] = []
    whole, part = reading.extract, short_cuts.extract

    def count(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def extract(*args: Any, **options: Any) -> Any:
            found = real(*args, **options)
            seen.append(name or str(len(found.recommendations)))
            return found

        return extract

    monkeypatch.setattr(reading, "extract", count("whole", whole))
    monkeypatch.setattr(reading, "extract_apart", count("whole", reading.extract_apart))
    monkeypatch.setattr(short_cuts, "extract", count("", part))
    return seen


FORMATS = [pages.agency, pages.report, pages.export]


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_page_is_read_once(scene: Scene, counted: list[str], form: Callable[..., bytes]) -> None:
    """Though identifiers, settings and stamps differ in every response."""
    for seed in range(3):
        intake = scene.take(volatile(form(rows(6)), seed))
    assert counted == ["whole"]
    assert (intake.outcome, intake.seen) == (Outcome.UNCHANGED, 6)


@pytest.mark.parametrize("form", FORMATS)
def test_there_and_back_is_read_and_told_each_time(
    scene: Scene, counted: list[str], form: Callable[..., bytes]
) -> None:
    """Only the page shown last is remembered: old words that come back are news."""
    other = [rows(6)[0].but(narrative="The Bureau has bought lamps."), *rows(6)[1:]]
    outcomes = [str(scene.take(form(page)).outcome) for page in (rows(6), other, rows(6), rows(6))]
    assert outcomes == ["baseline", "changed", "changed", "unchanged"]
    assert len(counted) == 3


def test_of_an_export_only_what_differs_is_read(scene: Scene, counted: list[str]) -> None:
    """A row that came to the letter as before is not resolved, folded or compared."""
    scene.take(pages.export(rows(30)))
    changed = rows(30)
    changed[7] = changed[7].but(narrative="The Bureau has bought lamps.")
    (event,) = scene.events(scene.take(pages.export(changed)))
    assert counted == ["whole", "1"]
    assert (event.subject.key, event.changed) == (scene_key(scene, changed[7]), ("narrative",))


def test_a_row_that_says_the_same_in_other_bytes_is_read_once(scene: Scene, counted: list[str]) -> None:
    """From then on it is recognised as it came last."""
    scene.take(pages.export(rows(30)))
    spaced = rows(30)
    spaced[7] = spaced[7].but(narrative=spaced[7].narrative.replace(" ", "  "))
    assert scene.take(pages.export(spaced)).events == ()
    changed = [*spaced[:9], spaced[9].but(narrative="The Bureau has bought lamps."), *spaced[10:]]
    assert len(scene.take(pages.export(changed)).events) == 1
    assert counted == ["whole", "1", "1"]


@pytest.mark.parametrize(("left", "outcome"), [(5, "changed"), (7, "quarantined")])
def test_of_all_that_it_showed_counts_what_left_it_though_few_rows_are_read(
    double: Double, left: int, outcome: str
) -> None:
    """A share of all is a share of those that are not read, too."""
    double.take(pages.export(rows(30)), "mine")
    changed = [rows(30)[0].but(narrative="The Bureau has bought lamps."), *rows(30)[1:]]
    double.take(pages.export(changed[: 30 - left]), "mine")
    double.assert_alike()
    with double.both[0][0].store.read() as connection:
        assert connection.scalars(select(captures.c.outcome)).all()[-1] == outcome


def scene_key(scene: Scene, row: Row) -> str:
    with scene.store.read() as connection:
        text = select(recommendations.c.key).where(recommendations.c.text == row.words)
        return str(connection.execute(text.where(recommendations.c.product == row.product)).scalar_one())


@pytest.mark.parametrize("form", FORMATS)
def test_another_folding_reads_everything_anew(
    scene: Scene, counted: list[str], form: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an older one has read is no reason not to read."""
    scene.take(form(rows(6)))
    monkeypatch.setattr(folding, "VERSION", "9")
    row_reader._fingerprint.cache_clear()
    scene.take(form(rows(6)))
    row_reader._fingerprint.cache_clear()
    assert counted == ["whole", "whole"]
    with scene.store.read() as connection:
        assert {one[0] for one in connection.scalars(select(recommendations.c.fingerprint))} == {"9"}


@pytest.mark.parametrize("form", FORMATS)
def test_other_code_reads_everything_anew(
    scene: Scene, counted: list[str], form: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mended extractor must see the pages that the broken one believed."""
    scene.take(form(rows(6)))
    monkeypatch.setattr(short_cuts, "readers", lambda: "another")
    scene.take(form(rows(6)))
    assert counted == ["whole", "whole"]


def test_a_page_held_back_is_never_the_one_believed(scene: Scene, counted: list[str]) -> None:
    """It is held again each time that it comes."""
    scene.take(pages.export(rows(30)))
    short = pages.export(rows(5))
    assert [str(scene.take(short).outcome) for _ in range(2)] == ["quarantined"] * 2
    assert str(scene.take(pages.export(rows(30))).outcome) == "unchanged"


def test_a_page_that_a_person_released_is_read_the_next_time(scene: Scene, counted: list[str]) -> None:
    """Their word is for one capture: the gate is asked again about the next one that is the same."""
    page = pages.report(rows(3))
    scene.take(page, released=True)
    scene.take(page)
    scene.take(page)
    assert counted == ["whole", "whole"]


@pytest.mark.parametrize("form", FORMATS)
def test_an_older_copy_is_known_by_its_marks_though_it_is_not_read(
    scene: Scene, counted: list[str], form: Callable[..., bytes]
) -> None:
    """Equal bytes prove nothing about age."""
    marks = [_date(START + timedelta(days=day)) for day in (-2, -1, -2)]
    made = [scene.take(form(rows(6)), headers={"last-modified": mark}) for mark in marks]
    assert counted == ["whole"]
    assert [one.stale for one in made] == [False, False, True]
    with scene.store.read() as connection:
        kept = connection.execute(select(coverage.c.modified_at)).scalar_one()
    assert kept == START - timedelta(days=1)


def test_while_something_is_missing_every_capture_counts(scene: Scene, counted: list[str]) -> None:
    """The second capture in a row without it, to the letter the first, is what makes it vanished."""
    scene.take(pages.export(rows(8)))
    left = Source(id="export", format=Format.CSV, path="export/", confirm_closures=False)
    scene.sources["export"] = left
    made = [scene.take(pages.export(rows(8)[:-1])) for _ in range(2)]
    assert [(one.vanished, one.left, one.seen) for one in made] == [(0, True, 7), (1, True, 7)]
    assert counted == ["whole"]


@pytest.mark.parametrize("first", [pages.export, pages.agency])
def test_what_another_source_moves_on_is_read_again(double: Double, first: Callable[..., bytes]) -> None:
    """A page whose recommendation stands otherwise by now is read, whatever it showed last."""
    page = rows(6)
    double.take(first(page), "mine")
    double.take(pages.report([page[0].but(status="Closed – Implemented"), page[1]]), "other")
    double.take(pages.report([page[0], page[1]]), "other")
    double.take(first(page), "mine")
    double.assert_alike()


def test_what_came_back_elsewhere_is_missed_here_again(double: Double) -> None:
    """It left the export and was closed, then reopened: the export that still lacks it is news once more."""
    page = rows(8)
    left, closed = pages.export(page[:-1]), page[-1].but(status="Closed – Implemented")
    double.take(pages.export(page), "mine")
    double.take(left, "mine")
    double.take(pages.report([closed]), "other")
    double.take(left, "mine")
    double.take(pages.report([page[-1]]), "other")
    double.take(left, "mine")
    double.assert_alike()


@pytest.mark.parametrize("word", ["table-column-{}", "js-view-dom-id-{}", "v4.{}.1"])
def test_a_number_in_a_narrative_is_no_identifier(word: str) -> None:
    """What differs inside the words that people read always counts, whatever it looks like."""
    told = [rows(2)[0].but(narrative=f"See {word.format(n)} of the guide.") for n in (1, 2)]
    assert stable_content(pages.agency(told[:1])) != stable_content(pages.agency(told[1:]))


def test_a_row_of_an_export_is_its_bytes_but_for_the_telephone() -> None:
    """Another director's number is no other row; another character anywhere else is."""
    body = pages.export(rows(3))
    plain = take_apart(body, b"salt")
    assert plain is not None
    assert take_apart(body.replace(b"555-0147", b"555-0148"), b"salt").hashes == plain.hashes  # type: ignore[union-attr]
    other = take_apart(body.replace(b"Lamps\n", b"Lamp\n", 1), b"salt")
    assert other is not None
    assert sum(one != two for one, two in zip(plain.hashes, other.hashes, strict=True)) == 1


@pytest.mark.parametrize("damage", [b'"cut off', b",,,,,,,,,,\n", b"\xff\xfe\n", b'a,"b"c,d\n'])
def test_an_export_that_is_not_well_formed_is_read_whole(damage: bytes) -> None:
    """The reader that can tell what is wrong with it decides."""
    assert take_apart(pages.export(rows(3)) + damage, b"salt") is None


def test_a_short_cut_survives_no_rollback(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered of a page is written with what the page said, or not at all."""
    monkeypatch.setattr(incidents, "record", _fail)
    with pytest.raises(RuntimeError, match="a fault"):
        scene.take(pages.export(rows(3)))
    with scene.store.read() as connection:
        assert connection.execute(select(readings)).all() == []
        assert all(row.body_sha256 is None for row in connection.execute(select(sources)))


def _fail(*_args: Any, **_options: Any) -> None:
    raise RuntimeError("a fault")


@pytest.mark.parametrize("white", ["\x0b", "\u00a0", "\x1c", " \u2003 "])
def test_a_row_of_white_space_gives_no_row_the_place_of_another(double: Double, white: str) -> None:
    """The reader passes over it, so that each row after it stands one place further up: none is missed."""
    listed = rows(6)
    lines = pages.export(listed).split(b"\n")
    table = next(at for at, line in enumerate(lines) if line.startswith(b"Publication Name")) + 1
    odd = white.encode() + b"," * lines[table - 1].count(b",")
    lines.insert(table + 3, odd)
    double.take(b"\n".join(lines), "export")
    double.take(b"\n".join(lines), "export")
    double.take(b"\n".join([*lines[: table + 6], *lines[table + 7 :]]), "export")  # the last one has left
    double.assert_alike()
