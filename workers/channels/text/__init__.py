"""The words in which every channel describes a change. Pure."""
