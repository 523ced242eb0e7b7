"""The HTTP client that everything outgoing uses, and its errors in plain words."""
