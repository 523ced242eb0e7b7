"""What a workflow's answers mean for a message. Pure."""

from datetime import datetime

from workers.channels.text.retry_after import retry_after
from workers.values import TransportError

_PATIENCE = 30.0  # seconds to wait where a throttling answer names none
# The workflow was removed or switched off, or its address is no longer valid: the owner must act.
_CLOSED = (401, 403, 404, 410)


def judge(status: int, said: str, wait: str, now: datetime) -> TransportError | None:
    """None for success (2xx); else what went wrong and what that means."""
    if 200 <= status < 300:
        return None
    answer = f"{status} {said}".strip()
    if status == 429:
        return TransportError("Teams asks to slow down", retry_after=retry_after(wait, now) or _PATIENCE)
    if status in _CLOSED:
        words = f"the Teams workflow does not take messages ({answer}); check webhook_url"
        return TransportError(words, permanent=True, pauses=True)
    if status in (400, 413):
        return TransportError(f"Teams refused the message ({answer})", permanent=True)
    if status == 503:
        return TransportError(f"Teams answered {answer}", retry_after=retry_after(wait, now))
    # A gateway that gave up may have started the workflow.
    return TransportError(f"Teams answered {answer}", ambiguous=status in (500, 502, 504))
