"""`recwatch` as a person starts it, saying besides what its cycle cost apart from starting.

    python -m benchmarks.ours FILE ARGUMENTS…

does what `recwatch ARGUMENTS…` does and writes into FILE what was spent inside the cycle, in seconds of CPU.
"""

import resource
import sys
from pathlib import Path
from typing import Any

from recwatch.__main__ import main


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _measured(into: Path) -> None:
    from recwatch.runtime import polling

    once = polling.once

    def timed(*args: Any, **options: Any) -> Any:
        before = _cpu()
        try:
            return once(*args, **options)
        finally:
            into.write_text(str(_cpu() - before))

    polling.once = timed


if __name__ == "__main__":
    _measured(Path(sys.argv.pop(1)))
    main()
