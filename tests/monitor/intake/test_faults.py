"""Pages that must change nothing, each between two good captures, and what operators hear of them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from monitor.intake import load_evidence
from monitor.record.store.schema import captures
from monitor.record.values import Outcome
from tests.fakes import pages
from tests.fakes.pages import Row, rows
from tests.monitor.intake.conftest import Scene

GOOD = [*rows(30), Row()]
CHANGED = [*rows(30), Row(narrative="The Bureau has replaced them all, it said in May 2030.")]
EXPORT = pages.export(GOOD)
FAULTS: dict[str, bytes] = {
    "empty": b"",
    "blank": b"<!DOCTYPE html><html><head><title></title></head><body></body></html>",
    "denied": b"<html><head><title>Access Denied</title></head><body>Reference #18.2f</body></html>",
    "challenge": b"<html><head><script>var i=1;</script></head><body><iframe src='/bm-verify'></body></html>",
    "login": b"<html><body><form action='/login'><input type='password'></form></body></html>",
    "half a row": EXPORT[: len(EXPORT) // 2 - 7],
    "most rows gone": pages.export(GOOD[:6]),
    "no rows": pages.export([]),
    "all reworded": pages.export([row.but(narrative=f"{row.number} {row.title} anew.") for row in GOOD]),
    "a banner in each": pages.export(
        [row.but(narrative=row.narrative + " The site is unattended.") for row in GOOD]
    ),
    "another page": pages.agency(GOOD[:10]),
    "binary": bytes(range(256)) * 40,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_page_between_two_good_ones_changes_nothing(scene: Scene, fault: str) -> None:
    """State is unharmed, nobody is told of a change, operators hear once, the next real change is found."""
    from monitor.record.values import Format

    scene.take(EXPORT, format=Format.CSV)
    before = scene.state()
    intake = scene.take(FAULTS[fault], format=Format.CSV)
    assert intake.outcome is Outcome.QUARANTINED
    assert intake.events == ()
    assert scene.state() == before
    assert scene.told() == ["source.quarantined"]
    good = scene.take(pages.export(CHANGED), format=Format.CSV)
    assert len(good.events) == 1
    assert scene.waiting() == 1


def test_a_file_cut_at_a_rows_end_is_held_by_what_is_missing(scene: Scene) -> None:
    """Nothing in it shows the cut, but too many are gone at once."""
    scene.take(EXPORT)
    cut = b"\n".join(EXPORT.split(b"\n")[:20]) + b"\n"
    assert scene.take(cut).outcome is Outcome.QUARANTINED


CUT = pages.agency_text([*rows(3), Row(narrative="The Bureau agreed. It ordered lamps. They came in May.")])


@pytest.mark.parametrize("end", ["agreed.", "lamps."])
def test_a_text_cut_after_a_sentence_of_its_last_narrative_is_held(scene: Scene, end: str) -> None:
    """Nothing in it shows the cut, but what is missing is the end of the page's last words."""
    scene.take(CUT)
    at = CUT.rindex(end.encode()) + len(end)
    assert scene.take(CUT[:at]).outcome is Outcome.QUARANTINED
    assert scene.take(CUT).events == ()


def test_a_text_with_an_end_of_its_own_may_have_lost_a_sentence(scene: Scene) -> None:
    """The pager follows: what the last narrative lacks was taken out by GAO. So it is of any other row."""
    footer = b"\n\nPagination\n\nPage 1\n"
    at = CUT.rindex(b"agreed.") + len(b"agreed.")
    scene.take(CUT + footer)
    assert len(scene.take(CUT[:at] + footer).events) == 1
    first = Row(number="2", narrative="The Bureau agreed. It said so in June.")
    scene.take(pages.agency_text([first, Row(number="3")]), "other")
    shorter = [first.but(narrative="The Bureau agreed."), Row(number="3")]
    assert len(scene.take(pages.agency_text(shorter), "other").events) == 1


def test_held_bytes_are_kept_once_and_a_person_can_release_them(scene: Scene) -> None:
    """The same page held again is one capture; released, it is taken in as if it had been believed."""
    scene.take(EXPORT)
    held = [scene.take(FAULTS["most rows gone"]) for _ in range(3)]
    assert len({intake.capture_id for intake in held}) == 1
    with scene.store.read() as connection:
        query = select(captures.c.id).where(captures.c.held)
        assert list(connection.scalars(query)) == [held[0].capture_id]
        page = load_evidence(connection, held[0].capture_id or 0)
    assert page is not None
    released = scene.take(page.body, released=True)
    assert (released.outcome, released.seen) == (Outcome.UNCHANGED, 6)


def test_a_capture_released_after_a_newer_one_was_believed_turns_nothing_back(scene: Scene) -> None:
    """A person vouches for what was held on Monday; on Tuesday the site showed other words."""
    scene.take(EXPORT)
    monday = FAULTS["a banner in each"]
    assert scene.take(monday).outcome is Outcome.QUARANTINED
    held_at = scene.now
    assert len(scene.take(pages.export(CHANGED)).events) == 1
    intake = scene.take(monday, captured_at=held_at, released=True)
    assert (intake.outcome, intake.events) == (Outcome.UNCHANGED, ())
    assert scene.take(pages.export(CHANGED)).events == ()


