"""Microsoft Teams: Adaptive Cards posted to a Workflows webhook."""
