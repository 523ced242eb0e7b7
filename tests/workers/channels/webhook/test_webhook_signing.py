"""Standard Webhooks signatures, checked with the library and with the specification's own recipe."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta, timezone

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from workers.channels.webhook.signing import signed_headers

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + base64.b64encode(b"another key of 24 bytes!").decode()
PAYLOAD = '{"narrative":"19 U.S.C. § 1592 – “quoted”"}'.encode()
ZONES = [UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=9))]


@pytest.mark.parametrize("zone", ZONES)
def test_the_library_accepts_the_signature_whatever_the_zone_of_the_clock(zone: timezone) -> None:
    """An aware time in any zone signs as the same moment."""
    headers = signed_headers("msg_1", datetime.now(zone), PAYLOAD, [SECRET])
    assert Webhook(SECRET).verify(PAYLOAD, headers)


@pytest.mark.parametrize("zone", ZONES)
def test_the_signature_is_the_specifications(zone: timezone) -> None:
    """HMAC-SHA256 of id, seconds and bytes, joined by dots, in base64 behind v1."""
    at = datetime(2026, 3, 1, 12, 0, 0, 900_000, tzinfo=UTC).astimezone(zone)
    headers = signed_headers("msg_1", at, PAYLOAD, [SECRET])
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    mac = hmac.new(key, b"msg_1.1772366400." + PAYLOAD, hashlib.sha256).digest()
    assert headers == {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1772366400",
        "webhook-signature": "v1," + base64.b64encode(mac).decode(),
    }


def test_each_secret_signs_while_one_is_rotated() -> None:
    """Receivers with the old secret and with the new one both accept."""
    headers = signed_headers("msg_1", datetime.now(UTC), PAYLOAD, [OTHER, SECRET])
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (SECRET, OTHER):
        assert Webhook(secret).verify(PAYLOAD, headers)


def test_other_bytes_do_not_verify() -> None:
    """One byte more, and the signature is not for it."""
    headers = signed_headers("msg_1", datetime.now(UTC), PAYLOAD, [SECRET])
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(PAYLOAD + b" ", headers)
