"""Finds the configuration file and the home."""

import os
from dataclasses import dataclass
from pathlib import Path

from recwatch.configuration.errors import ConfigError, Mistake

NAME = "recwatch.toml"
_HERE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class ConfigurationPaths:
    """The configuration file, the home, and the folder to which sources' paths are relative."""

    path: Path
    home: Path
    base: Path


def packaged() -> Path:
    """The default configuration: beside the package in a checkout, inside it in a wheel."""
    checkout = _HERE.parent / "config" / NAME
    return checkout if checkout.exists() else _HERE / "config" / NAME


def find(config: Path | None, home: Path | None) -> ConfigurationPaths:
    """Find both: by option, environment, working directory or package, in this order.

    A named file that does not exist is a ConfigError: another one would be a surprise.
    """
    path = _configuration(config)
    is_packaged = path.resolve() == packaged().resolve() and config is None
    beside = Path.cwd() if is_packaged else path.resolve().parent
    chosen = home or _from_environment("RECWATCH_HOME") or beside / "var"
    chosen = chosen.expanduser().absolute()
    return ConfigurationPaths(path, chosen, chosen if is_packaged else beside)


def _configuration(config: Path | None) -> Path:
    named = config or _from_environment("RECWATCH_CONFIG")
    if named is None:
        local = Path(NAME)
        return local if local.is_file() else packaged()
    named = named.expanduser()
    if not named.is_file():
        where = "--config" if config else "RECWATCH_CONFIG"
        what = "is a folder; name the file in it" if named.is_dir() else "does not exist"
        hint = "" if named.is_dir() else "; `recwatch init` writes one"
        raise ConfigError([Mistake(str(named), None, where, f"{what}{hint}")])
    return named


def _from_environment(name: str) -> Path | None:
    return Path(value) if (value := os.environ.get(name)) else None
