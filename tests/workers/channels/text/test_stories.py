"""Digests and summaries tell one story a recommendation."""

from dataclasses import replace

from monitor.record.values import EventType
from tests.workers.channels.made_up import NEW, OLD, described, state, subject
from workers.channels.text.stories import by_agency, gather, merge
from workers.values import DescribedEvent, Level, Signal, Significance


def moved(old: str, new: str, **changes: object) -> DescribedEvent:
    return described(signals=(Signal("deadline_moved", "by then", old, new),), **changes)


def test_a_deadline_that_moved_twice_moved_once() -> None:
    """A to B and B to C is A to C."""
    merged = merge([moved("2024-05", "2025-01"), moved("2025-01", "2025-09")])
    assert [(each.old, each.new) for each in merged.significance.signals] == [("2024-05", "2025-09")]


def test_a_deadline_that_came_back_did_not_move() -> None:
    """A to B and B to A is no news."""
    merged = merge([moved("2024-05", "2025-01"), moved("2025-01", "2024-05")])
    assert merged.significance.signals == ()


def test_two_deadlines_stay_two() -> None:
    """Another deed's date does not continue this one's."""
    merged = merge([moved("2024-05", "2025-01"), moved("2026-05", "2027-01")])
    assert len(merged.significance.signals) == 2


def test_the_words_go_from_first_old_to_last_new() -> None:
    """What stood in between is not shown."""
    middle = state("Nothing of this stays.")
    merged = merge([described(old=state(OLD), new=middle), described(old=middle, new=state(NEW))])
    runs = merged.difference.narrative
    assert "".join(text for operation, text in runs if operation != "insert") == OLD
    assert "".join(text for operation, text in runs if operation != "delete") == NEW


def test_the_gravest_level_counts() -> None:
    """A review date that moved afterwards does not make a slip less of one."""
    merged = merge([moved("2024-05", "2025-01"), described(signals=(), level=Level.REDATED)])
    assert merged.significance.level == Level.SUBSTANTIVE


def test_what_opened_and_was_reworded_is_new() -> None:
    """Its reader has not seen the first words."""
    merged = merge([described(EventType.OPENED, signals=()), described(signals=())])
    assert (merged.event.type, merged.event.old, merged.event.changed) == (EventType.OPENED, None, ())


def test_what_closed_and_was_reworded_is_closed() -> None:
    """An update after it does not hide the close; a reopening does."""
    closed, updated = described(EventType.CLOSED, signals=()), described(signals=())
    assert merge([closed, updated]).event.type == EventType.CLOSED
    assert (
        merge([closed, described(EventType.REOPENED, signals=()), updated]).event.type == EventType.REOPENED
    )


def test_steps_are_in_the_order_of_revisions() -> None:
    """Whatever order they were fetched in, and whatever their times."""
    first, second = described(id="evt_1", revision=1), described(id="evt_2", revision=2)
    (story,) = gather([second, first])
    assert story.event_ids == ("evt_1", "evt_2")


def test_a_single_change_stays_as_it_was_assessed() -> None:
    """Differences are computed once; a story of one step takes the event's."""
    only = described()
    assert gather([only])[0].described is only


def test_the_gravest_story_comes_first() -> None:
    """Then by agency, report and number in counting order."""

    def numbered(number: str, **changes: object) -> DescribedEvent:
        return described(recommendation_id=int(number), subject=subject(number=number), **changes)

    cosmetic = replace(numbered("1"), significance=Significance(Level.COSMETIC))
    stories = gather(
        [cosmetic, numbered("10"), numbered("9"), numbered("3", kind=EventType.CLOSED, signals=())]
    )
    assert [story.described.event.subject.number for story in stories] == ["3", "9", "10", "1"]


def test_groups_keep_their_stories_order() -> None:
    """The agency with the gravest story leads; one report is one group, whatever its title says."""
    other = described(recommendation_id=2, subject=subject(agency="Department of  Energy"), signals=())
    retitled = described(recommendation_id=3, subject=subject(title="[Reissued] Another title", number="6"))
    groups = by_agency(gather([other, described(), retitled]))
    assert [group.name for group in groups] == [
        "United States Customs and Border Protection",
        "Department of Energy",
    ]
    assert len(groups[0].reports) == 1
    assert len(groups[0].stories) == 2
