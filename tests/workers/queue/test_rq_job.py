"""Invariant 7: whoever can write to the queue server runs nothing but the product's own jobs."""

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rq
from rq.serializers import JSONSerializer
from structlog.testing import capture_logs

from monitor.record.queue.client import Queue, queue_server
from monitor.record.store.store import Store
from tests.fakes import jobs
from workers import context as contexts
from workers.configuration import Configuration
from workers.context import Context
from workers.queue import work_loop

NOTE = "tests.fakes.jobs.note"


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    with queue_server("", tmp_path) as url, Queue(url) as opened:
        yield opened


@pytest.fixture
def context(tmp_path: Path, queue: Queue, store: Store) -> Context:
    contexts.install(lambda: Context(Configuration(), tmp_path, Store(str(store.url)), Queue(queue.url)))
    return Context(Configuration(), tmp_path, store, queue)


def foreign(queue: Queue, path: str, *args: Any, **more: Any) -> rq.job.Job:
    """What somebody else puts into a queue."""
    line = rq.Queue("changes", connection=queue.connection, serializer=JSONSerializer)
    return line.enqueue_call(path, args=args, **more)


@pytest.mark.parametrize(
    "path",
    [NOTE, "os.system", "subprocess.call", "workers.queue.jobs.fan_out", "workers.queue.jobs.log.error"],
)
def test_a_function_of_somebody_else_is_not_run(
    context: Context, queue: Queue, tmp_path: Path, path: str
) -> None:
    """Neither imported nor called, and not tried again; what comes after it is worked on."""
    out = tmp_path / "out.txt"
    words = (str(out), "run") if path == NOTE else (f"touch {out}",)
    job = foreign(queue, path, *words, retry=rq.Retry(max=99))
    with capture_logs():
        work_loop.work(context, "changes", burst=True)
    assert not out.exists()
    assert (queue.depth("changes"), job.get_status(refresh=True)) == (0, "failed")


@pytest.mark.parametrize("end", ["on_success", "on_failure", "on_stopped"])
def test_callbacks_are_ignored(context: Context, queue: Queue, tmp_path: Path, end: str) -> None:
    """A job of the product with a callback runs without it, however it ends."""
    out = tmp_path / "out.txt"
    callback = rq.Callback(NOTE)
    for row in (1, "not a row"):  # one that succeeds, one that fails
        foreign(queue, "workers.queue.jobs.describe", row, **{end: callback})
    work_loop.work(context, "changes", burst=True)
    assert jobs.words(out) == []
    assert queue.depth("changes") == 0


def test_an_objects_method_is_not_called(context: Context, queue: Queue) -> None:
    """A path of the list with an object before it is another function; so is one with named arguments."""
    for instance, named in (["/etc", {}], [None, {"outbox_id": 1}]):
        job = foreign(queue, "workers.queue.jobs.describe", 1)
        data = json.dumps(["workers.queue.jobs.describe", instance, [1], named]).encode()
        queue.connection.hset(job.key, "data", zlib.compress(data))
        work_loop.work(context, "changes", burst=True)
        assert job.get_status(refresh=True) == "failed"
