"""How a cycle over one source ended, put together from its parts. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from monitor.incidents import WELL
from monitor.intake import Intake
from monitor.record.values import Outcome


@dataclass(frozen=True, slots=True)
class CycleResult:
    """One cycle over one source. Counts are of events; `seen` is how many rows the last page had.

    `left`: something that it showed before is missing. `fresh`: it brought a page that was believed, or the
    site vouched for the last one.
    """

    source: str
    outcome: Outcome
    message: str = ""
    seen: int = 0
    opened: int = 0
    updated: int = 0
    closed: int = 0
    reopened: int = 0
    vanished: int = 0
    events: tuple[str, ...] = ()
    left: bool = False
    fresh: bool = False

    @property
    def failed(self) -> bool:
        """Whether the source needs attention."""
        return self.outcome not in WELL

    def as_json(self) -> dict[str, Any]:
        """The contract's line of `poll --json`."""
        return {
            "source": self.source,
            "outcome": str(self.outcome),
            "seen": self.seen,
            "opened": self.opened,
            "updated": self.updated,
            "closed": self.closed,
            "reopened": self.reopened,
            "vanished": self.vanished,
            "events": list(self.events),
        }


def of_intake(source_id: str, intake: Intake) -> CycleResult:
    """The result of taking in one page."""
    return CycleResult(
        source_id,
        intake.outcome,
        intake.message,
        intake.seen,
        intake.opened,
        intake.updated,
        intake.closed,
        intake.reopened,
        intake.vanished,
        tuple(intake.events),
        intake.left,
        intake.is_believed,
    )


def combine(
    source_id: str,
    files: Sequence[CycleResult],
    fetched: CycleResult | None = None,
    answers: Sequence[CycleResult] = (),
) -> CycleResult:
    """The result of a cycle: of the files read, then the page fetched, then look-ups' answers.

    Files that were believed make the source well although its site refuses: that is what the folder is for,
    and the refusal has its own log line and incident. A capture held back is a failure in any case.
    """
    pages = [*files, *([fetched] if fetched else [])]
    parts = [*pages, *(answer for answer in answers if answer.events)]
    if not parts:
        return CycleResult(source_id, Outcome.UNCHANGED)
    held = [part for part in parts if part.outcome is Outcome.QUARANTINED]
    well = [part for part in parts if not part.failed]
    chosen = held[0] if held else _most_telling(well) if well else parts[-1]
    return CycleResult(
        source_id,
        chosen.outcome,
        chosen.message,
        next((page.seen for page in reversed(pages) if not page.failed), 0),
        sum(part.opened for part in parts),
        sum(part.updated for part in parts),
        sum(part.closed for part in parts),
        sum(part.reopened for part in parts),
        sum(part.vanished for part in parts),
        tuple(event for part in parts for event in part.events),
    )


def _most_telling(well: Sequence[CycleResult]) -> CycleResult:
    """Of several results without trouble: a change, else a first capture, else the last."""
    for outcome in (Outcome.CHANGED, Outcome.BASELINE):
        for part in reversed(well):
            if part.outcome is outcome:
                return part
    return well[-1]
