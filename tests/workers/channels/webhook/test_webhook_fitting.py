"""Bodies that would be too long for their receiver."""

import hashlib
import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.record.values import EventType
from tests.workers.channels.made_up import MOVED, described, message, notice, state, subject
from workers.channels.webhook.body import Body, encode, event_body
from workers.channels.webhook.fitting import fit
from workers.channels.webhook.render import render
from workers.channels.webhook.settings import SMALLEST_BODY, WebhookSubscription
from workers.values import DescribedEvent, Signal

SENTENCE = "In {}, officials told us that field office {} was still drafting its part of the guidance. "
LONG_OLD = "".join(SENTENCE.format(2020 + n % 5, n) for n in range(200))
LONG_NEW = LONG_OLD.replace("field office 150 was still drafting", "field office 150 has finished")
EVIL = st.text(st.characters(), max_size=400) | st.sampled_from(
    ["\x01" * 3000, "\U0001f600" * 3000, "\\" * 3000, "a b " * 2000]
)


def body_of(made: DescribedEvent) -> Body:
    return event_body(made, subscription="tracker")


def long(old: str = LONG_OLD, new: str = LONG_NEW, **changes: Any) -> Body:
    runs = (("delete", old), ("insert", new))
    return body_of(described(runs=runs, old=state(old), new=state(new), **changes))


def fitted(body: Body, limit: int) -> dict[str, Any]:
    sent = fit(body, limit)
    assert len(sent) <= limit
    data = json.loads(sent)["data"]
    assert isinstance(data, dict)
    return data


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_a_body_that_fits_is_left_alone() -> None:
    """Nothing is cut, marked or hashed in a body of the allowed size, to the byte."""
    body = long()
    size = len(encode(body))
    assert fit(body, size) == encode(body)
    assert json.loads(fit(body, size - 1))["data"]["truncated"] is True


def test_the_difference_goes_first() -> None:
    """Where leaving out the difference is enough, the narratives stay whole."""
    data = fitted(long(), len(encode(long())) - 1)
    assert "diff" not in data
    assert (data["old"]["narrative"], data["new"]["narrative"]) == (LONG_OLD, LONG_NEW)
    assert data["truncated"] is True
    assert data["left_out"] == ["diff"]
    assert data["sha256"] == {"old": digest(LONG_OLD), "new": digest(LONG_NEW)}


def test_then_the_narratives_become_excerpts_about_their_first_difference() -> None:
    """What a reader wants to see is in the excerpt, and the hashes are of the whole."""
    data = fitted(long(), 6_000)
    old, new = data["old"]["narrative"], data["new"]["narrative"]
    assert "field office 150 was still drafting" in old
    assert "field office 150 has finished" in new
    for excerpt, whole in ((old, LONG_OLD), (new, LONG_NEW)):
        assert excerpt.startswith("…")
        assert excerpt.strip("…") in whole
    assert data["sha256"] == {"old": digest(LONG_OLD), "new": digest(LONG_NEW)}
    assert data["left_out"] == ["diff", "old.narrative", "new.narrative"]


def test_the_room_is_used() -> None:
    """An excerpt is as long as the receiver allows, give or take a character."""
    for limit in (2_000, 5_000, 20_000):
        assert len(fit(long(), limit)) > limit - 20


def test_everything_else_stays_while_excerpts_are_enough() -> None:
    """Cutting narratives changes no other field."""
    whole, data = long(), fitted(long(), 4_000)
    for key in ("recommendation", "significance", "changed", "event_id", "test", "subscription"):
        assert data[key] == whole["data"][key]


def test_a_long_text_of_the_recommendation_is_cut_last_and_it_is_said() -> None:
    """Narratives keep an excerpt; then the recommendation's own text is shortened."""
    text = "The Administrator should " + "write it down and " * 3_000 + "check it."
    data = fitted(long(subject=subject(text=text)), 20_000)
    assert data["recommendation"]["text"].endswith("…")
    assert "recommendation.text" in data["left_out"]
    assert len(data["new"]["narrative"]) >= 1_000


