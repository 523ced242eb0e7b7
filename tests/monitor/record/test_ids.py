"""Identifiers are letters and digits, and every one of them can stand anywhere."""

import string

from monitor.record.ids import new_id


def test_an_identifier_is_its_prefix_and_22_letters_and_digits() -> None:
    """`evt_` and letters and digits, as the contract says."""
    prefix, _, rest = new_id("evt").partition("_")
    assert prefix == "evt"
    assert len(rest) == 22
    assert rest.isascii()
    assert rest.isalnum()


def test_identifiers_differ_in_every_place() -> None:
    """All 62 signs occur in all 22 places: nothing of what was drawn is thrown away."""
    drawn = [new_id("evt").removeprefix("evt_") for _ in range(3_000)]
    assert len(set(drawn)) == len(drawn)
    every = set(string.ascii_letters + string.digits)
    assert all({name[place] for name in drawn} == every for place in range(22))
