"""The effective configuration as TOML, secrets masked."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr

_MASK = "********"
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def written_out(model: BaseModel, references: Mapping[str, str]) -> str:
    """The whole configuration as TOML. What came from a reference is shown as that reference."""
    plain = model.model_dump(mode="json", by_alias=True)
    masked = _masked(plain, model, references)
    return "\n".join(_tables(masked, ())).strip() + "\n"


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
    """What a reference brought in is masked wherever it stands, and a password inside an address too."""
    for secret, reference in references.items():
        if len(secret) > 3:
            text = text.replace(secret, reference)
    parts = urlsplit(text) if "://" in text else None
    if parts is not None and parts.password:
        host = parts.netloc.rpartition("@")[2]
        return parts._replace(netloc=f"{parts.username}:{_MASK}@{host}").geturl()
    return text


def _tables(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    """The lines of a table: its values first, then the tables inside it."""
    for key, value in table.items():
        if value is not None and not _is_table(value):
            yield f"{_key(key)} = {_value(value)}"
    for key, value in table.items():
        if isinstance(value, dict):
            yield f"\n[{'.'.join(map(_key, (*path, key)))}]"
            yield from _tables(value, (*path, key))
        elif _is_table(value):
            for each in value:
                yield f"\n[[{'.'.join(map(_key, (*path, key)))}]]"
                yield from _tables(each, (*path, key))


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else json.dumps(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)
