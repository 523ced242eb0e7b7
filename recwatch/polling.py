"""Wires the poller: as a part of `up`, and for one cycle."""
