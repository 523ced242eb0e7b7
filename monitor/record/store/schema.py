"""The tables. Migrations create them (monitor/record/store/migrations); a test compares the two.

Times are UTC. A text column of JSON is written and read by SQLAlchemy's JSON type.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from monitor.record.store.partial_indexes import only_where
from monitor.record.store.times import Moment

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


# SQLite counts rows up only for INTEGER keys; PostgreSQL gets the wide type.
_Id = BigInteger().with_variant(Integer, "sqlite")


meta = Table(
    "meta",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", Text, nullable=False),
)

sources = Table(
    "sources",
    metadata,
    Column("id", String, primary_key=True),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("marks_url", Text),  # the address that these two belong to
    # The page last believed, as long as reading it again would change nothing (monitor/intake/short_cuts.py):
    Column("body_sha256", String),  # of its stable content and of the code that read it
    Column("body_layout", LargeBinary),  # where its volatile parts were (monitor/formats/stable_content.py)
    Column("body_format", String),
    Column("body_subject", String),
    Column("outcome", String),
    Column("message", Text),
    Column("last_captured_at", Moment),  # when the newest believed capture was taken
    Column("last_polled_at", Moment),
    Column("next_poll_at", Moment),
    Column("failures", Integer, nullable=False, default=0),  # in a row
    Column("stale_copies", Integer, nullable=False, default=0),  # in a row
    Column("troubled_since", Moment),  # an incident is open
    Column("told", String),  # the notice type that operators had for the open incident
    Column("told_at", Moment),
    Column("stale_told_at", Moment),
    Column("lease_until", Moment),
    Column("lease_holder", String),
)

# What a source has shown: one row for each format and subject (a report, an agency) that it gave evidence of.
coverage = Table(
    "coverage",
    metadata,
    Column("source_id", String, primary_key=True),
    Column("format", String, primary_key=True),
    Column("subject", String, primary_key=True),  # empty for the export
    Column("first_captured_at", Moment, nullable=False),
    Column("last_captured_at", Moment, nullable=False),
    Column("seen", Integer, nullable=False),
    Column("stamp", Moment),  # the last believed copy's marks of age: its own "status as of",
    Column("modified_at", Moment),  # its Last-Modified,
    Column("served_at", Moment),  # and its Date less its Age
)

# Files of a drop folder that were read, so that each is read once.
drops = Table(
    "drops",
    metadata,
    Column("source_id", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("sha256", String, primary_key=True),
    Column("read_at", Moment, nullable=False),
    Column("outcome", String, nullable=False),
)

hosts = Table(
    "hosts",
    metadata,
    Column("host", String, primary_key=True),
    Column("next_allowed_at", Moment),
    Column("robots", Text),
    Column("robots_fetched_at", Moment),
    Column("refused_until", Moment),
    Column("refusals", Integer, nullable=False, default=0),
)

evidence = Table(
    "evidence",
    metadata,
    Column("sha256", String, primary_key=True),
    Column("size", BigInteger, nullable=False),  # bytes before compression
    Column("stored_size", BigInteger, nullable=False),
    Column("created_at", Moment, nullable=False, index=True),
    # zlib. The last column: SQLite goes through all of it to read one that comes after it, and has it in
    # memory to insert one before another.
    Column("body", LargeBinary, nullable=False),
)

captures = Table(
    "captures",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("source_id", String, nullable=False, index=True),
    Column("origin", Text, nullable=False),
    Column("format", String),
    Column("captured_at", Moment, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("sha256", String, nullable=False, index=True),
    Column("content_type", String),
    Column("headers", JSON, nullable=False),
    Column("outcome", String, nullable=False),
    Column("seen", Integer, nullable=False, default=0),
    Column("reason", Text),  # why it was held back
    Column("held", Boolean, nullable=False, default=False, index=True),
    Column("settled", String),  # released or discarded
)

recommendations = Table(
    "recommendations",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("key", String, nullable=False, unique=True),
    Column("product", String, index=True),
    Column("kind", String, nullable=False),
    Column("number", String),
    Column("agency", Text, nullable=False),
    Column("agency_folded", String, nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("title_hash", String, nullable=False, index=True),
    Column("text", Text, nullable=False),
    Column("url", Text),
    Column("status", String, nullable=False),
    Column("priority", Boolean, nullable=False),
    Column("narrative", Text, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("text_fingerprint", String, nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("present", Boolean, nullable=False),  # false: left, and nothing says why
    Column("first_seen_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),  # when what people read last changed
)

aliases = Table(
    "aliases",
    metadata,
    Column("key", String, primary_key=True),
    Column("recommendation_id", _Id, ForeignKey("recommendations.id"), nullable=False, index=True),
)

# Each source's own last reading of a recommendation, beside the state. What a source shows in different
# formats is read apart: a report's page in the export's drop folder may be newer or older than the export.
readings = Table(
    "readings",
    metadata,
    Column("source_id", String, primary_key=True),
    Column("format", String, primary_key=True),
    Column("recommendation_id", _Id, ForeignKey("recommendations.id"), primary_key=True, index=True),
    Column("fingerprint", String, nullable=False),
    Column("text_fingerprint", String, nullable=False),
    Column("status", String, nullable=False),
    Column("priority", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),  # the newest that this source has confirmed
    Column("read_at", Moment, nullable=False),  # when this reading was first made
    Column("misses", Integer, nullable=False, default=0),  # complete captures in a row without it
    Column("row_hash", LargeBinary),  # of the export's row as it came, where that is how it was read
)

revisions = Table(
    "revisions",
    metadata,
    Column("recommendation_id", _Id, ForeignKey("recommendations.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("source_id", String, nullable=False),
    Column("format", String, nullable=False),
    Column("capture_id", _Id, ForeignKey("captures.id")),
    Column("observed_at", Moment, nullable=False),
    Column("status", String, nullable=False),
    Column("priority", Boolean, nullable=False),
    Column("narrative", Text, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("present", Boolean, nullable=False, default=True),
)

events = Table(
    "events",
    metadata,
    Column("id", String, primary_key=True),
    Column("type", String, nullable=False),
    Column("source_id", String, nullable=False),
    Column("recommendation_id", _Id, ForeignKey("recommendations.id"), nullable=False),
    Column("capture_id", _Id, ForeignKey("captures.id"), index=True),
    Column("at", Moment, nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("old_revision", Integer),
    Column("new_revision", Integer),
    Column("changed", JSON, nullable=False),
    Column("subject", JSON, nullable=False),
    Column("silent", Boolean, nullable=False, default=False),  # imported: nobody is told
    Column("reminder", String),  # the promised date, or the day since when nothing changed: told once
    Column("reminder_text", Text),  # the words that the promise rests on
    Column("batch", String, index=True),  # reminders made together: the first one's id
    Index("ix_events_recommendation_id_revision", "recommendation_id", "revision"),
    UniqueConstraint("recommendation_id", "type", "revision", "reminder"),
)

# Computed once by the workers, stored with the event's messages, never recomputed.
descriptions = Table(
    "descriptions",
    metadata,
    Column("event_id", String, ForeignKey("events.id"), primary_key=True),
    Column("diff", JSON, nullable=False),
    Column("level", String, nullable=False),
    Column("signals", JSON, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("capture_id", _Id, ForeignKey("captures.id"), index=True),
    # A batch of reminders, which has no capture.
    Column("event_id", String, ForeignKey("events.id"), index=True),
    Column("created_at", Moment, nullable=False),
    Column("published_at", Moment, index=True),
    Column("attempts", Integer, nullable=False, default=0),
    Column("enqueued_until", Moment),
    Column("epoch", String),
)

# What the clock has read: one row for each recommendation, and one for each date promised in its narrative.
clocks = Table(
    "clocks",
    metadata,
    Column("recommendation_id", _Id, ForeignKey("recommendations.id"), primary_key=True),
    Column("revision", Integer, nullable=False),  # the newest that was read
    Column("still_since", Moment, index=True),  # when it was seen; null where it is closed or has left
    Column("reminded", Integer),  # the revision whose standstill was told or silently noted
)

promises = Table(
    "promises",
    metadata,
    Column("recommendation_id", _Id, ForeignKey("recommendations.id"), primary_key=True),
    Column("last_day", String, primary_key=True),  # 2024-05-31: the same date said otherwise is one promise
    Column("date", String, nullable=False),  # 2024-05, as signals write it
    Column("text", Text, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("settled", String),  # told, noted (it had passed when first seen)
    Index("ix_promises_settled_due_at", "settled", "due_at"),
)

notices = Table(
    "notices",
    metadata,
    Column("id", String, primary_key=True),
    Column("type", String, nullable=False),
    Column("at", Moment, nullable=False, index=True),
    Column("concerns", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("message", Text, nullable=False),
    Column("since", Moment, nullable=False),
    Column("published_at", Moment, index=True),
)

# A recommendation left a complete source: its report's page is asked what became of it.
lookups = Table(
    "lookups",
    metadata,
    Column("recommendation_id", _Id, ForeignKey("recommendations.id"), primary_key=True),
    Column("source_id", String, primary_key=True),
    Column("product", String),
    Column("url", Text),
    Column("left_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False, index=True),
    Column("attempts", Integer, nullable=False, default=0),
    Column("message", Text),
    Column("settled", String),  # closed, open, vanished, returned, expired
    Index("ix_lookups_source_id_settled", "source_id", "settled"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", String, primary_key=True),
    Column("subscription", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("recipient", String, nullable=False),  # an address; empty where the channel has one end
    Column("cause", String, nullable=False),  # instant, summary, digest, replay, test, notice
    Column("cause_ref", String, nullable=False),  # event, capture, slot, "n:event", notice
    Column("notice_id", String, ForeignKey("notices.id")),
    Column("parent_id", String, ForeignKey("messages.id")),  # a summary whose thread this is in
    Column("created_at", Moment, nullable=False),
    Column("state", String, nullable=False),  # waiting, sent, dead, cancelled
    Column("due_at", Moment, nullable=False),
    Column("host", String),  # what is paced and limited: a receiving host, a Slack channel
    Column("lease_until", Moment),
    Column("lease_holder", String),
    Column("enqueued_until", Moment),
    Column("epoch", String),
    Column("failures", Integer, nullable=False, default=0),  # steps of the retry schedule used
    Column(
        "blocked", Boolean, nullable=False, default=False
    ),  # set aside (workers/delivery/claiming/blocking.py)
    Column("lapses", Integer, nullable=False, default=0),  # leases that ran out
    Column("attempts", Integer, nullable=False, default=0),
    Column("uncertain", Boolean, nullable=False, default=False),  # an attempt's outcome is unknown
    Column("sent_at", Moment),
    Column("error", Text),
    Column("receipt", JSON),  # what the receiver gave: Slack's ts and channel
    UniqueConstraint("subscription", "recipient", "cause", "cause_ref"),
    # What needs a job; each receiver's next message; what is in flight; a receiver's, by what became of them.
    Index("ix_messages_marks", "state", "channel", "blocked", "enqueued_until", "due_at"),
    Index(
        "ix_messages_line",
        "state",
        "channel",
        "blocked",
        "host",
        "subscription",
        "due_at",
        "created_at",
        "id",
    ),
    Index("ix_messages_lease_until", "lease_until"),
    Index("ix_messages_receiver", "subscription", "recipient", "state", "sent_at"),
)

# What a message holds. A digest's items wait with message_id null until a slot takes them.
items = Table(
    "items",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("event_id", String, ForeignKey("events.id"), nullable=False),
    Column("subscription", String, nullable=False),
    Column("recipient", String, nullable=False),
    Column("cause_class", String, nullable=False),  # first, or "replay:n", "test:…"
    Column("recommendation_id", _Id, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("message_id", String, ForeignKey("messages.id"), index=True),
    Column("pending", Boolean, nullable=False, default=True),  # its message waits, or no slot has taken it
    UniqueConstraint("event_id", "subscription", "recipient", "cause_class"),
    # What goes out before an item: of a receiver's years with one recommendation, only what is on its way.
    Index("ix_items_order", "subscription", "recipient", "recommendation_id", "revision"),
)
only_where(items, "ix_items_order", sqlite="pending = 1", postgresql="pending")

attempts = Table(
    "attempts",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("message_id", String, ForeignKey("messages.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("seconds", Float),
    Column("outcome", String, nullable=False),  # sent, transient, permanent, throttled, unknown
    Column("detail", Text),
    Column("repeats", Integer, nullable=False, server_default="1"),  # attempts folded into this row,
    Column("since", Moment),  # and when the first of them was; null: `at`
)

digests = Table(
    "digests",
    metadata,
    Column("subscription", String, primary_key=True),
    Column("recipient", String, primary_key=True),
    Column("slot", String, primary_key=True),
    Column("message_id", String, ForeignKey("messages.id")),
    Column("made_at", Moment, nullable=False),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", String, primary_key=True),
    Column("first_seen_at", Moment, nullable=False),
    Column("paused_at", Moment),
    Column("reason", Text),
    # What it was when the configuration was last read: so that what it became can be told.
    Column("channel", String),
    Column("recipients", JSON),
    Column("receiver", String),  # a hash of where it goes
    Column("interest", String),  # a hash of what it matches
)

# What became of a recipient of a subscription: what waits for the one goes to the other.
handovers = Table(
    "handovers",
    metadata,
    Column("subscription", String, primary_key=True),
    Column("recipient", String, primary_key=True),
    Column("to_subscription", String, primary_key=True),
    Column("to_recipient", String, primary_key=True),
    Column("at", Moment, nullable=False),
)

# How each subscription's receiver fares at its host.
receivers = Table(
    "receivers",
    metadata,
    Column("name", String, primary_key=True),  # channel/host/subscription
    Column("host", String, nullable=False),
    Column("subscription", String, nullable=False),
    Column("turn_at", Moment),  # when a message to it was last claimed
    Column("timed_out_at", Moment),
    Column("answered_at", Moment),  # when it first answered
    Column("throttled_since", Moment),  # everything was throttled from then on
    Column("throttling_told_at", Moment),  # when operators heard of that
)

# Next free slot of whatever is paced: a Slack channel, a webhook host.
paces = Table(
    "paces",
    metadata,
    Column("name", String, primary_key=True),
    Column("next_at", Moment, nullable=False),
)
