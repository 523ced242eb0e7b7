"""Which messages may go out now, and the leases that give each to one sender."""
