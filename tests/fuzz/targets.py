"""What is fuzzed, and what must hold of it whatever comes in."""

from collections.abc import Callable
from dataclasses import dataclass

from monitor.formats import NotAPage, extract, gao_agency, gao_csv, gao_product, gao_text
from monitor.formats.page.decode import decode, inflate
from monitor.formats.page.markup import parse
from monitor.formats.phones import blank_phones
from monitor.record import folding
from monitor.record.values import Capture, Format
from tests.fuzz.seeds import archives, seeds

_ADDRESS = "https://www.gao.gov/products/gao-31-900001"


@dataclass(frozen=True, slots=True)
class Target:
    """Something that takes bytes, and the bodies to begin with."""

    run: Callable[[bytes], bool]
    seeds: Callable[[], list[bytes]]


def _believable(capture: Capture) -> bool:
    """Keys are unique and complete, and what was read can be stored."""
    keys = [one.key for one in capture.recommendations]
    assert len(keys) == len(set(keys))
    for one in capture.recommendations:
        assert one.text.strip()
        assert one.status.strip()
        assert one.key.count("#") == 1
        assert one.fingerprint == folding.fingerprint(one.narrative)
    return True


def _reads(read: Callable[[], Capture]) -> bool:
    """Whether a capture came; NotAPage in one line is the only other thing that may."""
    refusal: NotAPage | None = None
    try:
        capture = read()
    except NotAPage as error:
        refusal = error
    if refusal is None:
        return _believable(capture)
    assert refusal.reason
    assert str(refusal).isprintable()
    return False


def _direct(form: Format) -> Callable[[bytes], bool]:
    """An extractor alone, whatever the body would be recognised as."""

    def read(body: bytes) -> Capture:
        text = decode(inflate(body))
        if form is Format.CSV:
            return gao_csv.extract(text, None)
        if form is Format.TEXT:
            return gao_text.extract(text, None)
        module = gao_product if form is Format.PRODUCT else gao_agency
        return module.extract(text, parse(text), _ADDRESS)

    return lambda body: _reads(lambda: read(body))


def _recognised(body: bytes) -> bool:
    return _reads(lambda: extract(body))


def _blanked(body: bytes) -> bool:
    """Blanking never raises, and twice is once."""
    once = blank_phones(body)
    assert blank_phones(once) == once
    return once != body


def _folded(body: bytes) -> bool:
    """Everything that a page's words go through."""
    text = body.decode("utf-8", "surrogateescape")
    folded = folding.fold(text)
    assert "\n" not in folded
    folding.is_boilerplate(text)
    kind, number = folding.stated_number(text)
    agency, title = text[:200], text[-200:]
    key = folding.key(
        folding.normalize_product(title) or folding.title_report(title),
        kind or folding.Kind.MATTER,
        number,
        agency,
        text,
    )
    assert key.count("@") == 1
    return bool(number)


TARGETS = {
    **{str(form): Target(_direct(form), lambda form=form: seeds(form)) for form in Format},  # type: ignore[misc]
    "recognised": Target(_recognised, seeds),
    "saved": Target(_recognised, archives),
    "phones": Target(_blanked, seeds),
    "folding": Target(_folded, lambda: [*seeds(Format.TEXT), *seeds(Format.CSV)]),
}
