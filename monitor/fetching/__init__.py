"""Asks the world for pages, with manners."""

from monitor.fetching.answers import NotModified, Refusal, Request
from monitor.fetching.asking import Asker
from monitor.fetching.fetcher import Entry, enter, fetch

__all__ = ["Asker", "Entry", "NotModified", "Refusal", "Request", "enter", "fetch"]
