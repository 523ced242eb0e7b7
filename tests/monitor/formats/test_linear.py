"""Every pattern that a page's words go through takes time in proportion to their length."""

import importlib
import pkgutil
import re
import signal
from collections.abc import Iterator

import pytest

import monitor.formats
import monitor.intake.decide
from monitor.record import damage, folding

_PUMPS = (
    *(
        " ",
        "\t",
        "\n",
        "\r\n",
        " \n",
        "\n\t",
        "\u00a0",
        "\u200b",
        "a",
        "A",
        "Aa ",
        "1",
        "1 ",
        "-",
        " - ",
        "(",
        "((",
        ")",
        "[",
    ),
    *(
        "<",
        "</",
        "<a ",
        "<td ",
        "<td t",
        "<table ",
        "<!--",
        "<script",
        "&",
        "&amp;",
        "&amp",
        '"',
        '""',
        "'",
        "''",
        ".",
        ". ",
    ),
    *(
        "U.S.",
        "U. S. ",
        ",",
        ";",
        ":",
        "/",
        "?",
        "? ",
        "\ufffd",
        "\u00a7",
        "\u00a7 ",
        "\u00e2\u20ac",
        "\u00c2",
        "\u201a\u00c4",
    ),
    *(
        "recommendation ",
        "(recommendation 1",
        "matter for ",
        "GAO-31-1",
        "GAO-",
        "the ",
        "The ",
        "Show ",
        "1 Priority ",
        "contact ",
    ),
    *(
        "class=",
        "class='",
        "tel:",
        "2",
        "202 ",
        "202-",
        "(202) ",
        "sort ascending",
        "open recommendations (",
        "open recommendations ",
    ),
    *(
        "when we confirm what actions ",
        "has been taken ",
        "department of ",
        "department of a - ",
        "reissued ",
        "[reissued",
        "+",
        "+1 ",
    ),
    *(
        "status as of ",
        "charset=",
        "content-a: ",
        "\n ",
        "=",
        "a=1 ",
        "priority rec.",
        "actions ",
        "1,",
        "read more",
        "...",
        "in ",
        "by",
    ),
)
_LENGTH = 30_000
_SECONDS = 0.4


def _modules() -> Iterator[object]:
    yield from (damage, folding)
    for package in (monitor.formats, monitor.intake.decide):
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield importlib.import_module(found.name)


PATTERNS = {
    f"{module.__name__}.{name}": pattern  # type: ignore[attr-defined]
    for module in _modules()
    for name, pattern in vars(module).items()
    if isinstance(pattern, re.Pattern)
}


class _TooSlow(Exception):
    """The time is over."""


@pytest.fixture
def alarm() -> Iterator[None]:
    """A timer of processor time whose end is an exception, in the middle of a pattern too."""

    def ring(*_: object) -> None:
        raise _TooSlow

    before = signal.signal(signal.SIGVTALRM, ring)
    yield
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)


@pytest.mark.usefixtures("alarm")
@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_is_linear(name: str) -> None:
    """Tens of thousands of any one thing cost it next to nothing, whatever comes before and after them."""
    pattern = PATTERNS[name]
    slow = []
    for pump in _PUMPS:
        for before, after in (("", "\x01"), ("<td ", "\x01")):
            text = before + pump * (_LENGTH // len(pump)) + after
            given = text.encode() if isinstance(pattern.pattern, bytes) else text
            signal.setitimer(signal.ITIMER_VIRTUAL, _SECONDS)
            try:
                for _ in pattern.finditer(given):
                    pass
            except _TooSlow:
                slow.append(before + pump)
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        if len(slow) > 2:
            break
    assert not slow
