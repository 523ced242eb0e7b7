"""The console: changes on the terminal that the program runs in."""
