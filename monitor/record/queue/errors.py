"""What can be caught of the queue by those that do without its client."""


class QueueError(Exception):
    """The queue server cannot be used; the message says what and where, without a password."""
