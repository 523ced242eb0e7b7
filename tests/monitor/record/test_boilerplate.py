"""What stands in a narrative's place, and each status's definition: in their variants, and nothing else."""

import pytest

from monitor.record import folding
from monitor.record.folding import fold
from tests.monitor.record.test_folding import OPEN_DEFINITION

BOILERPLATE = (
    "When we confirm what actions the agency has taken in response to this recommendation, "
    "we will provide updated information."
)


@pytest.mark.parametrize(
    "variant",
    [
        BOILERPLATE,
        BOILERPLATE.replace("the agency has", "the U.S. Mint has"),
        BOILERPLATE.replace("response to", "the U.S. Mint on"),
        BOILERPLATE.replace("recommendation", "matter").replace("the agency", "Congress"),
        f"{OPEN_DEFINITION}\n\n{BOILERPLATE}",
        BOILERPLATE.replace(" ", "\u00a0", 3).rstrip("."),
    ],
)
def test_boilerplate_is_known_in_its_variants(variant: str) -> None:
    """The sentence that stands where nothing was reported yet, whoever it names."""
    assert folding.is_boilerplate(variant)


@pytest.mark.parametrize(
    "other", ["", f"{BOILERPLATE} In May, it acted.", "The agency agreed.", OPEN_DEFINITION]
)
def test_anything_besides_the_boilerplate_is_a_response(other: str) -> None:
    """A narrative that says more than the boilerplate, or something else, is none."""
    assert not folding.is_boilerplate(other)


@pytest.mark.parametrize("of", ["recommendation", "matter"])
@pytest.mark.parametrize(
    "definition",
    [
        "Actions to satisfy the intent of the {} have not been taken or are being planned.",
        (
            "Actions to satisfy the intent of the {} have not been taken or are being planned, "
            "or actions that partially satisfy the intent of the {} have been taken."
        ),
        "Actions that satisfy the intent of the {} have been taken.",
        "Actions that partially satisfy the intent of the {} have been taken.",
        (
            "While the intent of the {} has not been satisfied, "
            "time or circumstances have rendered the {} invalid."
        ),
    ],
)
def test_each_status_has_a_definition_that_is_no_narrative(of: str, definition: str) -> None:
    """With white space of any kind after it, or none; in any case of letters."""
    sentence = definition.format(of, of)
    assert folding.is_definition(f" {sentence} ")
    assert folding.strip_definition(sentence.upper()) == ""
    for space in ("", " ", "\n\n"):
        assert folding.strip_definition(f"\n{sentence}{space}It acted.") == "It acted."
        assert fold(f"{sentence}{space}It acted.") == "It acted."
    assert not folding.is_definition(f"{sentence} It acted.")
    assert not folding.is_definition(f"It acted. {sentence}")
    assert not folding.is_definition("It acted.")


@pytest.mark.parametrize("begins", ["When", "Once", "After", "As soon as"])
@pytest.mark.parametrize("verb", ["confirm", "determine", "verify"])
def test_the_boilerplate_is_known_in_other_words(begins: str, verb: str) -> None:
    """Of actions or steps, one or several, that somebody has or have taken; told or posted."""
    for what, did, told in (
        ("actions the Department of Water has", "taken", "provide"),
        ("action Congress has", "taken", "post"),
        ("steps the U.S. Mint and others, if any, have", "been taken", "provide"),
        ("step has", "been taken", "post"),
    ):
        sentence = f"{begins} we {verb} what {what} {did} in response, we will {told} updated information"
        assert folding.is_boilerplate(f"{sentence}.")
        assert folding.is_boilerplate(sentence.upper())
        assert not folding.is_boilerplate(f"{sentence} soon.")
        assert not folding.is_boilerplate(f"It acted. {sentence}.")
    for other in (
        "whatactions it has taken",
        "what actionsx it has taken",
        "what actions it hastaken",
        "what actions it has takenx",
    ):
        assert not folding.is_boilerplate(f"{begins} we {verb} {other}, we will provide updated information.")


def test_boilerplate_is_one_sentence() -> None:
    """Nothing that says more passes for it."""
    for more in ("x" * 200, "it agreed. The bureau"):
        assert not folding.is_boilerplate(BOILERPLATE.replace("the agency", more))
        assert not folding.is_boilerplate(BOILERPLATE.replace("this recommendation", more))
