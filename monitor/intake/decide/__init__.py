"""Decides what a capture changes: who is who, whether to believe it, what is new. Pure."""
