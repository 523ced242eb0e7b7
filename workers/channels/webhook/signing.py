"""Standard Webhooks 1.0.0: https://www.standardwebhooks.com. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

from standardwebhooks.webhooks import Webhook


def signed_headers(message_id: str, at: datetime, payload: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """The three headers for exactly these bytes, one signature a secret, in the order of the secrets.

    `at` is the time of the attempt, aware: receivers refuse what is more than minutes old.
    """
    # The library's sign() takes the clock face of an aware time for UTC, whatever its zone.
    moment = at.astimezone(UTC)
    text = payload.decode("utf-8")
    signatures = [_signer(secret).sign(message_id, moment, text) for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


@lru_cache(maxsize=1_000)
def _signer(secret: str) -> Webhook:
    """Kept: decoding the key costs as much as signing with it."""
    return Webhook(secret)
