"""Webhooks: one signed JSON body an event, after Standard Webhooks 1.0.0."""
