"""docs/cli.md and docs/configuration.md say what the code does."""

import pytest

from recwatch.cli.app import VERBS
from recwatch.cli.reference import DOCS, reference_pages


@pytest.mark.parametrize("name", ["cli.md", "configuration.md"])
def test_the_page_is_what_the_code_makes_of_it(name: str) -> None:
    """`python -m recwatch.cli.reference` writes it anew."""
    assert (DOCS / name).read_text(encoding="utf-8") == reference_pages()[DOCS / name]


def test_every_verb_has_its_place() -> None:
    """A new verb is documented as soon as the page is made."""
    text = reference_pages()[DOCS / "cli.md"]
    assert [verb for verb in VERBS if f"\n## {verb}\n" not in text] == []
