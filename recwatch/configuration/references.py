"""Resolves ${NAME} and ${file:PATH} in a configuration."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recwatch.configuration.locating import Path as Key

_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass
class Resolved:
    """A document with its references resolved.

    `missing`: by key, what to do about an unresolved reference, whose text is left as it was.
    `secrets`: resolved values and their references, for masking.
    """

    document: dict[str, Any]
    missing: dict[Key, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)


def resolve(document: dict[str, Any], base: Path, environment: Mapping[str, str] | None = None) -> Resolved:
    """Replace every reference in every text of the document; files are relative to `base`."""
    resolved = Resolved({})
    replacing = _Replacing(resolved, base, os.environ if environment is None else environment)
    resolved.document = {key: replacing.walk(value, (key,)) for key, value in document.items()}
    return resolved


@dataclass
class _Replacing:
    resolved: Resolved
    base: Path
    environment: Mapping[str, str]

    def walk(self, value: Any, path: Key) -> Any:
        if isinstance(value, dict):
            return {key: self.walk(inner, (*path, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.walk(inner, (*path, index)) for index, inner in enumerate(value)]
        if isinstance(value, str) and "${" in value:
            return _REFERENCE.sub(lambda match: self.replace(match, path), value)
        return value

    def replace(self, match: re.Match[str], path: Key) -> str:
        try:
            found = self.look_up(match[1])
        except LookupError as error:
            self.resolved.missing[path] = str(error.args[0])
            return match[0]
        if found:
            self.resolved.secrets[found] = match[0]
        return found

    def look_up(self, reference: str) -> str:
        if reference.startswith("file:"):
            return self.read(reference.removeprefix("file:"))
        if not _NAME.fullmatch(reference):
            raise LookupError(f"${{{reference}}} cannot be read; write ${{NAME}} or ${{file:PATH}}")
        if reference not in self.environment:
            raise LookupError(
                f"${{{reference}}} is not set; set it in the environment, or use ${{file:PATH}}"
            )
        return self.environment[reference]

    def read(self, name: str) -> str:
        path = self.base / Path(name).expanduser()
        try:
            # Editors end a file with a newline; no secret does.
            return path.read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            raise LookupError(f"the file {path} cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise LookupError(f"the file {path} is not text in UTF-8") from None
