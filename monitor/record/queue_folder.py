"""The embedded queue server's folder: noticed when it is deleted or replaced under who is connected.

The server does not notice. Where its users are killed after that it would run for ever, as nobody who comes
later finds it; and those who are connected would enqueue into it what newcomers look for in another.
"""

import fcntl
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import redis
import structlog

log = structlog.get_logger(__name__)

_Identity = tuple[int, int]  # device and inode

# By address; a fork knows what its parent knew.
_folders: dict[str, tuple[Path, _Identity | None]] = {}


def enter(url: str, folder: Path) -> None:
    """Begin to look at a server's folder."""
    _folders[url] = folder, _identity(folder)


def heed(url: str, client: redis.Redis) -> None:
    """Where the folder is gone, or is another, end the server of the one before; what uses it fails then.

    Whoever is connected can: once the others are cut off, they find the new folder's server, or none.
    """
    if url not in _folders:
        return
    folder, before = _folders[url]
    now = _identity(folder)
    if now == before:
        return
    with suppress(redis.RedisError, OSError, ValueError):  # it does not run, or runs no more
        if _end(client, folder):
            log.warning("the queue server's folder was deleted; the server is ended", folder=str(folder))
    _folders[url] = folder, now


def _identity(folder: Path) -> _Identity | None:
    with suppress(OSError):
        found = folder.stat()
        return found.st_dev, found.st_ino
    return None


def _end(client: redis.Redis, folder: Path) -> bool:
    """Kill the server that this client is connected to, unless it is the folder's own; whether it was killed.

    Asked to shut down, it would delete the socket by its path, which may be its follower's by then.
    """
    said: Any = client.info("server")
    pid = int(said["process_id"])
    if pid == _server_of(folder) or not _is_server(pid):
        return False
    os.kill(pid, signal.SIGKILL)
    return True


def _is_server(pid: int) -> bool:
    """Whether that is its number here: in another container it may be anybody's."""
    if not Path("/proc/self/exe").exists():
        return True
    return "valkey-server" in str(Path(f"/proc/{pid}/exe").readlink())


def _server_of(folder: Path) -> int | None:
    """The process id of the server that runs there, holding its lock; a copy's files alone say nothing."""
    try:
        with (folder / "server.lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return int((folder / "queue.pid").read_text())
    except FileNotFoundError:
        pass
    return None
