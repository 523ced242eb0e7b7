"""The change that a test message shows: made up, the same on every attempt, and marked as what it is."""

from datetime import datetime, timedelta

from monitor.record.folding import fingerprint
from monitor.record.values import Event, EventType, Kind, State, Subject
from workers.messages.describe import describe_event
from workers.values import DescribedEvent

_TEXT = (
    "This is a sample: the Director of the Sample Agency should test each channel once. (Recommendation 1)"
)
_OLD = (
    "The Sample Agency concurred with this recommendation. As of March 2024, officials said that they "
    "had chosen the channels to test. The agency expects to complete its tests by May 2024."
)
_NEW = (
    "The Sample Agency concurred with this recommendation. As of March 2025, officials said that they "
    "had chosen the channels to test and had tested the first. The agency expects to complete its tests "
    "by September 2025."
)


def sample(message_id: str, at: datetime) -> DescribedEvent:
    """A change of a made-up recommendation; its event id is the message's, in the shape of an event's."""
    old = _state("open", _OLD, at - timedelta(days=365))
    new = _state("open-partially-addressed", _NEW, at)
    subject = Subject(
        key="GAO-00-000000#1@sample-agency",
        product="GAO-00-000000",
        kind=Kind.RECOMMENDATION,
        number="1",
        agency="Sample Agency",
        title="Sample Report: A Test of This Subscription",
        text=_TEXT,
        url="https://www.gao.gov/",
    )
    event = Event(
        id="evt_test" + message_id.removeprefix("msg_"),
        type=EventType.UPDATED,
        source="sample",
        at=at,
        recommendation_id=0,
        revision=2,
        subject=subject,
        changed=("narrative", "status"),
        old=old,
        new=new,
    )
    return describe_event(event)


def _state(status: str, narrative: str, at: datetime) -> State:
    return State(status, False, narrative, fingerprint(narrative), _TEXT, at)
