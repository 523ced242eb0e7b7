"""Verbs about the configuration and what depends on it."""
