"""The system under the storm: its configuration, its processes, its queue server."""

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis

from tests.chaos.ends import SECRET, Ends
from tests.chaos.ledger import Kill
from tests.chaos.script import AGENCIES, Script
from tests.fakes import processes

QUEUES = ("changes", "slack", "email", "webhook")


@dataclass
class System:
    """Real verbs in processes, and what was done to them."""

    home: Path
    launcher: Any
    kills: list[Kill] = field(default_factory=list)
    flushes: int = 0
    server_kills: int = 0
    ended: list[tuple[str, int]] = field(default_factory=list)

    def kill(self, what: str, name: str, below: int = 0) -> bool:
        """Kill a verb's process, or what is so many generations below it; False where none was there."""
        hit = int(self._order({"kill": name, "below": below})) > 0
        if hit:
            self.kills.append(Kill(time.time(), what, name.removeprefix("work ")))
        return hit

    def flush(self) -> bool:
        """Make the queue server forget everything."""
        with suppress(redis.RedisError, OSError), self._redis() as client:
            client.flushall()
            self.flushes += 1
            return True
        return False

    def kill_server(self) -> bool:
        """Kill the queue server and delete what it has written."""
        folder = self.home / "queue"
        try:
            pid = int((folder / "queue.pid").read_text())
            if "valkey-server" not in Path(f"/proc/{pid}/cmdline").read_text():
                return False
            os.kill(pid, signal.SIGSTOP)  # so that it writes nothing anew
            shutil.rmtree(folder / "appendonlydir", ignore_errors=True)
            os.kill(pid, signal.SIGKILL)
        except (OSError, ValueError):
            return False  # it is being started just now
        self.server_kills += 1
        return True

    def stop(self) -> bool:
        """Stop everything in order; False where something had to be killed."""
        answer = json.loads(self._order({"stop": True}))
        self.ended = [tuple(each) for each in answer["ended"]]
        return bool(answer["stopped"])

    def logs(self) -> Iterator[str]:
        """What all processes have logged, line by line."""
        for path in sorted((self.home / "logs").glob("*.log")):
            yield from path.read_text(errors="replace").splitlines()

    def _order(self, order: dict[str, Any]) -> str:
        self.launcher.stdin.write(json.dumps(order) + "\n")
        self.launcher.stdin.flush()
        return processes.line(self.launcher)

    def _redis(self) -> redis.Redis:
        url = (self.home / "queue" / "address").read_text().strip()
        return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)


@contextmanager
def running(home: Path, script: Script, ends: Ends, database: str, lease: int) -> Iterator[System]:
    """Start everything; killed at the end if it was not stopped."""
    (home / "logs").mkdir(parents=True)
    config = home / "recwatch.toml"
    config.write_text(configuration(script, ends, database, lease))
    options = ["--config", str(config), "--home", str(home)]
    verbs = {"poll": [*options, "poll"]}
    verbs |= {f"dispatch {number}": [*options, "dispatch"] for number in (1, 2)}
    verbs |= {f"work {queue}": [*options, "work", "--queue", queue] for queue in QUEUES}
    task = json.dumps({"verbs": verbs, "logs": str(home / "logs"), "lease": lease})
    code = "from tests.chaos.launcher import main; import sys; main(sys.argv[1])"
    with processes.running(code, task) as launcher:
        yield System(home, launcher)


def configuration(script: Script, ends: Ends, database: str, lease: int) -> str:
    """recwatch.toml: patient in number, impatient in time."""
    return f"""
[store]
url = "{database}"
[http]
contact = "tests@example.org"
allow_private_networks = true
min_interval = "200ms"
[email]
smtp_url = "{ends.mail.url}"
from = "recwatch@example.org"
[delivery]
retry = {json.dumps(["500ms"] + ["1s"] * 40)}
lease = "{lease}s"
webhook_rate = "100/s"
[gate]
max_changed = 1.0
[operators]
channel = "webhook"
url = "{ends.hooks[0].url}"
secret = "{SECRET}"
[[sources]]
id = "harbor"
format = "gao-csv"
url = "{ends.site}"
every = "1s"
""" + "".join(_subscription(each, ends, number) for number, each in enumerate(script.subscriptions))


def _subscription(each: Any, ends: Ends, number: int) -> str:
    hook = ends.hooks[number % len(ends.hooks)]
    keys = {
        "slack": f'token = "xoxb-made-up"\nchannel_id = "{each.name}"\napi_url = "{ends.slack.api_url}"',
        "email": f"to = {json.dumps(each.recipients)}",
        "webhook": f'url = "{hook.url}"\nsecret = "{SECRET}"',
    }
    return f"""
[[subscriptions]]
id = "{each.name}"
channel = "{each.channel}"
summarize_over = {each.summarize_over}
{keys[each.channel]}
[subscriptions.match]
agencies = ["{AGENCIES[each.agency]}"]
"""
