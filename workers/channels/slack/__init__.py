"""Slack: an incoming webhook, or the Web API with a token and a channel."""
