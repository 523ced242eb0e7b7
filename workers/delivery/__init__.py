"""Sending: claim in the store, load, send through a channel's transport, record what came of it."""
