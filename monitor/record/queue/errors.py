"""The queue's exception, importable without its client."""


class QueueError(Exception):
    """The queue server cannot be used; the message says what and where, without a password."""
