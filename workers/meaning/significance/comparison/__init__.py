"""Whether two passages say the same: spelled, worded or ordered otherwise."""
