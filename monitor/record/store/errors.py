"""What goes wrong with the store."""


class StoreError(Exception):
    """The store cannot be used; the message says what and where, without a password."""


class StoreBusy(StoreError):
    """Somebody else writes just now."""


class StoreMissing(StoreError):
    """There is no store yet: nothing has been polled in this home."""
