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


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Start a server in `folder` and give its address, with {} where a database's name goes."""
    binaries = find_binaries()
    assert binaries is not None
    user = "nobody" if os.geteuid() == 0 else None  # postgres refuses to run as root
    if user:
        account = pwd.getpwnam(user)
        os.chown(folder, account.pw_uid, account.pw_gid)
    data = folder / "data"

    def run(command: list[object]) -> None:
        arguments = [str(word) for word in command]
        subprocess.run(arguments, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)

    initdb = [binaries / "initdb", "-D", data, "-U", "recwatch", "-A", "trust", "--no-sync"]
    run([*initdb, "-E", "UTF8", "--locale=C"])
    options = (
        f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c max_connections=200"
    )
    control = [binaries / "pg_ctl", "-D", data, "-l", folder / "log", "-w"]
    run([*control, "-o", options, "start"])
    try:
        yield f"postgresql+psycopg://recwatch@/{{}}?host={folder}"
    finally:
        run([*control, "-m", "immediate", "stop"])
