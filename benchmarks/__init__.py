"""What watching and telling cost, beside the floor and beside others (benchmarks/README.md)."""
