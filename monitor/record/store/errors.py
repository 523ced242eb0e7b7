"""The store's exceptions."""


class StoreError(Exception):
    """The store cannot be used; the message says what and where, without a password."""


class StoreBusy(StoreError):
    """Another writer holds the store."""


class StoreMissing(StoreError):
    """There is no store yet: nothing has been polled in this home."""
