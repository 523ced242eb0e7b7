"""The application: command line, processes, configuration; wires detection and notification together."""
