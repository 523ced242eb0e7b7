"""What Slack's answers mean for a message. Pure.

The words: https://docs.slack.dev/reference/methods/chat.postMessage#errors and
https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
"""

from workers.channels.text.inert import one_line
from workers.channels.text.words import cut
from workers.values import TransportError

DAY = 86_400.0
_PATIENCE = 30.0  # seconds to wait where a throttling answer names none


class SlackError(TransportError):
    """A post that was not accepted; `word` is Slack's error code, empty where it gave none."""

    word = ""


# Nobody but the owner can mend these: the subscription is paused.
_CLOSED = {
    "channel_not_found": "Slack knows no such channel, or the app may not see it; check channel_id",
    "is_archived": "the Slack channel is archived",
    "channel_is_archived": "the Slack channel is archived",
    "not_in_channel": "the app is not in the Slack channel; invite it there",
    "invalid_auth": "Slack does not know this token",
    "not_authed": "Slack was given no token",
    "token_revoked": "the Slack token was revoked",
    "token_expired": "the Slack token has expired",
    "account_inactive": "the Slack token belongs to a user or workspace that is gone",
    "missing_scope": "the Slack token lacks the scope chat:write",
    "no_permission": "the Slack token may not post",
    "restricted_action": "the workspace does not let the app post there",
    "restricted_action_read_only_channel": "the Slack channel is read-only for the app",
    "channel_type_not_supported": "the app cannot post in a Slack channel of this type",
    "access_denied": "Slack denies the app access",
    "ekm_access_denied": "the workspace's administrators suspended posting",
    "team_access_not_granted": "the Slack token was not given access to this workspace",
    "invalid_token": "the Slack webhook's address is no longer valid",
    "no_service": "the Slack webhook was removed or switched off",
    "no_service_id": "the Slack webhook's address is incomplete",
    "no_team": "the Slack webhook's workspace is gone",
    "team_disabled": "the Slack webhook's workspace is gone",
    "action_prohibited": "the workspace does not let the webhook post",
    "posting_to_general_channel_denied": "the webhook may not post to the workspace's general channel",
}

# Slack refuses this message and would refuse it again; the next one may pass.
_REFUSED = frozenset(
    (
        "invalid_blocks",
        "invalid_blocks_format",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
        "invalid_payload",
        "invalid_arguments",
        "invalid_arg_name",
        "invalid_metadata_format",
        "metadata_too_large",
        "invalid_charset",
        "invalid_json",
        "json_not_object",
        "too_many_attachments",
    )
)

# "Some aspect of the operation may have succeeded."
_UNKNOWN = frozenset(("internal_error", "fatal_error"))
_THROTTLED = frozenset(("ratelimited", "rate_limited", "message_limit_exceeded"))
# Slack checks the blocks before it posts: after these errors nothing was posted.
BLOCKS_REFUSED = frozenset(("invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"))
THREAD_GONE = frozenset(("thread_not_found", "cannot_reply_to_message", "invalid_thread_ts"))


def read_webhook(status: int, body: str, retry_after: str | None) -> SlackError | None:
    """Judge an incoming webhook's answer; None where the message was accepted."""
    word = body.strip().partition(":")[0].partition(" ")[0]
    error = _judge_webhook(status, body.strip(), word, retry_after)
    if error is not None:
        error.word = word
    return error


def read_api(status: int, word: str, retry_after: str | None) -> SlackError:
    """Judge a Web API answer that was not ok; `word` is its `error`, empty where there is none."""
    error = _judge_api(status, word, retry_after)
    error.word = word
    return error


def _judge_webhook(status: int, words: str, word: str, retry_after: str | None) -> SlackError | None:
    if 200 <= status < 300:
        page = SlackError("the Slack webhook answered with a page instead of ok; check webhook_url")
        return page if words.startswith("<") else None
    if 300 <= status < 400:
        return SlackError(f"the Slack webhook redirects ({status}); check webhook_url")
    if status == 429 or word in _THROTTLED:
        return _throttled(retry_after)
    if status in (403, 404, 410):
        return _closed(word, f"Slack refused the webhook ({status} {_beginning(words)})")
    if word in _REFUSED or 400 <= status < 500:
        return SlackError(f"Slack refused the message ({status} {_beginning(words)})", permanent=True)
    return SlackError(f"Slack's webhook failed ({status} {_beginning(words)})", ambiguous=status != 503)


def _judge_api(status: int, word: str, retry_after: str | None) -> SlackError:
    if status == 429 or word in _THROTTLED:
        return _throttled(retry_after)
    if word in _UNKNOWN:
        return SlackError(f"Slack answered {word}: the message may have been posted", ambiguous=True)
    if word in _CLOSED:
        return _closed(word, word)
    if word in _REFUSED:
        return SlackError(f"Slack refused the message ({word})", permanent=True)
    if 300 <= status < 400:
        return SlackError(f"Slack's API redirects ({status}); check api_url")
    unknown = status != 503 and (status >= 500 or not word)
    return SlackError(f"Slack answered {status} {_beginning(word)}".rstrip(), ambiguous=unknown)


def _beginning(text: str) -> str:
    return cut(one_line(text), 120)


def _closed(word: str, otherwise: str) -> SlackError:
    return SlackError(_CLOSED.get(word, otherwise), permanent=True, pauses=True)


def _throttled(retry_after: str | None) -> SlackError:
    """Slack counts in whole seconds; anything else is given a default."""
    text = (retry_after or "").strip()
    seconds = float(text) if text.isascii() and text.isdigit() else _PATIENCE
    return SlackError("Slack asks to slow down", retry_after=min(max(seconds, 1.0), DAY))
