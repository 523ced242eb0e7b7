"""Counts pairs in each process and adds them up for the terminal."""

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests.soak.running import Tally


@pytest.fixture
def tally(record_property: Callable[[str, object], None]) -> Iterator[Tally]:
    """What a test counts its pairs in."""
    made = Tally()
    yield made
    record_property("soak", [dict(made.formats), dict(made.kinds), made.held])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many pairs were run, by format and by kind of edit."""
    formats: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    held = 0
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") != "teardown":
                continue
            for name, value in report.user_properties:
                if name == "soak":
                    formats.update(value[0])
                    kinds.update(value[1])
                    held += value[2]
    if formats:
        terminalreporter.section(f"{sum(formats.values()):,} pairs of captures")
        for title, counted in (("format", formats), ("edits", kinds)):
            said = ", ".join(f"{name} {count:,}" for name, count in counted.most_common())
            terminalreporter.line(f"{title}: {said}")
        terminalreporter.line(f"held back as they had to be: {held:,}")
