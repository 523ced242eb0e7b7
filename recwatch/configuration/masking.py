"""The effective configuration as TOML, and the secrets in it, which are masked wherever they are shown."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import tomli_w
from pydantic import BaseModel, SecretStr

from monitor.record.masking import MASK, masked_url

_SHORTEST = 4  # characters; shorter values are masked where they are written, not in other texts
_SECRET_PATHS = ("heartbeat_url", "webhook_url")  # whoever knows the path may post
_URLS = (*_SECRET_PATHS, "url", "proxy", "report_url", "api_url", "smtp_url", "redis_url", "base_url")


def written_out(model: BaseModel, references: Mapping[str, str]) -> str:
    """The whole configuration as TOML, secrets masked. A resolved value is shown as its reference."""
    return tomli_w.dumps(_table(model, references))


def secrets_of(model: BaseModel, references: Mapping[str, str]) -> dict[str, str]:
    """Every secret in the configuration, with what is shown instead."""
    found: dict[str, str] = {}
    for owner, name, value in _values(model):
        text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        if not isinstance(value, SecretStr) and name not in _URLS:
            continue
        shown = _masked(owner, name, value, references)
        if shown != text:
            found[text] = shown
            found |= {secret: reference for secret, reference in references.items() if secret in text}
            found |= dict.fromkeys(_inside(text), MASK) if "://" in text else {}
    return {secret: shown for secret, shown in found.items() if len(secret) >= _SHORTEST}


def _inside(url: str) -> Iterator[str]:
    """What is secret of an address by itself: errors may name it without the rest."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return
    if parts.password:
        yield from {parts.password, unquote(parts.password)}
    yield from (value for name, value in parse_qsl(parts.query) if "pass" in name.lower() or len(value) >= 16)


def _values(model: BaseModel) -> Iterator[tuple[BaseModel, str, Any]]:
    """Every text and secret of the model, with its table and key."""
    for name in type(model).model_fields:
        value = getattr(model, name)
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, BaseModel):
                yield from _values(each)
            elif isinstance(each, (str, SecretStr)):
                yield model, name, each


def _table(model: BaseModel, references: Mapping[str, str]) -> dict[str, Any]:
    """The model as plain values; keys without a value are left out, since TOML has no null."""
    dumped = model.model_dump(mode="json", by_alias=True)
    by_key = {field.alias or name: name for name, field in type(model).model_fields.items()}
    written = {}
    for key, plain in dumped.items():
        if plain is not None:
            value = getattr(model, by_key[key])
            written[key] = _written(model, key, value, plain, references)
    return written


def _written(model: BaseModel, key: str, value: Any, plain: Any, references: Mapping[str, str]) -> Any:
    if isinstance(value, BaseModel) and isinstance(plain, dict):
        return _table(value, references)
    if isinstance(value, tuple):
        pairs = zip(value, plain, strict=True)
        return [_written(model, key, one, each, references) for one, each in pairs]
    return _masked(model, key, value if isinstance(value, (str, SecretStr)) else plain, references)


def _masked(model: BaseModel, key: str, value: Any, references: Mapping[str, str]) -> Any:
    """One value as it may be shown."""
    if isinstance(value, SecretStr):
        secret = value.get_secret_value()
        if secret in references:
            return references[secret]
        return MASK if secret else ""
    if not isinstance(value, str):
        return value
    if value in references:
        return references[value]
    for secret, reference in references.items():
        if len(secret) >= _SHORTEST:
            value = value.replace(secret, reference)
    if key not in _URLS or "://" not in value:
        return value
    # The path of a source is public; that of a webhook is often all that keeps strangers out.
    is_webhook = key == "url" and getattr(model, "channel", "") == "webhook"
    return masked_url(value, path=is_webhook or key in _SECRET_PATHS)