def stale(stamp: datetime | None = None, **headers: str) -> tuple[bytes, dict[str, str]]:
    """A copy with marks of age."""
    return pages.export(GOOD, stamp), {
        "x": "",
        **{key.replace("_", "-"): value for key, value in headers.items()},
    }


def http(moment: datetime) -> str:
    """A date as a response writes it."""
    return f"{moment:%a, %d %b %Y %H:%M:%S} GMT"


NOON = datetime(2030, 3, 20, 12, tzinfo=UTC)
MARKS: dict[str, Callable[[datetime], tuple[bytes, dict[str, str]]]] = {
    "stamp": lambda moment: stale(moment),
    "last-modified": lambda moment: stale(last_modified=http(moment)),
    "date": lambda moment: stale(date=http(moment)),
    "age": lambda moment: stale(date=http(NOON), age=str(int((NOON - moment).total_seconds()))),
}


@pytest.mark.parametrize("mark", MARKS)
def test_an_old_copy_says_nothing(scene: Scene, mark: str) -> None:
    """By its own marks it is older than the last one believed: its other words are no event."""
    make = MARKS[mark]
    body, headers = make(NOON)
    scene.take(body.replace(b"plans to order", b"has ordered"), headers=headers)
    body, headers = make(NOON - timedelta(hours=3))
    intake = scene.take(body, headers=headers)
    assert (intake.outcome, intake.events) == (Outcome.UNCHANGED, ())


@pytest.mark.parametrize("mark", MARKS)
def test_a_newer_copy_with_the_old_words_is_a_change(scene: Scene, mark: str) -> None:
    """There and back: the words are old, the copy is not."""
    make = MARKS[mark]
    body, headers = make(NOON - timedelta(hours=3))
    scene.take(body, headers=headers)
    body, headers = make(NOON - timedelta(hours=2))
    assert len(scene.take(body.replace(b"plans to order", b"has ordered"), headers=headers).events) == 1
    body, headers = make(NOON)
    assert len(scene.take(body, headers=headers).events) == 1


def test_a_stamp_may_wander_an_hour_and_a_mark_from_the_future_is_ignored(scene: Scene) -> None:
    """Clocks disagree; only a clear precedence is believed."""
    scene.take(pages.export(GOOD, NOON), headers={"date": http(NOON + timedelta(days=900))})
    early = pages.export(CHANGED, NOON - timedelta(minutes=59))
    assert len(scene.take(early, headers={"date": http(NOON)}).events) == 1


def test_three_old_copies_in_a_row_are_a_failure(scene: Scene) -> None:
    """A cache is stuck: operators hear at the second failure."""
    scene.take(pages.export(GOOD, NOON), headers={"x": "y"})
    old = pages.export(GOOD, NOON - timedelta(days=1))
    outcomes = [scene.take(old, headers={"x": "y"}).outcome for _ in range(4)]
    assert outcomes == [Outcome.UNCHANGED, Outcome.UNCHANGED, Outcome.FAILING, Outcome.FAILING]
    assert scene.told() == ["source.failing"]


def test_what_is_held_back_says_what_it_means_and_what_to_do(scene: Scene) -> None:
    """Operators need no manual: nobody was told, and three commands with the number in them."""
    scene.take(EXPORT)
    taken = scene.take(pages.export(GOOD[:6]))
    number = taken.capture_id
    assert taken.message.startswith(f"held back as capture {number}: ")
    assert "No subscriber was told." in taken.message
    for verb in ("show", "release", "discard"):
        assert f"recwatch quarantine {verb} {number}" in taken.message


WALL = b"<html><body><p>Please solve this captcha to go on.</p></body></html>"
LOGIN = FAULTS["login"]


@pytest.mark.parametrize(
    ("body", "fetched", "outcome"),
    [
        (WALL, True, "blocked"),
        (WALL, False, "quarantined"),
        (LOGIN, True, "quarantined"),
        (WALL.replace(b"</body>", b"<p>%s</p></body>" % (b"word " * 60_000)), True, "quarantined"),
    ],
    ids=["a wall", "a wall that somebody saved", "no wall", "too long for a wall"],
)
def test_only_a_wall_that_a_site_sends_is_a_refusal(
    scene: Scene, body: bytes, fetched: bool, outcome: str
) -> None:
    """Nothing is kept of it; what cannot be read for another reason is held back for a person to see."""
    scene.take(EXPORT)
    assert scene.take(body, fetched=fetched).outcome == outcome
    with scene.store.read() as connection:
        kept = connection.scalars(select(captures.c.outcome)).all()
    assert kept == ["baseline", *(["quarantined"] if outcome == "quarantined" else [])]
