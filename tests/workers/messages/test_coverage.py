"""Coverage: short cuts over what can match at all give what asking each would give."""

from sqlalchemy import update

from monitor.record.store.schema import recommendations
from monitor.record.store.store import Store
from recwatch.queries.coverage import Covered, in_words
from tests.workers.seeding import configured, recommend, webhook
from workers.messages.coverage import Coverage, _open_recommendations, coverage
from workers.messages.routing import covers

MATCHES = (
    {},
    {"agencies": ["U.S. Customs and Border Protection"]},
    {"agencies": ["Coast Guard", "United States Coast Guard", "Nobody"]},
    {"agencies": ["Coast Guard"], "priority": True},
    {"priority": True},
    {"products": ["GAO-24-100000"], "agencies": ["Department of State"]},
    {},
)


def test_what_is_counted_is_what_each_match_covers(store: Store) -> None:
    """For every subscription the count is that of `covers` over all that stands open."""
    with store.write() as connection:
        names = ("United States Customs and Border Protection", "Coast Guard", "Department of State")
        for number in range(1, 13):
            recommend(connection, number, agency=names[number % 3], priority=number % 4 == 0)
        closed = update(recommendations).where(recommendations.c.id == 12)
        connection.execute(closed.values(status="closed-implemented"))
    subscribed = [webhook(f"s{number}", match=match) for number, match in enumerate(MATCHES)]
    subscriptions = configured(*subscribed).subscriptions
    with store.read() as connection:
        recommendations_now = _open_recommendations(connection, False, False)
        counted = coverage(connection, subscriptions)
    for each in subscriptions:
        covered = [
            recommendation for recommendation in recommendations_now if covers(each.match, recommendation)
        ]
        assert counted[each.id] == Coverage(len(covered), sum(one.priority for one in covered))
    assert [counted[f"s{number}"].total for number in range(3)] == [11, 3, 4]


def test_a_line_about_thousands_of_subscriptions_names_a_few() -> None:
    """A log line is for people: the first twenty, and how many more."""
    many = [Covered(f"s{number}", "webhook", Coverage(1)) for number in range(5_000)]
    words = in_words(5_379, many)
    assert words.startswith("5,379 open; s0 will hear of 1; ")
    assert words.endswith("; 4,980 more subscriptions")
    assert len(words) < 1_000
    assert in_words(1, many[:20]).endswith("s19 will hear of 1")
