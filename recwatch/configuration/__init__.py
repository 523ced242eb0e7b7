"""Loads the configuration file: finds it, resolves references, reports every mistake at once."""

import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from monitor.record.masking import know
from recwatch.configuration.checking import Checker, plain_path, written
from recwatch.configuration.errors import ConfigError, Mistake
from recwatch.configuration.finding import ConfigurationPaths, find, packaged
from recwatch.configuration.locating import Path as Key
from recwatch.configuration.locating import locate
from recwatch.configuration.masking import secrets_of
from recwatch.configuration.references import Resolved, resolve
from workers.configuration import Configuration

__all__ = ["ConfigError", "ConfigurationPaths", "Loaded", "Mistake", "find", "load", "packaged"]


NO_CONTACT = "http.contact is empty: a site's owner cannot write to you; put an address of yours there"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A valid configuration and where it is from.

    Paths of sources are absolute. `document` is the file's content, references resolved. `missing` has the
    keys with unresolved references and what to do about each; empty where secrets were asked for.
    """

    configuration: Configuration
    path: Path
    home: Path
    document: dict[str, Any]
    secrets: dict[str, str]
    missing: dict[str, str]
    warnings: tuple[str, ...] = ()
    text: str = ""

    def require(self, key: str) -> None:
        """ConfigError where this key's reference is unresolved: using its default instead would be wrong."""
        if key in self.missing:
            raise ConfigError([Mistake(str(self.path), None, key, self.missing[key])])


def load(config: Path | None, home: Path | None, *, secrets: bool, text: str | None = None) -> Loaded:
    """Load the configuration; ConfigError lists everything that is wrong with it.

    `secrets`: an unresolved reference is a mistake. Otherwise what depends on it is left out: its
    subscription, its source, or the key alone. `text`: this, instead of what the file holds now.
    """
    paths = find(config, home)
    text = _read(paths.path) if text is None else text
    resolved = resolve(_parse(paths.path, text), paths.path.resolve().parent)
    configuration = _validated(resolved)
    if configuration is None and resolved.missing and not secrets:
        configuration = _validated(_without_missing(resolved))
    if configuration is None or (secrets and resolved.missing):
        checker = Checker(Configuration, resolved, _named(paths.path), locate(text))
        mistakes = checker.mistakes(forgive_missing=not secrets)
        raise ConfigError(mistakes or [Mistake(_named(paths.path), None, "", "is not valid")])
    know(secrets_of(configuration, resolved.secrets))
    return Loaded(
        _rooted(configuration, paths.base),
        paths.path.absolute(),
        paths.home,
        resolved.document,
        resolved.secrets,
        {written(key): message for key, message in resolved.missing.items()},
        tuple(_warnings(configuration)),
        text,
    )


def _validated(resolved: Resolved) -> Configuration | None:
    try:
        return Configuration.model_validate(resolved.document)
    except ValidationError:
        return None


def _named(path: Path) -> str:
    """The file's path, relative where it is below the working directory."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError([Mistake(_named(path), None, "", f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise ConfigError([Mistake(_named(path), line, "", "is not UTF-8; save it as UTF-8")]) from None


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([_syntax(path, text, str(error))]) from None


def _syntax(path: Path, text: str, message: str) -> Mistake:
    """Split tomllib's `… (at line 3, column 5)`."""
    what, _, position = message.partition(" (at ")
    words = position.rstrip(")").replace(",", "").split()
    line = int(words[1]) if words[:1] == ["line"] else text.count("\n") + 1
    where = f" (column {words[3]})" if words[:1] == ["line"] else " (the file ends too early)"
    return Mistake(_named(path), line, "", f"is not valid TOML here: {what[:1].lower()}{what[1:]}{where}")


def _without_missing(resolved: Resolved) -> Resolved:
    """Leave out what the model refuses because of an unresolved reference."""
    bad = [path for path in resolved.missing if path[:2] in _refused(resolved.document)]
    document = {key: value for key, value in resolved.document.items() if (key,) not in bad}
    for name, value in document.items():
        if isinstance(value, list):
            kept = [table for index, table in enumerate(value) if not _depends((name, index), bad)]
            document[name] = kept
        elif isinstance(value, dict):
            document[name] = {key: inner for key, inner in value.items() if not _depends((name, key), bad)}
    if _depends(("operators",), bad):
        del document["operators"]
    return Resolved(document, {}, resolved.secrets)


def _refused(document: dict[str, Any]) -> set[Key]:
    """The tables and keys of tables in which the model finds something wrong."""
    try:
        Configuration.model_validate(document)
    except ValidationError as error:
        places = {plain_path(document, each) for each in error.errors(include_url=False)}
        return {place[:2] for place in places}
    return set()


def _depends(path: Key, missing: list[Key]) -> bool:
    return any(key[: len(path)] == path for key in missing)


def _rooted(configuration: Configuration, base: Path) -> Configuration:
    """Make the paths of sources absolute; a slash at the end, which means a folder, stays."""
    sources = tuple(
        source.model_copy(update={"path": os.path.join(base, os.path.expanduser(source.path))})  # noqa: PTH111, PTH118
        if source.path
        else source
        for source in configuration.sources
    )
    http = configuration.http
    if http.ca_file:
        http = http.model_copy(update={"ca_file": str(base / Path(http.ca_file).expanduser())})
    return configuration.model_copy(update={"sources": sources, "http": http})


def _warnings(configuration: Configuration) -> Iterator[str]:
    known = sorted(source.id for source in configuration.sources)
    if not known:
        yield "no [[sources]]: nothing is watched"
    if any(source.url for source in configuration.sources) and not configuration.http.contact:
        yield NO_CONTACT
    yield from _unsendable(configuration)
    for index, subscription in enumerate(configuration.subscriptions):
        for name in subscription.match.sources:
            if name not in known:
                yield (
                    f'subscriptions[{index}].match.sources: no source has the id "{name}"; '
                    f"known: {', '.join(known) or 'none'}"
                )


def _unsendable(configuration: Configuration) -> Iterator[str]:
    everyone = (*configuration.subscriptions, configuration.operators.subscription)
    by_mail = [each.id for each in everyone if each.channel == "email"]
    email = configuration.email
    needed = {"email.smtp_url": email.smtp_url.get_secret_value(), "email.from": email.sender}
    if by_mail and not all(needed.values()):
        missing = " and ".join(key for key, value in needed.items() if not value)
        yield f"{missing}: empty; what goes by email ({', '.join(by_mail)}) cannot be sent"
