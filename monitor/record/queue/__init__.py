"""The queue: its client, its embedded server, its errors."""
