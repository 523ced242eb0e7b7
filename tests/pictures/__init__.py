"""Pictures of messages as people see them: `make pictures` takes those of the README anew."""
