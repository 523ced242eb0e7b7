"""The store's migrations: run on start, under a lock, by whichever process comes first."""

HEAD = "0002"  # the newest file in versions; a test compares
