"""Verbs about messages and who gets them."""
