"""Makes texts from outside inert, one function for each kind of output. Pure.

`safe` is for text that keeps its line ends (a terminal, a mail, Slack's plain text), `one_line` for a single
line, `subject_line` for a mail's subject, `mrkdwn` for the one place where Slack reads markup. HTML is
escaped by its templates and JSON by its encoder; both take text that `safe` has passed.
"""

import re

_REPLACED = "\ufffd"

# Control characters, direction overrides and isolates, invisible tags, lone surrogates. Tab and newline stay;
# other line ends become a newline first.
_LINE_ENDS = re.compile(r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_UNSAFE = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f\ufff9-\ufffb"
    r"\ud800-\udfff\ufffe\uffff\U000e0000-\U000e007f]"
)
# What Slack takes for a mention where a workspace links names, without the angle brackets that are escaped.
_MENTION = re.compile(r"(?i)@(?=channel|here|everyone)")


def safe(text: str) -> str:
    """Make a text inert: nothing in it moves a cursor, reverses a line or hides. Line ends: newlines."""
    return _UNSAFE.sub(_REPLACED, _LINE_ENDS.sub("\n", text))


def one_line(text: str) -> str:
    """The text made inert, on one line, runs of white space as one space."""
    return " ".join(safe(text).split())


def subject_line(text: str) -> str:
    """The text as a mail's subject; what looks like an encoded word (RFC 2047) is broken up."""
    return one_line(text).replace("=?", "= ?")


def mrkdwn(text: str) -> str:
    """The text for Slack's mrkdwn: no link, no mention of a person, a channel or everybody."""
    escaped = safe(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MENTION.sub("@\u200b", escaped)
