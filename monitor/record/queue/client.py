"""The queue: a wake-up that carries identifiers alone. What is due stands in the store.

A job is named by its dotted path, so that who enqueues need not know who works. Whatever is lost
here is found again in the store; `epoch` is how a lost or flushed server is noticed.
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
        # Short retries bridge a restart; anything longer is the caller's loop to wait out.
        retry = Retry(ExponentialBackoff(cap=0.2, base=0.02), 3)
        # Over a network, an idle connection that died silently would otherwise be noticed by nobody.
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
        """For people: the address without its password."""
        parts = urlsplit(self.url)
        return unquote(parts.path) if self._is_local else f"{parts.hostname}:{parts.port or 6379}"

    def ping(self) -> None:
        """Ask whether the server answers."""
        with self._wrapped():
            self.connection.ping()

    def evicts(self) -> str | None:
        """Give the policy by which the server throws keys away when it is full; None where it does not."""
        with self._wrapped():
            memory: Any = self.connection.info("memory")
        policy = str(memory.get("maxmemory_policy", "noeviction"))
        return policy if memory.get("maxmemory") and policy != "noeviction" else None

    def enqueue(self, queue_name: str, dotted_path: str, *args: int | str, ttl: int | None = None) -> None:
        """Put a job in line: a function by its dotted path, and the identifiers it is about.

        `ttl`: seconds after which a job that nobody took is forgotten; None: never.
        """
        from rq import Retry as Again

        with self._wrapped():
            self._line(queue_name).enqueue_call(
                dotted_path,
                args=args,
                # Fresh: the same id twice would run twice, and the claim in the store makes it once.
                job_id=new_id("job"),
                timeout=JOB_TIMEOUT,
                result_ttl=_RESULT_TTL,
                failure_ttl=_FAILURE_TTL,
                ttl=ttl,
                retry=Again(max=_RETRIES),
                description=dotted_path,
            )

    def depth(self, queue_name: str) -> int:
        """How many jobs wait in a queue, those being worked on not counted."""
        with self._wrapped():
            return int(self._line(queue_name).count)

    def epoch(self) -> str:
        """Give the random mark of this server's memory, made if absent.

        Where it is another than before, everything that was ever enqueued may be gone.
        """
        with self._wrapped():
            self.connection.set(_EPOCH, new_id("epoch"), nx=True)
            value = self.connection.get(_EPOCH)
        if not isinstance(value, bytes):
            raise QueueError(f"the queue server at {self.where} keeps nothing")
        return value.decode()

    def begin_epoch(self) -> str:
        """Declare everything enqueued so far as possibly lost: the next dispatch enqueues it again."""
        with self._wrapped():
            value = new_id("epoch")
            self.connection.set(_EPOCH, value)
        return value

    def wake(self) -> None:
        """Have every dispatcher look at once."""
        with self._wrapped():
            self.connection.publish(_WAKE, b"")

    def wait(self, seconds: float) -> bool:
        """Return True as soon as somebody wakes the dispatchers, False after the time is over.

        The first call, and the first after a fork, returns True at once: a wake from before may have
        been missed. Wakes between two calls are not.
        """
        with self._wrapped():
            if self._listening is None or self._listener != os.getpid():
                self._listen()
                return True
            return self._woken(self._listening, seconds)

    def _line(self, queue_name: str) -> "rq.Queue":
        import rq
        from rq.serializers import JSONSerializer

        # JSON: with pickle, whoever can write to the server could run code here.
        return rq.Queue(queue_name, connection=self.connection, serializer=JSONSerializer)

    def _listen(self) -> None:
        self._unlisten()
        listening = self.connection.pubsub()  # type: ignore[no-untyped-call]
        listening.subscribe(_WAKE)
        # The server's word that we are subscribed: from here on no wake is missed.
        listening.get_message(timeout=5)
        self._listening, self._listener = listening, os.getpid()

    def _woken(self, listening: PubSub, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        message = None
        while message is None and (left := deadline - time.monotonic()) > 0:
            message = listening.get_message(timeout=left)
        if message is None:
            return False
        # Anything counts, a new subscription after a lost connection too; and many wakes are one.
        while listening.get_message(timeout=0) is not None:
            pass
        return True

    def _unlisten(self) -> None:
        listening, self._listening = self._listening, None
        # A fork must not speak on its parent's connection, not even to say goodbye.
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
        """Let the connections go."""
        self._unlisten()
        with suppress(redis.RedisError, OSError):
            self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