def test_one_side_alone_has_one_hash() -> None:
    """Of what is not there, there is no hash."""
    made = described(EventType.OPENED, new=state(LONG_NEW))
    data = fitted(body_of(made), 5_000)
    assert data["sha256"] == {"old": None, "new": digest(LONG_NEW)}


def test_half_an_address_is_none() -> None:
    """A url that has no room is null: shortened it would lead elsewhere."""
    data = fitted(long(subject=subject(url="https://www.gao.gov/products/" + "x" * 3_000)), SMALLEST_BODY)
    assert data["recommendation"]["url"] is None


def test_what_names_a_recommendation_outlives_its_texts() -> None:
    """In a very small body all texts may go, and still one sees which recommendation changed, and how."""
    data, whole = fitted(long(), 1_020), long()["data"]
    for key in ("key", "product", "number"):
        assert data["recommendation"][key] == whole["recommendation"][key]
    assert data["new"]["status"] == "open"
    assert data["significance"]["signals"][0]["kind"] == "deadline_moved"
    assert data["left_out"] == ["diff", "old", "new", "significance", "recommendation"]


def test_the_worst_event_fits_into_the_smallest_body() -> None:
    """Longest ids, thirty signals, texts that JSON makes six times as long: still within the limit."""
    evil = "\x01" * 3_000
    made = described(
        subject=subject(
            **dict.fromkeys(("key", "product", "number", "agency", "title", "text", "url"), evil)
        ),
        signals=(Signal("deadline_moved", evil, evil, evil, 2),) * 30,
        old=state(evil, status=evil),
        new=state(f"{evil}x", status=evil),
        changed=("narrative", "status", "priority", "text"),
        source="s" * 64,
    )
    body = event_body(made, subscription="t" * 64)
    assert fitted(body, SMALLEST_BODY)["event_id"] == made.event.id


def test_the_given_body_is_not_changed() -> None:
    """The same body may be printed whole afterwards."""
    body = long()
    before = deepcopy(body)
    fit(body, 3_000)
    assert body == before


def test_a_long_narrative_is_fitted_quickly() -> None:
    """A megabyte each side takes a moment, not the time of a request."""
    big = LONG_OLD * 60
    assert len(fit(long(big, big + "End."), 20_000)) <= 20_000


@settings(max_examples=60, deadline=None)
@given(
    st.fixed_dictionaries(
        dict.fromkeys(("key", "product", "number", "agency", "title", "text", "url"), EVIL)
    ),
    EVIL,
    EVIL,
    EVIL,
    st.integers(0, 40),
    st.integers(SMALLEST_BODY, 30_000),
)
def test_any_body_fits(
    texts: dict[str, str], narrative: str, status: str, quote: str, signals: int, limit: int
) -> None:
    """Whatever a page holds, the body is valid JSON of at most `max_body` bytes."""
    made = described(
        subject=subject(**texts),
        signals=(Signal("deadline_moved", quote, quote, quote, 2), MOVED) * signals,
        old=state(narrative, status=status),
        new=state(narrative[::-1], status=status),
        runs=(("delete", narrative), ("insert", narrative[::-1])),
        record={"text": [narrative, quote]},
        id="evt_" + "x" * 22,
        source="s" * 64,
    )
    body = event_body(made, subscription="t" * 64)
    data = fitted(body, limit)
    assert data["event_id"] == made.event.id


def subscription(**keys: Any) -> WebhookSubscription:
    given = {"url": "https://example.org/h", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", **keys}
    return WebhookSubscription.model_validate({"id": "t" * 64, "channel": "webhook", **given})


@pytest.mark.parametrize("character", ["x", "\x01", "\U0001f600"])
def test_a_notice_fits_too(character: str) -> None:
    """A message to operators is shortened where it is too long, and says so."""
    long_notice = notice(message=character * 10_000, concerns="s" * 64)
    made = message(notice=long_notice, subscription=subscription(max_body=SMALLEST_BODY))
    sent = render(made)
    assert len(sent) <= SMALLEST_BODY
    assert json.loads(sent)["data"]["truncated"] is True
