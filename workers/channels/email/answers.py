"""What a mail server's answers and failures mean for a mail. Pure."""

import smtplib
import ssl
from collections.abc import Callable
from typing import Any

from workers.channels.text.inert import one_line
from workers.channels.text.words import cut
from workers.values import TransportError

_LONGEST = 160  # characters of a server's words
_ASKS_FOR_LOGIN = frozenset((530, 534, 535, 538))


def judge(error: OSError | smtplib.SMTPException, host: str) -> TransportError:
    """Judge a failure before the server had all of the mail: it is never ambiguous."""
    return next(make(error, host) for kind, make in _KINDS if isinstance(error, kind))


def timed_out(error: BaseException) -> bool:
    """Whether time ran out; smtplib reports that as a server that hung up."""
    return isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)


def _not_offered(error: Any, _host: str) -> TransportError:
    if "STARTTLS" in str(error):
        return TransportError("the mail server offers no STARTTLS; smtp_url with ?starttls=off goes without")
    return TransportError("the mail server offers no login; check [email] smtp_url")


def _refused_recipient(error: Any, _host: str) -> TransportError:
    code, words = next(iter(error.recipients.values()))
    return _refused("recipient", code, words, final=True)


def _refused_mail(error: Any, _host: str) -> TransportError:
    return _refused("mail", error.smtp_code, error.smtp_error, final=True)


# Before a recipient was named, a refusal is about us: a sender that is not allowed, a limit for the day.
# Somebody can mend it, or it passes.
def _refused_sender(error: Any, _host: str) -> TransportError:
    return _refused("sender", error.smtp_code, error.smtp_error, final=False)


def _refused_connection(error: Any, _host: str) -> TransportError:
    return _refused("connection", error.smtp_code, error.smtp_error, final=False)


def _refused(what: str, code: int, words: bytes | str, *, final: bool) -> TransportError:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    said = f"{code} {cut(one_line(text), _LONGEST)}"
    if code in _ASKS_FOR_LOGIN:
        return TransportError(f"the mail server refused the login ({said}); check [email] smtp_url")
    return TransportError(f"the mail server refused the {what} ({said})", permanent=final and code >= 500)


def _hung_up(error: Any, host: str) -> TransportError:
    return _late(error, host) if timed_out(error) else TransportError("the mail server hung up")


def _late(_error: Any, _host: str) -> TransportError:
    return TransportError("the mail server did not answer in time", timed_out=True)


def _unsafe(error: Any, _host: str) -> TransportError:
    why = getattr(error, "verify_message", "") or error.reason or type(error).__name__
    return TransportError(f"no trusted connection to the mail server ({why})")


def _not_smtp(error: Any, _host: str) -> TransportError:
    return TransportError(f"the mail server gave an answer that is not SMTP ({type(error).__name__})")


def _away(error: Any, host: str) -> TransportError:
    why = error.strerror or type(error).__name__
    return TransportError(f"the mail server at {host} cannot be reached ({why})")


# The first that fits; SMTPException before OSError, of which it is one.
_KINDS: tuple[tuple[type[Exception], Callable[[Any, str], TransportError]], ...] = (
    (smtplib.SMTPNotSupportedError, _not_offered),
    (smtplib.SMTPRecipientsRefused, _refused_recipient),
    (smtplib.SMTPSenderRefused, _refused_sender),
    (smtplib.SMTPDataError, _refused_mail),
    (smtplib.SMTPResponseException, _refused_connection),
    (smtplib.SMTPServerDisconnected, _hung_up),
    (smtplib.SMTPException, _not_smtp),
    (TimeoutError, _late),
    (ssl.SSLError, _unsafe),
    (OSError, _away),
)
