"""Reads the sources: when each is due, and what has been saved for it by hand."""

from monitor.poller.loop import run
from monitor.poller.once import page_of, poll_once
from monitor.poller.results import Reading
from monitor.poller.session import Poller

__all__ = ["Poller", "Reading", "page_of", "poll_once", "run"]
