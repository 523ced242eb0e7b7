"""Reads a page in a process of its own, with limits on its memory and its processor time (promise 10).

Only for markup that is not cheap by its size and tags (page/markup.py): starting a process costs some tenths
of a second, and the site's own pages never need one. This is the one module here that is not pure. The page
goes in and the capture comes out as JSON: a child that was taken over by what it reads can only give wrong
words.
"""

import json
import resource
import signal
import subprocess
import sys
from dataclasses import asdict
from datetime import datetime
from typing import Any

from monitor.formats.page.errors import NotAPage
from monitor.record.values import Capture, Format, Kind, Recommendation

MEMORY = 450 * 2**20  # bytes; the promise is 500 MB
SECONDS = 9  # of processor time for each 10 MB begun; the promise is 10
_BEGUN = 10 * 10**6
_WALL = 6  # times as long by the clock, on a busy machine
_LARGEST = 3  # times as long as the page may the answer be
_TOO_MUCH = "reading the page takes more memory or time than any of the site's"


def run(text: str, wanted: Format | None, url: str | None) -> Capture:
    """Read a page in markup; NotAPage where that takes more than its share."""
    body = text.encode("utf-8", "surrogatepass")
    seconds = SECONDS * (1 + len(body) // _BEGUN)
    order = json.dumps({"memory": MEMORY, "seconds": seconds, "wanted": wanted, "url": url}).encode()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "monitor.formats.limited"],
            input=order + b"\n" + body,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": ":".join(sys.path), "MALLOC_ARENA_MAX": "1"},
            timeout=_WALL * seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotAPage(_TOO_MUCH) from None
    if done.returncode != 0 or not done.stdout:
        raise NotAPage(_TOO_MUCH)
    answer = json.loads(done.stdout)
    if "reason" in answer:
        raise NotAPage(answer["reason"], answer["hint"])
    return _capture(answer)


def _capture(answer: dict[str, Any]) -> Capture:
    rows = [Recommendation(**row | {"kind": Kind(row["kind"])}) for row in answer.pop("recommendations")]
    stamp = answer.pop("stamp")
    lists = {name: tuple(value) for name, value in answer.items() if isinstance(value, list)}
    return Capture(
        **answer
        | lists
        | {
            "format": Format(answer["format"]),
            "recommendations": tuple(rows),
            "stamp": datetime.fromisoformat(stamp) if stamp else None,
            "without_priority": frozenset(answer["without_priority"]),
        }
    )


def main() -> None:
    """The child: limit itself, read, answer."""
    # A stop of the whole system does not make a page unreadable: the parent waits, and not for long.
    for stop in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop, signal.SIG_IGN)
    order = json.loads(sys.stdin.buffer.readline())
    seconds = order["seconds"]
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    # Of the process's own memory; macOS knows no such limit and is left with that of the time.
    for kind in (resource.RLIMIT_DATA, resource.RLIMIT_AS):
        allowed = order["memory"] * (1 if kind == resource.RLIMIT_DATA else 2)
        resource.setrlimit(kind, (allowed, allowed))
    body = sys.stdin.buffer.read()
    answer = json.dumps(_answer(body, order)).encode()
    if len(answer) > max(_LARGEST * len(body), 2**20):
        answer = json.dumps({"reason": _TOO_MUCH, "hint": ""}).encode()
    sys.stdout.buffer.write(answer)


def _answer(body: bytes, order: dict[str, Any]) -> dict[str, Any]:
    from monitor.formats import read_markup

    wanted = Format(order["wanted"]) if order["wanted"] else None
    try:
        capture = read_markup(body.decode("utf-8", "surrogatepass"), wanted, order["url"])
    except NotAPage as error:
        return {"reason": error.reason, "hint": error.hint}
    stamp = capture.stamp.isoformat() if capture.stamp else None
    return asdict(capture) | {"stamp": stamp, "without_priority": sorted(capture.without_priority)}


if __name__ == "__main__":
    main()
