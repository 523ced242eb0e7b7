"""Prints which tests kill on which side of which invariant."""

from tests.crash import INVARIANTS

for number, invariant in INVARIANTS.items():
    print(f"{number}. {invariant.rule} ({invariant.says})")
    for side in ("before", "after"):
        for test in getattr(invariant, side):
            print(f"   {side:<7}{test}")
