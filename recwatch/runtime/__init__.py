"""Processes: how they are started, wired, supervised and stopped."""
