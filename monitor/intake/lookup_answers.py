"""Takes from a report's page only what was asked: what became of recommendations that left their source."""

from monitor.formats import NotAPage
from monitor.intake import departures
from monitor.intake.changesets import compare
from monitor.intake.pipeline import turn, write
from monitor.intake.reading import read_page
from monitor.intake.values import Arrival, Intake
from monitor.record.settings import Settings
from monitor.record.store.store import Store
from monitor.record.values import Outcome


def answer_lookups(store: Store, settings: Settings, arrival: Arrival) -> Intake:
    """Read a report's page and settle the look-ups that wait for it. No news of the source's own health."""
    arrival = arrival.without_phones()
    try:
        read = read_page(arrival)
    except NotAPage as error:
        return Intake(Outcome.FAILING, str(error))
    with turn(store) as connection:
        waiting = departures.pending(connection, arrival.source.id, read.subject)
        changes = compare(connection, arrival, read).answering(waiting, arrival.captured_at).only(waiting)
        return write(connection, settings, arrival, read, changes)
