"""Takes a page in: recognises or reads it, compares it with what is known, and writes what changed.

One transaction: state, revisions, events and the outbox row are committed together or not at all.
"""

from monitor.intake.evidence import load_evidence, prune_evidence
from monitor.intake.lookup_answers import answer_lookups
from monitor.intake.pipeline import take_in
from monitor.intake.values import Arrival, Intake, IntakeOptions, LastPage, PollColumns

__all__ = [
    "Arrival",
    "Intake",
    "IntakeOptions",
    "LastPage",
    "PollColumns",
    "answer_lookups",
    "load_evidence",
    "prune_evidence",
    "take_in",
]
