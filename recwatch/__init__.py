"""The face: the command line, the supervisor, and the wiring of eye and mouth."""
