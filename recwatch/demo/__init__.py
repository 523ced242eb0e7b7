"""A scripted tour on loopback: made-up pages that change, and what people are sent of it."""
