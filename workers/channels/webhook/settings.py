"""[[subscriptions]] with channel = "webhook"."""

import base64
import binascii
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, SecretStr, field_validator

from monitor.record.durations import Size
from monitor.record.settings import Digest, Subscription, WebAddress

SMALLEST_BODY = 1_000  # bytes: the ids, marks and hashes of any event fit, whatever its texts
_PREFIX = "whsec_"
_SHORTEST_KEY = 24  # bytes, as Standard Webhooks 1.0.0 asks for


def _checked(secret: SecretStr) -> SecretStr:
    """Refuse what receivers' libraries would read as another key, or as none."""
    text = secret.get_secret_value()
    if text.startswith("${"):
        return secret  # verbs that only read leave references unfilled
    if not text.startswith(_PREFIX):
        raise ValueError(f"a webhook secret begins with {_PREFIX}, then its key in base64")
    encoded = text.removeprefix(_PREFIX)
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"what follows {_PREFIX} is not base64") from None
    if not key:
        raise ValueError(f"nothing follows {_PREFIX}; the key in base64 belongs there")
    if len(key) < _SHORTEST_KEY:
        least = f"at least {_SHORTEST_KEY} bytes are needed; `recwatch secret` prints a new one"
        raise ValueError(f"the key is only {len(key)} bytes long: {least}")
    return secret


def _one_or_several(value: Any) -> Any:
    return (value,) if isinstance(value, str | SecretStr) else value


def _at_least_one(secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    if not secrets:
        raise ValueError(f"give at least one secret, {_PREFIX} and its key in base64")
    return secrets


def _shown(url: str) -> str:
    """The address for people: its host alone, since credentials, path and query may be secret."""
    parts = urlsplit(url)
    more = parts.path.strip("/") or parts.query or parts.fragment
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/{'…' if more else ''}"


Secret = Annotated[SecretStr, AfterValidator(_checked)]
Secrets = Annotated[
    tuple[Secret, ...],
    AfterValidator(_at_least_one),
    BeforeValidator(_one_or_several, json_schema_input_type=str | list[str]),
]
Address = Annotated[WebAddress, PlainSerializer(_shown)]


class WebhookSubscription(Subscription):
    """Posted to `url`, signed with each of `secret` (several while one is being rotated).

    `max_body` is bytes. One body holds one event, so a webhook has no digest.
    """

    channel: Literal["webhook"]
    url: Address
    secret: Secrets
    max_body: Annotated[Size, Field(ge=SMALLEST_BODY)] = 20_000

    @field_validator("digest")
    @classmethod
    def _one_event_a_body(cls, digest: Digest) -> Digest:
        if digest is not None:
            raise ValueError("a webhook gets each event as it comes; leave digest out, or use slack or email")
        return digest

    @property
    def address(self) -> str:
        """The url without what may be secret in it: its host."""
        return _shown(self.url)

    def signing_keys(self) -> tuple[str, ...]:
        """The secrets in clear, the first one first."""
        return tuple(secret.get_secret_value() for secret in self.secret)
