"""Every channel under texts that try to break out of it: any event, any cause, a megabyte of one thing."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from time import process_time

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.record.values import EventType, Reminder
from tests.fakes.slack import problems
from tests.workers.channels.email.sending import by_mail, mailed, part
from tests.workers.channels.hostile import described_events, notices
from tests.workers.channels.made_up import WATCH, event, message, notice, state
from tests.workers.channels.slack.sending import BY_API, to_slack, words_in
from workers.channels.console.render import render as on_console
from workers.channels.slack.render import render as in_slack
from workers.channels.slack.render import render_plain
from workers.channels.text.points import _PHRASES
from workers.channels.webhook.render import render as as_webhook
from workers.channels.webhook.schema import schema
from workers.channels.webhook.settings import SMALLEST_BODY, WebhookSubscription
from workers.messages.describe import describe_event
from workers.values import Cause, DescribedEvent, Message, Notice

TRYING = settings(
    max_examples=40,
    deadline=timedelta(seconds=60),  # what is quadratic would take minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
CAUSES = st.sampled_from((Cause.INSTANT, Cause.TEST, Cause.REPLAY, Cause.SUMMARY, Cause.DIGEST))
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_VALIDATOR = jsonschema.Draft202012Validator(schema())


def subscribed(limit: int = 20_000) -> WebhookSubscription:
    given = {"url": "https://example.org/h", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
    return WebhookSubscription.model_validate(
        {"id": "tracker", "channel": "webhook", "max_body": limit, **given}
    )


def check_console(made: Message, colour: bool = False) -> str:
    """Valid: no control sequence but our own styles; and no longer than a screenful or two an event."""
    text = _STYLE.sub("", on_console(made, colour=colour))
    assert not _UNSAFE.search(text)
    assert len(text) < 12_000 * max(1, len(made.described_events))
    return text


def check_webhook(made: Message, limit: int) -> str:
    """Valid JSON of the schema's shape, within the limit; what was shortened is said."""
    sent = as_webhook(made)
    assert len(sent) <= limit
    body = json.loads(sent)
    _VALIDATOR.validate(body)
    data = body["data"]
    if data["truncated"]:
        assert "sha256" in data
    return "left out" if data["truncated"] else ""


@TRYING
@given(st.lists(described_events(), min_size=1, max_size=4), CAUSES, st.booleans())
def test_the_console_stays_a_terminal(told: list[DescribedEvent], cause: Cause, colour: bool) -> None:
    """Nothing on a page moves a cursor, sets a title, turns a line round or fills the screen."""
    told = told[:1] if cause in (Cause.INSTANT, Cause.TEST) else told
    check_console(message(*told, cause=cause, watch=WATCH if cause == Cause.DIGEST else None), colour)


@TRYING
@given(notices)
def test_a_notice_stays_a_notice_on_the_console(trouble: Notice) -> None:
    """Operators hear, whatever the message is made of."""
    check_console(message(notice=trouble, cause=Cause.NOTICE))


@TRYING
@given(
    described_events(),
    st.sampled_from((Cause.INSTANT, Cause.TEST, Cause.REPLAY)),
    st.integers(SMALLEST_BODY, 50_000),
)
def test_a_webhook_is_valid_whatever_is_told(told: DescribedEvent, cause: Cause, limit: int) -> None:
    """Any event of any type, by any cause, is JSON of the schema's shape and of at most `max_body` bytes."""
    known = tuple(each for each in told.significance.signals if each.kind in _PHRASES)
    told = replace(told, significance=replace(told.significance, signals=known))
    check_webhook(message(told, cause=cause, subscription=subscribed(limit)), limit)


# --- a megabyte -------------------------------------------------------------------------------------------

