"""Fetches pages: robots.txt, each host's pace, redirects within the site, limits."""

from monitor.fetching.answers import NotModified, Refusal, Request
from monitor.fetching.asking import Asker
from monitor.fetching.fetcher import HostTurn, fetch, take_host_turn

__all__ = ["Asker", "HostTurn", "NotModified", "Refusal", "Request", "fetch", "take_host_turn"]
