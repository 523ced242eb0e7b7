"""Verbs about captures."""
