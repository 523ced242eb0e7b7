"""From a message to the bytes that are signed and sent. Pure."""

from workers.channels.webhook.body import Body, encode, event_body, notice_body
from workers.channels.webhook.fitting import fit
from workers.channels.webhook.settings import WebhookSubscription
from workers.values import Cause, Message, TransportError

_WIDEST = 6  # bytes that JSON makes of one character at most: \u0001


def render(message: Message) -> bytes:
    """One event, or one notice to operators, in at most the subscription's `max_body` bytes.

    TransportError, permanent: the message holds several events or none; a webhook takes one a body.
    """
    subscription = message.subscription
    assert isinstance(subscription, WebhookSubscription)
    if message.notice is not None:
        return _fit_notice(notice_body(message.notice), subscription.max_body)
    if len(message.described_events) != 1:
        held = len(message.described_events)
        raise TransportError(f"a webhook takes one event a message, this one holds {held}", permanent=True)
    described = message.described_events[0]
    body = event_body(
        described,
        subscription=subscription.id,
        test=message.cause == Cause.TEST,
        replayed=message.cause == Cause.REPLAY,
    )
    return fit(body, subscription.max_body)


def _fit_notice(body: Body, limit: int) -> bytes:
    whole = encode(body)
    if len(whole) <= limit:
        return whole
    text = body["data"]["message"]
    frame = len(encode({**body, "data": {**body["data"], "message": "…", "truncated": True}}))
    excerpt = text[: max(0, limit - frame) // _WIDEST] + "…"
    return encode({**body, "data": {**body["data"], "message": excerpt, "truncated": True}})
