"""`python -m tests.chaos`: the storm in full, on SQLite and on PostgreSQL; prints what became of it.

SIZE and SEED in the environment say how many messages and which storm; DATABASE names one of the two.
"""

import os
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

from tests.chaos.run import FULL, Report, run
from tests.fakes import postgres

DATABASES = ("sqlite", "postgresql")


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """An empty database's address; empty for SQLite below the home."""
    if kind == "sqlite":
        yield ""
        return
    (folder / "postgres").mkdir()
    with postgres.running(folder / "postgres") as address:
        engine = create_engine(address.format("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("CREATE DATABASE chaos"))
        engine.dispose()
        yield address.format("chaos")


def table(report: Report) -> str:
    """What is printed of a run."""
    verdict = report.verdict
    rows = {
        "database": f"{report.database} (seed {report.seed})",
        "messages": ", ".join(f"{channel} {number}" for channel, number in report.messages.items()),
        "states": ", ".join(f"{number} {state}" for state, number in report.states.items()),
        "kills": ", ".join(f"{what} {number}" for what, number in sorted(report.kills.items())),
        "queue server": f"flushed {report.flushes}, killed without its file {report.server_kills}",
        "answers": ", ".join(f"{kind} {number}" for kind, number in sorted(report.answers.items())),
        "ended by itself": ", ".join(f"{what} ({number})" for what, number in report.ended.items()) or "none",
        "lost": str(len(verdict.lost)),
        "nobody asked for": str(len(verdict.strange)),
        "under other ids": str(len(verdict.other_ids)),
        "repeats": f"{sum(verdict.repeats.values())} of {verdict.accepted} ({verdict.share:.2%}): "
        + ", ".join(f"{kind} {number}" for kind, number in sorted(verdict.repeats.items())),
        "known, sent again": str(len(verdict.known_repeats)),
        "out of order": str(len(verdict.out_of_order)),
        "duration": f"{report.seconds:.0f} s",
    }
    return "\n".join(f"{name:<18}{value}" for name, value in rows.items())


def main() -> int:
    """Run; 1 where anything is wrong."""
    size = int(os.environ.get("SIZE") or 10_000)
    seed = int(os.environ.get("SEED") or random.randrange(1_000_000))
    wanted = os.environ.get("DATABASE") or ""
    print(f"SIZE={size} SEED={seed}", flush=True)
    failed = False
    for kind in [wanted] if wanted else DATABASES:
        if kind == "postgresql" and postgres.find_binaries() is None:
            print("PostgreSQL is not on this machine: left out")
            continue
        # Not below the usual place for such: a socket's path has to be short, and another user reach it.
        folder = Path(tempfile.mkdtemp(prefix="rwch-"))
        folder.chmod(0o755)
        with database(kind, folder) as url:
            report = run(url, folder / "home", size, seed, FULL)
        print(table(report), flush=True)
        if report.problems:
            failed = True
            print(f"WRONG (what it left is in {folder}):\n{report.problems}", flush=True)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
