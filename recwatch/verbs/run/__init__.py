"""Verbs that run processes."""
