"""Worker processes for tests: one queue each, of the embedded server below a home or of an address."""

import subprocess
from contextlib import AbstractContextManager
from pathlib import Path

from tests.fakes import processes

_CODE = """
import logging, sys
import structlog
from pathlib import Path
from monitor.record.queue.client import Queue, queue_server
from monitor.record.store.store import Store
from tests.fakes import jobs
from workers.queue import rq_job, rq_worker, work_loop
from workers.configuration import Configuration
from workers.context import Context

home, queue_name, burst, redis_url = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "True", sys.argv[4]
rq_job.ALLOWED |= jobs.PATHS
rq_worker.WORKER_TTL = 15 + int(sys.argv[5])
logging.basicConfig(level="WARNING", filename=home / "worker.log", format="%(levelname)s %(message)s")
structlog.configure(
    processors=[structlog.processors.LogfmtRenderer(key_order=["event"])],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
)
with queue_server(redis_url, home) as url, Queue(url) as queue:
    store = Store(f"sqlite:///{home / 'recwatch.sqlite3'}")
    print("ready", flush=True)
    work_loop.work(Context(Configuration(), home, store, queue), queue_name, burst)
"""


def running(
    home: Path,
    queue_name: str = "changes",
    *,
    burst: bool = False,
    redis_url: str = "",
    looks_around: int = 5,
) -> "AbstractContextManager[subprocess.Popen[str]]":
    """A worker process, killed at the end; it prints `ready` just before it works, logs to a file.

    `looks_around`: how often one that is idle does so, in seconds.
    """
    return processes.running(_CODE, home, queue_name, burst, redis_url, looks_around)


def log(home: Path) -> str:
    """What workers of this home have logged, warnings and worse."""
    path = home / "worker.log"
    return path.read_text(encoding="utf-8") if path.exists() else ""
