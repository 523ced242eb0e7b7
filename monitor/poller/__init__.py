"""Polls the sources: when each is due, and the files that people save for it."""

from monitor.poller.loop import run
from monitor.poller.once import page_of, poll_once
from monitor.poller.results import CycleResult
from monitor.poller.session import Poller

__all__ = ["CycleResult", "Poller", "page_of", "poll_once", "run"]
