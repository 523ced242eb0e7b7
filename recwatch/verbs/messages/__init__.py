"""Verbs about messages and subscriptions."""
