"""A PostgreSQL server of the tests' own, on a Unix socket in a temporary folder."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PLACES = ("/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt", "/usr/local/opt")


def find_binaries() -> Path | None:
    """The folder with initdb and postgres, from the PATH or where packages put them; None where absent."""
    found = shutil.which("initdb")
    if found and shutil.which("postgres", path=str(Path(found).resolve().parent)):
        return Path(found).resolve().parent
    for place in _PLACES:
        for initdb in sorted(Path(place).glob("*/bin/initdb"), reverse=True):
            return initdb.parent
    return None


class Server:
    """A server in `folder` that can be stopped and started; `address` has {} where a database's name goes."""

    def __init__(self, folder: Path) -> None:
        binaries = find_binaries()
        assert binaries is not None
        self.address = f"postgresql+psycopg://recwatch@/{{}}?host={folder}"
        self._folder = folder
        self._user = "nobody" if os.geteuid() == 0 else None  # postgres refuses to run as root
        if self._user:
            account = pwd.getpwnam(self._user)
            os.chown(folder, account.pw_uid, account.pw_gid)
        data = folder / "data"
        initdb = [binaries / "initdb", "-D", data, "-U", "recwatch", "-A", "trust", "--no-sync"]
        self._run([*initdb, "-E", "UTF8", "--locale=C"])
        self._control = [binaries / "pg_ctl", "-D", data, "-l", folder / "log", "-w"]

    def start(self) -> None:
        """Start it, and wait until it answers."""
        folder = f"-c unix_socket_directories={self._folder}"
        options = f"-c listen_addresses='' {folder} -c fsync=off -c max_connections=200"
        self._run([*self._control, "-o", options, "start"])

    def stop(self) -> None:
        """Stop it, whoever is connected."""
        self._run([*self._control, "-m", "immediate", "stop"])

    def _run(self, command: list[object]) -> None:
        arguments = [str(word) for word in command]
        subprocess.run(arguments, check=True, user=self._user, cwd=self._folder, stdout=subprocess.DEVNULL)


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Start a server in `folder` and give its address, with {} where a database's name goes."""
    server = Server(folder)
    server.start()
    try:
        yield server.address
    finally:
        server.stop()
