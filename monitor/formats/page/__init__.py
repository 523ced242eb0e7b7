"""Bytes to text: decoding, saved pages, the text of markup. Pure."""