_MEGABYTE = 1_000_000
_KINDS = {
    "unbreakable": "a",
    "overrides": "\u202e\u2066",
    "slack": "<!channel> <@U1> <https://evil.example|x> ",
    "headers": "\r\nBcc: victim@example.org\r\n\r\n",
    "markup": '"><script>alert(1)</script><img src=x onerror=alert(1)>',
    "ampersands": "&",
    "astral": "\U0001f600",
    "surrogates": "\ud800",
    "combining": "e\u0301\u0301",
    "controls": "\x1b]0;x\x07\x00",
    "lines": "\n",
    "blank": " \u00a0\u2003",
    "sentences": "In May 2024, CBP told us so. ",
}
_TEN_SECONDS = 10


@cache
def huge(kind: str, reminder: bool) -> DescribedEvent:
    """A megabyte in a narrative, the last words of which are others now; or a reminder of it."""
    bulk = (_KINDS[kind] * (_MEGABYTE // len(_KINDS[kind]) + 1))[:_MEGABYTE]
    said = "CBP expects to complete it by May 2024."
    # Not state(…): folding a megabyte for its fingerprint is intake's part, and would take most of the time.
    old, new = (replace(state(), narrative=f"{bulk} {last}") for last in (said, "CBP did it. It is kept."))
    if not reminder:
        return describe_event(event(old=old, new=new, revision=3))
    lapsed = {"old": old, "new": old, "changed": (), "reminder": Reminder("2024-05", said)}
    return describe_event(event(EventType.OVERDUE, **lapsed))


def by_email(made: DescribedEvent, **how: object) -> str:
    mail = mailed(by_mail(made, **how))
    html, text = part(mail, "html"), part(mail, "plain")
    assert not {"bcc", "cc"} & {name.lower() for name in mail}
    assert "<script" not in html
    assert not _UNSAFE.search(html + text)
    assert len(html) + len(text) < 400_000
    return html


def by_slack(made: DescribedEvent, **how: object) -> str:
    sent = to_slack(made, subscription=BY_API, **how)
    payload = in_slack(sent)
    assert problems(payload) == []
    assert not {"<", ">"} & set(payload["text"] + render_plain(sent))
    return words_in(payload)


def by_console(made: DescribedEvent, **how: object) -> str:
    return check_console(message(made, **how))


def by_webhook(made: DescribedEvent, **_how: object) -> str:
    limit = 20_000
    return check_webhook(message(made, subscription=subscribed(limit)), limit)


_CHANNELS: dict[str, Callable[..., str]] = {
    "email": by_email,
    "slack": by_slack,
    "console": by_console,
    "webhook": by_webhook,
}


@pytest.mark.parametrize("channel", _CHANNELS)
@pytest.mark.parametrize("kind", _KINDS)
def test_a_megabyte_is_told_within_limits_and_says_what_is_missing(kind: str, channel: str) -> None:
    """At once, in a digest and as a reminder: valid, inert, short, in good time, and nothing cut silently."""
    for reminder in (False, True):
        made = huge(kind, reminder)
        for how in ({}, {"cause": Cause.DIGEST, "watch": WATCH}):
            began = process_time()
            seen = " ".join(_CHANNELS[channel](made, **how).split())
            assert process_time() - began < _TEN_SECONDS
            if kind not in ("lines", "blank") and not (reminder and channel == "console"):
                assert "left out" in seen or "unchanged …" in seen
        if not reminder and channel != "webhook":
            assert "kept" in seen


@pytest.mark.parametrize("channel", ["email", "slack", "console"])
def test_a_notice_of_a_megabyte_is_cut(channel: str) -> None:
    """Operators hear in time what went wrong, and see that there is more."""
    trouble = {"notice": notice(message="no answer; " * 90_000), "cause": Cause.NOTICE}
    if channel == "email":
        seen = part(mailed(by_mail(**trouble)), "plain")
    elif channel == "slack":
        payload = in_slack(to_slack(**trouble))
        assert problems(payload) == []
        seen = words_in(payload)
    else:
        seen = on_console(message(**trouble))
    assert len(seen) < 20_000
    assert "…" in seen
