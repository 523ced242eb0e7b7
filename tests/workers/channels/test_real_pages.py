"""Messages about the recommendations of real pages, where those are at hand."""

from dataclasses import replace
from pathlib import Path

from monitor.formats import extract
from monitor.record.values import EventType, Recommendation, Subject
from tests.fakes.slack import problems
from tests.workers.channels.email.sending import by_mail, mailed, part
from tests.workers.channels.made_up import WATCH, event, state
from tests.workers.channels.slack.sending import to_slack
from workers.channels.slack.render import render
from workers.meaning.difference import describe
from workers.values import Cause, DescribedEvent, Level, Significance


def recommendations(captures: Path) -> list[Recommendation]:
    pages = [path for path in sorted(captures.iterdir()) if path.name.count(".gao-")]
    found = [each for path in pages for each in extract(path.read_bytes()).recommendations]
    assert found
    return found


def told(number: int, read: Recommendation) -> DescribedEvent:
    """What reading it might have meant: half of it is new, and its priority and status moved."""
    about = Subject(
        read.key, read.product, read.kind, read.number, read.agency, read.title, read.text, read.url
    )
    before = state(read.narrative[: len(read.narrative) // 2], status="open", text=read.text)
    after = state(read.narrative, status=read.status, priority=read.priority, text=read.text)
    happened = event(EventType.UPDATED, id=f"evt_{number}", recommendation_id=number, subject=about)
    happened = replace(happened, old=before, new=after, changed=("narrative", "status"))
    return DescribedEvent(happened, describe(happened), Significance(Level.SUBSTANTIVE))


def test_each_real_recommendation_makes_a_valid_message(captures: Path) -> None:
    """Slack takes it, and both parts of the mail hold its event."""
    for number, read in enumerate(recommendations(captures)):
        assert problems(render(to_slack(told(number, read)))) == []
        mail = mailed(by_mail(told(number, read)))
        assert all(f"evt_{number}" in part(mail, subtype) for subtype in ("plain", "html"))


def test_all_of_them_make_a_valid_digest(captures: Path) -> None:
    """However many they are."""
    described_events = [told(number, read) for number, read in enumerate(recommendations(captures))]
    assert problems(render(to_slack(*described_events, cause=Cause.DIGEST, watch=WATCH))) == []
    assert len(part(mailed(by_mail(*described_events, cause=Cause.DIGEST, watch=WATCH)), "html")) < 1_000_000
