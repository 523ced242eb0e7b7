"""The effective configuration as TOML, secrets masked."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import tomli_w
from pydantic import BaseModel, SecretStr

_MASK = "********"


def written_out(model: BaseModel, references: Mapping[str, str]) -> str:
    """The whole configuration as TOML. A resolved value is shown as its reference."""
    plain = model.model_dump(mode="json", by_alias=True)
    return tomli_w.dumps(_without_none(_masked(plain, model, references)))


def _masked(value: Any, model: Any, references: Mapping[str, str]) -> Any:
    """The dumped value with every secret replaced; `model` is what it was dumped from."""
    if isinstance(model, SecretStr):
        return _mask(model.get_secret_value(), references)
    if isinstance(value, dict):
        return {key: _masked(inner, _inside(model, key), references) for key, inner in value.items()}
    if isinstance(value, list):
        models = model if isinstance(model, (list, tuple)) else [None] * len(value)
        return [_masked(inner, one, references) for inner, one in zip(value, models, strict=False)]
    return _without_password(value, references) if isinstance(value, str) else value


def _inside(model: Any, key: str) -> Any:
    if not isinstance(model, BaseModel):
        return None
    by_alias = {field.alias: name for name, field in type(model).model_fields.items() if field.alias}
    return getattr(model, by_alias.get(key, key), None)


def _mask(secret: str, references: Mapping[str, str]) -> str:
    if secret in references:
        return references[secret]
    return _MASK if secret else ""


def _without_password(text: str, references: Mapping[str, str]) -> str:
    """Mask resolved references wherever they occur, and the password of an address."""
    for secret, reference in references.items():
        if len(secret) > 3:
            text = text.replace(secret, reference)
    parts = urlsplit(text) if "://" in text else None
    if parts is not None and parts.password:
        host = parts.netloc.rpartition("@")[2]
        return parts._replace(netloc=f"{parts.username}:{_MASK}@{host}").geturl()
    return text


def _without_none(value: Any) -> Any:
    """TOML has no null: a key without a value is left out."""
    if isinstance(value, dict):
        return {key: _without_none(inner) for key, inner in value.items() if inner is not None}
    return [_without_none(each) for each in value] if isinstance(value, list) else value
