"""The queue: jobs that carry ids alone. What is due is in the store; the queue only wakes its workers.

A job is named by its dotted path, so that the code that enqueues need not import the code that works. Jobs
that are lost here are found again in the store; `epoch` is how a lost or flushed server is noticed.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote, urlsplit

import redis
from redis.backoff import ExponentialBackoff
from redis.client import PubSub
from redis.retry import Retry

from monitor.record.ids import new_id
from monitor.record.queue.errors import QueueError
from monitor.record.queue.server import queue_server, revive

if TYPE_CHECKING:
    import rq

__all__ = ["Queue", "QueueError", "queue_server"]

JOB_TIMEOUT = 600  # seconds; a job of deliveries ends by itself long before
_RESULT_TTL = 60  # seconds
_FAILURE_TTL = 600  # seconds: long enough to look, short enough that nothing piles up
_RETRIES = 3  # an abandoned job is run again only while it has some left
_EPOCH = "recwatch:epoch"
_WAKE = "recwatch:wake"


class Queue:
    """A connection to the queue server at an address that `queue_server` gave.

    Every method raises QueueError where the server cannot be used; an embedded server that was
    killed is started again on the way, so that the next call finds it.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        # Short retries bridge a restart; callers wait out anything longer.
        retry = Retry(ExponentialBackoff(cap=0.2, base=0.02), 3)
        # Over a network, an idle connection that died would otherwise go unnoticed.
        network = {} if self._is_local else {"socket_keepalive": True}
        self.connection: redis.Redis = redis.Redis.from_url(
            url, socket_connect_timeout=5, socket_timeout=20, retry=retry, **network
        )
        self._listening: PubSub | None = None
        self._listener = 0

    @property
    def _is_local(self) -> bool:
        return urlsplit(self.url).scheme == "unix"

    @property
    def where(self) -> str:
        """The address without its password, for messages."""
        parts = urlsplit(self.url)
        return unquote(parts.path) if self._is_local else f"{parts.hostname}:{parts.port or 6379}"

    def ping(self) -> None:
        """Raise QueueError unless the server answers."""
        with self._wrapped():
            self.connection.ping()

    def evicts(self) -> str | None:
        """The policy by which the server evicts keys when its memory is full; None where it evicts none."""
        with self._wrapped():
            memory: Any = self.connection.info("memory")
        policy = str(memory.get("maxmemory_policy", "noeviction"))
        return policy if memory.get("maxmemory") and policy != "noeviction" else None

    def enqueue(self, queue_name: str, dotted_path: str, *args: int | str, ttl: int | None = None) -> None:
        """Enqueue a job: a function by its dotted path, and its arguments.

        `ttl`: seconds after which a job that no worker took is dropped; None: never.
        """
        from rq import Retry as Again

        with self._wrapped():
            self._rq_queue(queue_name).enqueue_call(
                dotted_path,
                args=args,
                # A new id each time: RQ would run one id twice; the claim in the store makes the work unique.
                job_id=new_id("job"),
                timeout=JOB_TIMEOUT,
                result_ttl=_RESULT_TTL,
                failure_ttl=_FAILURE_TTL,
                ttl=ttl,
                retry=Again(max=_RETRIES),
                description=dotted_path,
            )

    def depth(self, queue_name: str) -> int:
        """How many jobs wait in a queue, without those in progress."""
        with self._wrapped():
            return int(self._rq_queue(queue_name).count)

    def epoch(self) -> str:
        """The random mark in this server's memory, made if absent.

        Where it differs from the last one, everything enqueued before may be lost.
        """
        with self._wrapped():
            self.connection.set(_EPOCH, new_id("epoch"), nx=True)
            value = self.connection.get(_EPOCH)
        if not isinstance(value, bytes):
            raise QueueError(f"the queue server at {self.where} keeps nothing")
        return value.decode()

    def begin_epoch(self) -> str:
        """Declare everything enqueued so far as lost: the next dispatch enqueues it again."""
        with self._wrapped():
            value = new_id("epoch")
            self.connection.set(_EPOCH, value)
        return value

    def wake(self) -> None:
        """Make every dispatcher check the store now."""
        with self._wrapped():
            self.connection.publish(_WAKE, b"")

    def wait(self, seconds: float) -> bool:
        """Wait for `wake`: True as soon as it is called, False after so many seconds.

        The first call, and the first after a fork, returns True at once: a wake from before may have been
        missed. Wakes between two calls are kept.
        """
        with self._wrapped():
            if self._listening is None or self._listener != os.getpid():
                self._listen()
                return True
            return self._woken(self._listening, seconds)

    def _rq_queue(self, queue_name: str) -> "rq.Queue":
        import rq
        from rq.serializers import JSONSerializer

        # JSON: with pickle, whoever can write to the server could run code here.
        return rq.Queue(queue_name, connection=self.connection, serializer=JSONSerializer)

    def _listen(self) -> None:
        self._unlisten()
        listening = self.connection.pubsub()  # type: ignore[no-untyped-call]
        listening.subscribe(_WAKE)
        # The server confirms the subscription: from here on no wake is missed.
        listening.get_message(timeout=5)
        self._listening, self._listener = listening, os.getpid()

    def _woken(self, listening: PubSub, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        message = None
        while message is None and (left := deadline - time.monotonic()) > 0:
            message = listening.get_message(timeout=left)
        if message is None:
            return False
        # Any message counts, also a resubscription after a lost connection; many wakes count as one.
        while listening.get_message(timeout=0) is not None:
            pass
        return True

    def _unlisten(self) -> None:
        listening, self._listening = self._listening, None
        # A forked child must not use its parent's connection, not even to close it.
        if listening is not None and self._listener == os.getpid():
            with suppress(redis.RedisError, OSError):
                listening.close()

    @contextmanager
    def _wrapped(self) -> Iterator[None]:
        try:
            yield
        except redis.RedisError as error:
            if isinstance(error, redis.ConnectionError):
                revive(self.url)
            raise QueueError(f"the queue server at {self.where} cannot be used: {error}") from error

    def close(self) -> None:
        """Close all connections."""
        self._unlisten()
        with suppress(redis.RedisError, OSError):
            self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
