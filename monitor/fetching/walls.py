"""Recognises what a bot wall sends in place of a page. Pure."""

import re

from monitor.record.bodies import Body, whole

_LARGEST = 64 * 1024  # a bot wall's page is short; a page of recommendations that quotes one is not
_TITLE = re.compile(rb"<title[^>]*>\s*(?:access denied|pardon our interruption|just a moment)", re.IGNORECASE)
_CHALLENGES = (b"bm-verify", b"_sec/cp_challenge", b"/cdn-cgi/challenge-platform")


def wall(body: Body) -> str | None:
    """Name what a bot wall sent with status 200 ("a bot check"); None where it sent something else."""
    if len(body) > _LARGEST or b"<" not in body[:1024]:
        return None
    body = whole(body)
    if _TITLE.search(body):
        return "Access Denied"
    return "a bot check in place of the page" if any(mark in body for mark in _CHALLENGES) else None
