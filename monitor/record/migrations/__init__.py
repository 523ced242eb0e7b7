"""The store's migrations: run on start, under a lock, by whichever process comes first."""
