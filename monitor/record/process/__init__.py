"""Processes and forks: a child that ends with its parent, locks that no child inherits."""
