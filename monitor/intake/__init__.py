"""Takes a page in: reads it, holds it against what is known, and writes down what changed.

One transaction: state, revisions, events and the outbox row are committed together or not at all.
"""

from monitor.intake.evidence import keep_evidence, load_evidence, prune_evidence
from monitor.intake.pipeline import take_in
from monitor.intake.source_rows import glance
from monitor.intake.values import Also, Intake

__all__ = ["Also", "Intake", "glance", "keep_evidence", "load_evidence", "prune_evidence", "take_in"]
