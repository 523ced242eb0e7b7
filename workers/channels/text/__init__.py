"""What every channel says of a change, in words. Pure."""
