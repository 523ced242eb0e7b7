"""What is claimed of a change: deadlines, actions, positions, removed text."""
