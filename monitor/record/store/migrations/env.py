"""Alembic's entry: runs on the connection that monitor.record.store.upgrade hands over."""

from alembic import context

from monitor.record.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter most things in place
)
context.run_migrations()
