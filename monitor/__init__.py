"""Detection: reads pages and stores what changed."""
