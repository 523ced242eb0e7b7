"""The command line: its options, its output, and what verbs share."""
