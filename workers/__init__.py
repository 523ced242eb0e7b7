"""Notification: tells people of stored events."""
