"""The eye: sees pages and writes down what changed."""
