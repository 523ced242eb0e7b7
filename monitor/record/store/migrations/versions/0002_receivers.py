"""Receivers take turns at a host; what a subscription was is remembered; attempts are folded."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the tables and columns; a host's time-outs become its receivers' own."""
    op.create_table(
        "receivers",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("subscription", sa.String(), nullable=False),
        sa.Column("turn_at", sa.DateTime(), nullable=True),
        sa.Column("timed_out_at", sa.DateTime(), nullable=True),
        sa.Column("answered_at", sa.DateTime(), nullable=True),
        sa.Column("throttled_since", sa.DateTime(), nullable=True),
        sa.Column("throttling_told_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_receivers")),
    )
    op.create_table(
        "handovers",
        sa.Column("subscription", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("to_subscription", sa.String(), nullable=False),
        sa.Column("to_recipient", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint(
            "subscription", "recipient", "to_subscription", "to_recipient", name=op.f("pk_handovers")
        ),
    )
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("channel", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("recipients", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("receiver", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("interest", sa.String(), nullable=True))
    with op.batch_alter_table("paces", schema=None) as batch_op:
        batch_op.drop_column("timed_out_at")
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("repeats", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("since", sa.DateTime(), nullable=True))
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.drop_index("ix_messages_line")
        batch_op.create_index(
            "ix_messages_line",
            ["state", "channel", "blocked", "host", "subscription", "due_at", "created_at", "id"],
            unique=False,
        )
