"""Logs: to standard error, for people on a terminal, key=value elsewhere."""

import logging
import sys
from typing import Any

from recwatch.lean import lean

with lean():
    import structlog


def configure(*, verbose: bool = False) -> None:
    """Send everything that is logged to standard error, in one manner; call once a process."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if _is_terminal() else "iso", utc=not _is_terminal()),
    ]
    level = logging.DEBUG if verbose else logging.INFO
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
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
    # What libraries say at INFO is theirs: a line a request, a line a migration, a line a job.
    for noisy in ("alembic", "httpx", "httpcore", "rq", "aiohttp", "asyncio", "slack_sdk"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _is_terminal() -> bool:
    return sys.stderr.isatty()


def _rendering() -> list[Any]:
    if _is_terminal():
        return [structlog.dev.ConsoleRenderer(colors=True, pad_event_to=0)]
    order = ["timestamp", "level", "event"]
    return [
        structlog.processors.format_exc_info,
        structlog.processors.LogfmtRenderer(key_order=order, bool_as_flag=False),
    ]
