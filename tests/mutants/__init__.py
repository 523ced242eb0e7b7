"""Mutation testing of the fold, the key, the gate and detection: `make mutants` (docs/decisions/0006)."""
