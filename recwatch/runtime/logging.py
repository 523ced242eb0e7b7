"""Logs: to standard error, for people on a terminal, key=value elsewhere."""

import logging
import sys
from contextlib import suppress
from pathlib import PurePath
from typing import Any

from monitor.record.inert import inert_log
from monitor.record.masking import masked
from recwatch.runtime.imports import without_optional

with without_optional():
    import structlog


def configure(*, verbose: bool = False) -> None:
    """Send all logs to standard error in one format; call once a process."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if _is_terminal() else "iso", utc=not _is_terminal()),
    ]
    level = logging.DEBUG if verbose else logging.INFO
    # Written directly: through the standard library a line costs three times as much.
    structlog.configure(
        processors=[*shared, *_rendering()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_Lines,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering()],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # Their INFO is a line a request, a migration or a job.
    for noisy in ("alembic", "httpx", "httpcore", "rq", "aiohttp", "asyncio", "slack_sdk"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


class _Lines:
    """Writes each line whole and at once, without a lock that a fork might leave held."""

    def __init__(self, *_: Any) -> None:
        """Take and ignore the logger's name."""

    def msg(self, line: str) -> None:
        """Write one line to the present standard error; a closed one is no reason to fail."""
        with suppress(OSError, ValueError):
            sys.stderr.write(f"{line}\n")

    debug = info = warning = error = critical = exception = msg


def _is_terminal() -> bool:
    return sys.stderr.isatty()


def _rendering() -> list[Any]:
    if _is_terminal():
        return [
            structlog.processors.format_exc_info,
            _harmless,
            structlog.dev.ConsoleRenderer(colors=True, pad_event_to=0),
        ]
    order = ["timestamp", "level", "event"]
    return [
        structlog.processors.format_exc_info,
        _harmless,
        structlog.processors.LogfmtRenderer(key_order=order, bool_as_flag=False),
    ]


def _harmless(_logger: Any, _name: str, fields: Any) -> Any:
    """Mask secrets and escape control characters: fields hold text from sites, file names and errors."""
    for key, value in fields.items():
        if isinstance(value, (str, PurePath, BaseException)) and key != "exc_info":
            fields[key] = inert_log(masked(str(value)))
    return fields
